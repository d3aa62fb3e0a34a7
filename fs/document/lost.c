/* What a store that cannot be written would say had the ends of lost helpers been recorded. */
#include "core/store/query.h"
#include "fs/document/document.h"

static bool is_in(struct txn *txn, const struct attempt_record *a, struct scope scope)
{
	struct scope group;

	return scope.code == SCOPE_EXECUTION || (attempt_group(txn, a, scope.code, &group) && scope_equal(group, scope));
}

static bool scope_tally(struct txn *txn, struct scope scope, struct tally *ret)
{
	struct execution e;
	struct group g;

	if (scope.code == SCOPE_EXECUTION) {
		if (!execution_get(txn, scope.event, &e))
			return false;
		*ret = e.runs;
		return true;
	}
	if (!group_get(txn, scope, &g))
		return false;
	*ret = g.runs;
	return true;
}

bool lost_tally(struct txn *txn, event_t execution, struct scope scope, struct tally *ret)
{
	struct attempt_record a;
	event_t attempt = 0;

	if (!scope_tally(txn, scope, ret))
		return false;
	while (attempt_next_running(txn, execution, attempt, &attempt)) {
		if (!attempt_is_lost(txn, attempt) || !attempt_get(txn, attempt, &a) || a.next || !is_in(txn, &a, scope))
			continue;
		ret->of[STATE_RUNNING]--;
		ret->of[STATE_KILLED]++;
	}
	return true;
}
