#include "core/store/series_chunk.h"

#include "core/store/index.h"

struct key series_key(const struct series_id *id)
{
	return key_series(id->scope, id->subset, id->name);
}

struct key chunk_key(const struct series_id *id, event_t last)
{
	struct key key = series_key(id);

	event_to_key(last, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return key;
}

bool chunk_here(const struct cursor *c, const struct series_id *id, struct chunk *ret)
{
	struct key key = series_key(id);
	struct reader r;

	if (!cursor_in(c, key_bytes(&key)))
		return false;
	r = reader_of(c->value);
	ret->last = event_of_key(c->key.data + key.len);
	ret->first = ret->last - get_varint(&r);
	ret->count = (uint32_t)get_varint(&r);
	ret->sums.count = get_varint(&r);
	ret->sums.json_bytes = get_varint(&r);
	ret->sums.csv_bytes = get_varint(&r);
	return !r.bad;
}

bool chunk_seek(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret)
{
	struct key key = chunk_key(id, event);

	return cursor_seek(c, key_bytes(&key)) && chunk_here(c, id, ret);
}

bool chunk_before(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret)
{
	struct key key = chunk_key(id, event - 1);

	return event > 0 && cursor_seek_last(c, key_bytes(&key)) && chunk_here(c, id, ret);
}

/* An entry stands at its chunk's last event. */
void chunk_write(struct txn *txn, const struct series_id *id, const struct chunk *chunk)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key key = chunk_key(id, chunk->last);

	buf_clear(b);
	put_varint(b, chunk->last - chunk->first);
	put_varint(b, chunk->count);
	put_varint(b, chunk->sums.count);
	put_varint(b, chunk->sums.json_bytes);
	put_varint(b, chunk->sums.csv_bytes);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_CHUNKS, key_bytes(&key), buf_bytes(b));
}

bool columns_table(struct txn *txn, const struct series_id *id, struct reader *ret)
{
	struct key key = series_key(id);
	struct bytes value;

	if (!kv_get(txn, TABLE_COLUMNS, key_bytes(&key), &value))
		return false;
	*ret = reader_of(value);
	return true;
}

bool columns_table_next(struct reader *r, struct column *ret)
{
	if (r->at == r->end)
		return false;
	ret->tag = (uint32_t)get_varint(r);
	ret->since = get_varint(r);
	return !r->bad;
}

void columns_table_write(struct txn *txn, const struct series_id *id, const struct column *columns, unsigned n)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key key = series_key(id);

	buf_clear(b);
	for (unsigned i = 0; i < n; i++) {
		put_varint(b, columns[i].tag);
		put_varint(b, columns[i].since);
	}
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_COLUMNS, key_bytes(&key), buf_bytes(b));
}
