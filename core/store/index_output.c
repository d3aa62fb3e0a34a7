/* Outputs of an attempt: in the order first set, each with every event that set it, and by the name of its file. */
#include "core/base/names.h"
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/history.h"
#include "core/store/index.h"
#include "core/store/query.h"

/* Where an output is among its attempt's: the event that set it first. */
static event_t place_of(struct txn *txn, event_t attempt, struct bytes name, event_t number)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key here = key_event(attempt), place = key_event(number);
	struct bytes value;

	buf_clear(b);
	buf_add_bytes(b, key_bytes(&here));
	name_encode(b, name, NULL, NAME_ENTRY_MAX);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	if (kv_get(txn, TABLE_OUTPUT_NAMES, buf_bytes(b), &value))
		return event_of_key(value.data);
	kv_put(txn, TABLE_OUTPUT_NAMES, buf_bytes(b), key_bytes(&place));
	return number;
}

static void note_change(struct txn *txn, const struct attempt_scopes *scopes, event_t number)
{
	struct execution *e;

	attempt_edit(txn, scopes->attempt)->last_output = number;
	if (!scopes->shown)
		return;
	for (unsigned i = 0; i < scopes->n_groups; i++)
		group_edit(txn, scopes->groups[i])->last_output = number;
	e = execution_edit(txn, scopes->execution);
	e->last_output = e->last_event = number;
}

void apply_output(struct txn *txn, event_t number, const struct event *event)
{
	const struct attempt_scopes *scopes = index_scopes(txn, event->about);
	event_t place = place_of(txn, event->about, event->output.name, number), former;
	struct key key = key_events(event->about, place);

	event_to_key(number, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	former = output_value(txn, event->about, place, number);
	kv_put(txn, TABLE_OUTPUTS, key_bytes(&key), BYTES_LITERAL(""));
	note_change(txn, scopes, number);
	if (scopes->shown)
		history_set(txn, number, event, former);
}
