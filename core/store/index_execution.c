/* Executions: by id, in the order of their first event, and the few events that are about the execution itself. */
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/query.h"

enum state execution_state(const struct execution *e)
{
	if (e->closed)
		return e->given != STATE_NONE ? e->given : tally_worst(&e->runs);
	return e->begun ? STATE_RUNNING : tally_state(&e->runs);
}

static void own_event(struct txn *txn, event_t execution, event_t number)
{
	struct key key = key_events(execution, number);

	kv_put(txn, TABLE_EXECUTION_EVENTS, key_bytes(&key), BYTES_LITERAL(""));
}

/* The first execution of a flow is the flow's number. */
static event_t flow_of(struct txn *txn, const struct event *event, event_t number)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key key = key_event(number);
	struct bytes value;

	buf_clear(b);
	buf_add_bytes(b, event->execution.namespace);
	buf_add_char(b, '/');
	buf_add_bytes(b, event->execution.flow);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	if (kv_get(txn, TABLE_FLOWS, buf_bytes(b), &value))
		return event_of_key(value.data);
	kv_put(txn, TABLE_FLOWS, buf_bytes(b), key_bytes(&key));
	return number;
}

void execution_moved(struct txn *txn, event_t execution, event_t number)
{
	struct execution *e = execution_edit(txn, execution);
	enum state state = execution_state(e);

	index_state(txn, scope_of(SCOPE_EXECUTION, execution), number, state);
	if (state == e->shown)
		return;
	collections_move(txn, execution, number, state);
	execution_edit(txn, execution)->shown = state;
}

void apply_execution(struct txn *txn, event_t number, const struct event *event)
{
	struct key key = key_event(number);
	struct execution *e = execution_edit(txn, number);

	e->begun = event->execution.begun;
	e->last_event = number;
	e->flow = flow_of(txn, event, number);
	kv_put(txn, TABLE_EXECUTION_IDS, event->execution.id, key_bytes(&key));
	own_event(txn, number, number);
	collections_add(txn, number, event);
	if (execution_edit(txn, number)->begun)
		execution_moved(txn, number, number);
}

void apply_labels(struct txn *txn, event_t number, const struct event *event)
{
	execution_edit(txn, event->about)->last_event = number;
	own_event(txn, event->about, number);
}

void apply_execution_end(struct txn *txn, event_t number, const struct event *event)
{
	struct execution *e = execution_edit(txn, event->about);

	e->closed = true;
	if (event->execution_end.state != STATE_NONE)
		e->given = event->execution_end.state;
	e->last_event = number;
	own_event(txn, event->about, number);
	execution_moved(txn, event->about, number);
}
