/*
 * The log: numbers that only grow. The number of the next event is kept apart from the events, so that forgetting the newest ones does not give their
 * numbers out again.
 */
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"

#include <errno.h>

#define KEY_NEXT BYTES_LITERAL("next")

event_t log_append(struct txn *txn, const struct event *event)
{
	struct recording *recording = recording_of(txn);
	struct buf *b = &recording->event;
	struct bytes value;
	struct reader r;
	struct key key;

	if (!recording->next && kv_get(txn, TABLE_META, KEY_NEXT, &value)) {
		r = reader_of(value);
		recording->next = get_varint(&r);
	}
	if (!recording->next)
		recording->next = 1;
	if (recording->next > EVENT_MAX)
		txn_fail(txn, -EOVERFLOW);
	buf_clear(b);
	event_encode(b, event);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	key = key_event(recording->next);
	kv_append(txn, TABLE_EVENTS, key_bytes(&key), buf_bytes(b));
	return recording->next++;
}

void log_finish(struct txn *txn)
{
	autobuf struct buf b = BUF_INIT;

	if (!txn->recording || !txn->recording->next)
		return;
	put_varint(&b, txn->recording->next);
	kv_put(txn, TABLE_META, KEY_NEXT, buf_bytes(&b));
}

static bool decode(struct txn *txn, struct bytes bytes, struct event *ret_event)
{
	if (event_decode(bytes, ret_event))
		return true;
	txn_fail(txn, -EUCLEAN);
	return false;
}

bool log_read(struct txn *txn, event_t number, struct event *ret_event)
{
	struct key key = key_event(number);
	struct bytes value;

	return kv_get(txn, TABLE_EVENTS, key_bytes(&key), &value) && decode(txn, value, ret_event);
}

static bool log_here(const struct cursor *c, event_t *ret_number, struct event *ret_event)
{
	*ret_number = event_of_key(c->key.data);
	return decode(c->txn, c->value, ret_event);
}

bool log_seek(struct cursor *c, event_t number, event_t *ret_number, struct event *ret_event)
{
	struct key key = key_event(number);

	return cursor_seek(c, key_bytes(&key)) && log_here(c, ret_number, ret_event);
}

bool log_next(struct cursor *c, event_t *ret_number, struct event *ret_event)
{
	return cursor_next(c) && log_here(c, ret_number, ret_event);
}
