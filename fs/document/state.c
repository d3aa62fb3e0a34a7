/* `state`: one word. Its version is the event that changed it. */
#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static int write_state(struct sink *sink, enum state state)
{
	sink_add_text(sink, state_name(state));
	sink_add_text(sink, "\n");
	return 0;
}

static enum state lost_state(struct txn *txn, event_t execution, struct scope scope)
{
	struct execution e = {0};
	struct tally runs = {0};

	lost_tally(txn, execution, scope, &runs);
	if (scope.code != SCOPE_EXECUTION || !execution_get(txn, execution, &e))
		return tally_state(&runs);
	e.runs = runs;
	return execution_state(&e);
}

static int render_scope(struct document *d, unsigned code, struct sink *sink)
{
	struct scope scope;
	enum state state = STATE_RUNNING;
	event_t since, execution;
	int r = version_scope(d->txn, code, d->node.event, &scope);

	if (!r)
		r = version_execution(d->txn, d->node.event, &execution);
	if (r < 0)
		return r;
	if (document_shows_lost(d->node))
		state = lost_state(d->txn, execution, scope);
	else
		state_at(d->txn, scope, d->node.event, &since, &state);
	return write_state(sink, state);
}

int render_execution_state(struct document *d, struct sink *sink)
{
	return render_scope(d, SCOPE_EXECUTION, sink);
}

int render_group_state(struct document *d, struct sink *sink)
{
	return render_scope(d, SCOPE_GROUP + document_detail(d->node), sink);
}

int render_attempt_state(struct document *d, struct sink *sink)
{
	struct event event;
	enum state state = document_shows_lost(d->node) ? STATE_KILLED : STATE_RUNNING;

	if (!log_read(d->txn, d->node.event, &event))
		return txn_error(d->txn) ? txn_error(d->txn) : -ESTALE;
	return write_state(sink, event.type == EVENT_ATTEMPT_END ? event.attempt_end.state : state);
}
