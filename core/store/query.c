#include "core/store/query.h"

#include "core/store/alive.h"
#include "core/store/codec.h"
#include "core/store/env.h"

#include <errno.h>
#include <stdlib.h>

bool execution_find(struct txn *txn, struct bytes id, event_t *ret_id)
{
	struct bytes value;

	if (!id.len || id.len > KEY_MOST || !kv_get(txn, TABLE_EXECUTION_IDS, id, &value))
		return false;
	*ret_id = event_of_key(value.data);
	return true;
}

uint64_t execution_count(struct txn *txn)
{
	return kv_count(txn, TABLE_EXECUTIONS);
}

bool execution_next(struct txn *txn, event_t from, event_t *ret_id)
{
	autocursor struct cursor c = {0};
	struct key key = key_event(from + 1);

	cursor_init(&c, txn, TABLE_EXECUTIONS);
	if (!cursor_seek(&c, key_bytes(&key)))
		return false;
	*ret_id = event_of_key(c.key.data);
	return true;
}

event_t event_attempt(event_t number, const struct event *event)
{
	switch (event->type) {
	case EVENT_ATTEMPT:
		return number;
	case EVENT_OUTPUT:
	case EVENT_POINT:
	case EVENT_LOG:
	case EVENT_WARNING:
	case EVENT_ATTEMPT_END:
	case EVENT_SHRUNK:
		return event->about;
	default:
		return 0;
	}
}

event_t event_execution(struct txn *txn, event_t number, const struct event *event)
{
	event_t attempt = event_attempt(number, event);
	struct attempt_record a;

	if (event->type == EVENT_EXECUTION)
		return number;
	if (!attempt)
		return event->about;
	return attempt_get(txn, attempt, &a) ? a.execution : 0;
}

bool attempt_group(struct txn *txn, const struct attempt_record *a, unsigned code, struct scope *ret)
{
	struct group g;

	*ret = scope_group(a->group_event, a->depth);
	while (ret->code > code && group_get(txn, *ret, &g))
		*ret = g.parent;
	return ret->code == code;
}

bool group_next(struct txn *txn, struct scope parent, event_t from, struct scope *ret_group)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope_event(parent, from + 1);

	cursor_init(&c, txn, TABLE_GROUP_ORDER);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, SCOPE_KEY_LEN)))
		return false;
	*ret_group = scope_of_key(c.value.data);
	return true;
}

bool run_next(struct txn *txn, event_t execution, event_t from, event_t *ret_id, struct run *ret)
{
	autocursor struct cursor c = {0};
	struct key key = key_events(execution, from + 1);

	cursor_init(&c, txn, TABLE_RUNS);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, EVENT_KEY_LEN)))
		return false;
	*ret_id = event_of_key(c.key.data + EVENT_KEY_LEN);
	return run_get(txn, execution, *ret_id, ret);
}

event_t run_attempt_at(struct txn *txn, const struct run *run, event_t version, struct attempt_record *ret)
{
	event_t id = run->attempt;

	while (attempt_get(txn, id, ret) && id > version && ret->previous)
		id = ret->previous;
	return id;
}

bool attempt_numbered(struct txn *txn, event_t from, unsigned number, event_t *ret_id, struct attempt_record *ret)
{
	event_t id = from;

	while (id && attempt_get(txn, id, ret)) {
		if (ret->number == number) {
			*ret_id = id;
			return true;
		}
		id = ret->number < number ? ret->next : ret->previous;
	}
	return false;
}

bool attempt_next_running(struct txn *txn, event_t execution, event_t from, event_t *ret_attempt)
{
	autocursor struct cursor c = {0};
	struct key key = key_events(execution, from + 1);

	cursor_init(&c, txn, TABLE_RUNNING);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, EVENT_KEY_LEN)))
		return false;
	*ret_attempt = event_of_key(c.key.data + EVENT_KEY_LEN);
	return true;
}

bool attempt_is_lost(struct txn *txn, event_t attempt)
{
	return !alive_held(txn->store->alive_test, attempt);
}

unsigned attempts_lost(struct txn *txn, event_t execution)
{
	event_t attempt = 0;
	unsigned lost = 0;

	while (attempt_next_running(txn, execution, attempt, &attempt))
		lost += attempt_is_lost(txn, attempt);
	return lost;
}

/* Outputs: rows are (attempt, place, event), so the value as of a version is the last row of a place that is not later. */

static struct key output_key(event_t attempt, event_t place, event_t event)
{
	struct key key = key_events(attempt, place);

	event_to_key(event, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return key;
}

static bool output_at(struct cursor *c, event_t attempt, event_t place, event_t version, event_t *ret_event)
{
	struct key key = output_key(attempt, place, version);

	if (!cursor_seek_last(c, key_bytes(&key)) || !cursor_in(c, bytes_make(key.at, 2 * EVENT_KEY_LEN)))
		return false;
	*ret_event = event_of_key(c->key.data + 2 * EVENT_KEY_LEN);
	return true;
}

bool output_next(struct txn *txn, event_t attempt, event_t from, event_t version, event_t *ret_place, event_t *ret_event)
{
	autocursor struct cursor c = {0};
	struct key key = output_key(attempt, from + 1, 0);

	cursor_init(&c, txn, TABLE_OUTPUTS);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, EVENT_KEY_LEN)))
		return false;
	*ret_place = event_of_key(c.key.data + EVENT_KEY_LEN);
	/* places are events too: the first one beyond the version ends the list */
	return *ret_place <= version && output_at(&c, attempt, *ret_place, version, ret_event);
}

event_t output_value(struct txn *txn, event_t attempt, event_t place, event_t version)
{
	autocursor struct cursor c = {0};
	event_t event;

	cursor_init(&c, txn, TABLE_OUTPUTS);
	return output_at(&c, attempt, place, version, &event) ? event : 0;
}

bool output_place(struct txn *txn, event_t attempt, struct bytes entry, event_t *ret_place)
{
	autobuf struct buf b = BUF_INIT;
	struct key key = key_event(attempt);
	struct bytes value;

	buf_add_bytes(&b, key_bytes(&key));
	buf_add_bytes(&b, entry);
	if (buf_error(&b))
		txn_fail(txn, buf_error(&b));
	if (b.len > KEY_MOST || !kv_get(txn, TABLE_OUTPUT_NAMES, buf_bytes(&b), &value))
		return false;
	*ret_place = event_of_key(value.data);
	return true;
}

bool output_find(struct txn *txn, event_t attempt, struct bytes entry, event_t *ret_event)
{
	autocursor struct cursor c = {0};
	event_t place;

	if (!output_place(txn, attempt, entry, &place))
		return false;
	cursor_init(&c, txn, TABLE_OUTPUTS);
	return output_at(&c, attempt, place, EVENT_MAX, ret_event);
}

/* Labels */

struct label_list {
	struct label *at;
	size_t n, size;
	bool failed;
};

static void set_label(struct label_list *labels, struct bytes key, struct bytes value)
{
	struct label *larger;

	for (size_t i = 0; i < labels->n; i++)
		if (bytes_equal(labels->at[i].key, key)) {
			labels->at[i].value = value;
			return;
		}
	if (labels->n == labels->size) {
		larger = realloc(labels->at, (labels->size ? labels->size * 2 : 8) * sizeof(*larger));
		if (!larger) {
			labels->failed = true;
			return;
		}
		labels->at = larger;
		labels->size = labels->size ? labels->size * 2 : 8;
	}
	labels->at[labels->n++] = (struct label){key, value};
}

static void set_labels(struct label_list *labels, struct list list)
{
	struct bytes key, value;

	while (list_next(&list, &key) && list_next(&list, &value))
		set_label(labels, key, value);
}

void execution_labels(struct txn *txn, event_t execution, event_t version,
		      void (*visit)(void *context, struct bytes key, struct bytes value), void *context)
{
	autocursor struct cursor c = {0};
	struct key key = key_event(execution);
	struct label_list labels = {0};
	struct event event;

	cursor_init(&c, txn, TABLE_EXECUTION_EVENTS);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more && cursor_in(&c, key_bytes(&key)); more = cursor_next(&c)) {
		event_t number = event_of_key(c.key.data + EVENT_KEY_LEN);

		if (number > version || !log_read(txn, number, &event))
			break;
		if (event.type == EVENT_EXECUTION)
			set_labels(&labels, event.execution.labels);
		else if (event.type == EVENT_LABELS)
			set_labels(&labels, event.labels.list);
	}
	for (size_t i = 0; i < labels.n; i++)
		visit(context, labels.at[i].key, labels.at[i].value);
	if (labels.failed)
		txn_fail(txn, -ENOMEM);
	free(labels.at);
}
