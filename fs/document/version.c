/* From a version back to what it is a version of. */
#include "core/store/collection.h"
#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static int stale(struct txn *txn)
{
	return txn_error(txn) ? txn_error(txn) : -ESTALE;
}

int version_execution(struct txn *txn, event_t version, event_t *ret)
{
	struct event event;

	if (!log_read(txn, version, &event))
		return stale(txn);
	*ret = event_execution(txn, version, &event);
	return *ret ? 0 : stale(txn);
}

int version_attempt(struct txn *txn, event_t version, event_t *ret)
{
	struct event event;

	if (!log_read(txn, version, &event))
		return stale(txn);
	*ret = event_attempt(version, &event);
	return *ret ? 0 : stale(txn);
}

static int group_of(struct txn *txn, event_t attempt, unsigned code, struct scope *ret)
{
	struct attempt_record a;

	return attempt_get(txn, attempt, &a) && attempt_group(txn, &a, code, ret) ? 0 : stale(txn);
}

int version_scope(struct txn *txn, unsigned code, event_t version, struct scope *ret)
{
	struct execution e;
	struct event event;
	event_t execution;

	*ret = scope_of(code, 0);
	if (code == SCOPE_ROOT || (code >= SCOPE_NAMESPACE && !version)) /* a namespace that has no execution yet */
		return 0;
	if (!log_read(txn, version, &event))
		return stale(txn);
	if (event.type == EVENT_SHRUNK && event.shrunk.scope.code == code) {
		*ret = event.shrunk.scope;
		return 0;
	}
	if (code == SCOPE_ATTEMPT || scope_is_group(*ret)) {
		ret->event = event_attempt(version, &event);
		if (!ret->event)
			return stale(txn);
		return code == SCOPE_ATTEMPT ? 0 : group_of(txn, ret->event, code, ret);
	}
	execution = event_execution(txn, version, &event);
	if (!execution || !execution_get(txn, execution, &e))
		return stale(txn);
	if (code >= SCOPE_NAMESPACE)
		return namespace_of(txn, execution, code - SCOPE_NAMESPACE, ret) ? 0 : stale(txn);
	ret->event = code == SCOPE_FLOW ? e.flow : execution;
	return 0;
}
