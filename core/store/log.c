/*
 * The log: numbers that only grow. The number of the next event is kept apart from the events, so that forgetting the
 * newest ones does not give their numbers out again.
 */
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"

#include <errno.h>
#include <sys/mman.h>

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
	if (buf_error(&b))
		txn_fail(txn, buf_error(&b));
	kv_put(txn, TABLE_META, KEY_NEXT, buf_bytes(&b));
}

/*
 * A look-up needs a page here and there, so the kernel is told not to read others along (store.c). Who walks the log is
 * told by its pages, which come in a row: those that follow are asked for ahead, the more the longer the walk.
 */
#define PAGE ((uintptr_t)4096)
#define NEAR (16 * PAGE)
#define WALK_LEAST 3	/* pages */
#define AHEAD_A_PAGE 16 /* pages for each walked */
#define AHEAD_MOST (256 * PAGE)
#define LARGEST_PAGE ((uintptr_t)64 << 10) /* of any kernel: what is asked for begins at a multiple */

static void read_ahead(struct txn *txn, const char *data)
{
	uintptr_t page = (uintptr_t)data & ~(PAGE - 1), ahead;

	if (page == txn->log_page)
		return;
	txn->log_walk = page > txn->log_page && page - txn->log_page <= NEAR ? txn->log_walk + 1 : 0;
	txn->log_page = page;
	ahead = txn->log_walk * AHEAD_A_PAGE * PAGE;
	ahead = ahead < AHEAD_MOST ? ahead : AHEAD_MOST;
	if (txn->log_walk < WALK_LEAST || (page < txn->log_ahead && txn->log_ahead - page > ahead / 2))
		return;
	txn->log_ahead = page + ahead;
	madvise((void *)(page & ~(LARGEST_PAGE - 1)), ahead, MADV_WILLNEED);
}

static bool decode(struct txn *txn, struct bytes bytes, struct event *ret_event)
{
	if (!txn->writable)
		read_ahead(txn, bytes.data);
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
