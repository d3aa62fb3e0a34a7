/*
 * Reading collections. Rows by time are (scope, outcome, start, execution), so the last of an outcome is one step to the
 * end of its range, and a walk goes on from any execution: its event tells when it started.
 */
#include "core/store/collection.h"

#include "core/store/codec.h"
#include "core/store/query.h"

#include <errno.h>

enum outcome outcome_of(enum state state)
{
	static const enum outcome outcomes[STATES] = {
		[STATE_SUCCESS] = OUTCOME_SUCCESS,
		[STATE_WARNING] = OUTCOME_SUCCESS,
		[STATE_FAILED] = OUTCOME_FAILURE,
		[STATE_KILLED] = OUTCOME_FAILURE,
	};

	return outcomes[state];
}

/* The event that showed an execution first. */
static bool execution_read(struct txn *txn, event_t execution, struct event *ret)
{
	return log_read(txn, execution, ret) && ret->type == EVENT_EXECUTION;
}

usec_t execution_start(struct txn *txn, event_t execution)
{
	struct event event;

	return execution_read(txn, execution, &event) ? event.time : 0;
}

/* Namespaces */

bool namespace_cut(struct bytes name, unsigned dots, struct bytes *ret)
{
	unsigned seen = 0;

	for (size_t at = 0; at < name.len && seen < NAMESPACE_DOTS_MOST; at++)
		if (name.data[at] == '.' && seen++ == dots) {
			*ret = bytes_make(name.data, at);
			return true;
		}
	*ret = name;
	return seen == dots;
}

bool namespace_find(struct txn *txn, struct bytes name, struct scope *ret)
{
	struct bytes value;

	if (!name.len || name.len > KEY_MOST || !kv_get(txn, TABLE_NAMESPACES, name, &value))
		return false;
	*ret = scope_of_key(value.data);
	return true;
}

bool namespace_of(struct txn *txn, event_t execution, unsigned dots, struct scope *ret)
{
	struct event event;
	struct bytes name;

	return execution_read(txn, execution, &event) && namespace_cut(event.execution.namespace, dots, &name) &&
	       namespace_find(txn, name, ret);
}

struct bytes namespace_text(struct txn *txn, struct scope namespace)
{
	struct bytes name = {0};
	struct event event;

	if (execution_read(txn, namespace.event, &event))
		namespace_cut(event.execution.namespace, namespace.code - SCOPE_NAMESPACE, &name);
	return name;
}

bool namespace_next(struct txn *txn, event_t from, event_t *ret_place, struct scope *ret)
{
	autocursor struct cursor c = {0};
	struct key key = key_event(from + 1);

	cursor_init(&c, txn, TABLE_NAMESPACE_ORDER);
	if (!cursor_seek(&c, key_bytes(&key)))
		return false;
	*ret_place = event_of_key(c.key.data);
	*ret = scope_of_key(c.value.data);
	return true;
}

/* Flows and members: rows (scope, event) */

static bool next_in(struct txn *txn, enum table table, struct scope scope, event_t from, event_t *ret)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope_event(scope, from + 1);

	cursor_init(&c, txn, table);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, SCOPE_KEY_LEN)))
		return false;
	*ret = event_of_key(c.key.data + SCOPE_KEY_LEN);
	return true;
}

bool flow_next(struct txn *txn, struct scope namespace, event_t from, event_t *ret_flow)
{
	return next_in(txn, TABLE_FLOW_ORDER, namespace, from, ret_flow);
}

bool flow_find(struct txn *txn, struct scope namespace, struct bytes id, event_t *ret_flow)
{
	autobuf struct buf name = BUF_INIT;
	struct bytes value;

	buf_add_bytes(&name, namespace_text(txn, namespace));
	buf_add_char(&name, '/');
	buf_add_bytes(&name, id);
	if (buf_error(&name))
		txn_fail(txn, buf_error(&name));
	if (name.len > KEY_MOST || !kv_get(txn, TABLE_FLOWS, buf_bytes(&name), &value))
		return false;
	*ret_flow = event_of_key(value.data);
	return true;
}

bool member_is(struct txn *txn, struct scope scope, event_t execution)
{
	struct key key = key_scope_event(scope, execution);
	struct execution e;
	struct bytes value;

	if (scope.code == SCOPE_ROOT)
		return execution_get(txn, execution, &e);
	return kv_get(txn, TABLE_MEMBERS, key_bytes(&key), &value);
}

bool member_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_execution)
{
	if (scope.code == SCOPE_ROOT)
		return execution_next(txn, from, ret_execution);
	return next_in(txn, TABLE_MEMBERS, scope, from, ret_execution);
}

uint64_t member_count(struct txn *txn, struct scope scope)
{
	struct collection c;
	uint64_t n = 0;

	if (scope.code == SCOPE_ROOT)
		return execution_count(txn);
	collection_get(txn, scope, &c);
	for (int state = STATE_RUNNING; state < STATES; state++)
		n += c.executions.of[state];
	return n;
}

/* By time */

/* Biased, so that times before 1970 come first. */
struct key key_by_time(struct scope scope, enum outcome outcome, usec_t start, event_t execution)
{
	struct key key = key_scope(scope);
	uint64_t biased = (uint64_t)start ^ (UINT64_C(1) << 63);

	key.at[key.len++] = (unsigned char)outcome;
	put_u32_key((uint32_t)(biased >> 32), key.at + key.len);
	put_u32_key((uint32_t)biased, key.at + key.len + 4);
	event_to_key(execution, key.at + key.len + 8);
	key.len += 8 + EVENT_KEY_LEN;
	return key;
}

/* Whether the cursor is at a row of that scope and outcome, and whose. */
static bool by_time_row(const struct cursor *c, const struct key *key, event_t *ret_execution)
{
	if (!cursor_in(c, bytes_make(key->at, SCOPE_KEY_LEN + 1)))
		return false;
	*ret_execution = event_of_key(c->key.data + key->len - EVENT_KEY_LEN);
	return true;
}

bool started_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_execution)
{
	autocursor struct cursor c = {0};
	struct event event = {.time = INT64_MIN};
	struct key key;

	if (from && !execution_read(txn, from, &event))
		return false;
	key = key_by_time(scope, OUTCOME_ANY, event.time, from + 1);
	cursor_init(&c, txn, TABLE_BY_TIME);
	return cursor_seek(&c, key_bytes(&key)) && by_time_row(&c, &key, ret_execution);
}

bool latest_find(struct txn *txn, struct scope scope, enum outcome outcome, event_t *ret_execution)
{
	autocursor struct cursor c = {0};
	struct key key = key_by_time(scope, outcome, INT64_MAX, EVENT_MAX);

	cursor_init(&c, txn, TABLE_BY_TIME);
	return cursor_seek_last(&c, key_bytes(&key)) && by_time_row(&c, &key, ret_execution);
}

/* States */

bool collection_tally(struct txn *txn, struct scope scope, event_t version, struct tally *ret)
{
	struct collection c;
	event_t execution = 0, since;
	enum state state;

	*ret = (struct tally){0};
	if (!collection_get(txn, scope, &c))
		return false;
	if (c.last_event <= version) {
		*ret = c.executions;
		return true;
	}
	while (member_next(txn, scope, execution, &execution) && execution <= version)
		if (state_at(txn, scope_of(SCOPE_EXECUTION, execution), version, &since, &state))
			ret->of[state]++;
	return true;
}

bool lost_find(struct txn *txn, event_t *ret_execution)
{
	autocursor struct cursor c = {0};
	struct key key = key_events(0, 1); /* past the row that keeps the table from ever being empty */

	cursor_init(&c, txn, TABLE_RUNNING);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more; more = cursor_next(&c)) {
		*ret_execution = event_of_key(c.key.data);
		if (attempt_is_lost(txn, event_of_key(c.key.data + EVENT_KEY_LEN)))
			return true;
	}
	return false;
}
