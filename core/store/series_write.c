/* How a series grows and, when an attempt is superseded, shrinks. */
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series.h"

void totals_add(struct totals totals[METRIC_TYPES], unsigned *n, enum metric_type type, usec_t timestamp, double value)
{
	unsigned i = 0;
	struct totals *t;

	while (i < *n && totals[i].type != type)
		i++;
	t = &totals[i];
	if (i == *n) {
		*t = (struct totals){.type = type, .min = value, .max = value, .first = timestamp, .latest = timestamp};
		++*n;
	}
	t->count++;
	t->sum += value;
	t->last = value;
	t->min = value < t->min ? value : t->min;
	t->max = value > t->max ? value : t->max;
	t->first = timestamp < t->first ? timestamp : t->first;
	t->latest = timestamp > t->latest ? timestamp : t->latest;
}

static struct key chunk_key(struct scope scope, uint32_t tag, uint32_t name, event_t last)
{
	struct key key = key_series(scope, tag, name);

	event_to_key(last, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return key;
}

/* A chunk's entry stands at its last event: how far back it begins, how many points it has, bytes of the series up to its end. */
static void write_chunk(struct txn *txn, struct key key, uint64_t reach, uint32_t count, uint64_t bytes)
{
	struct buf *b = &recording_of(txn)->scratch;

	buf_clear(b);
	put_varint(b, reach);
	put_varint(b, count);
	put_varint(b, bytes);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_CHUNKS, key_bytes(&key), buf_bytes(b));
}

static void close_chunk(struct txn *txn, struct series *s, struct scope scope, uint32_t tag, uint32_t name)
{
	if (s->chunk_count)
		write_chunk(txn, chunk_key(scope, tag, name, s->chunk_last), s->chunk_last - s->chunk_first, s->chunk_count, s->bytes);
	s->chunk_count = 0;
}

static bool chunk_is_full(const struct series *s, event_t number)
{
	return s->chunk_count >= CHUNK_POINTS ||
	       number - s->chunk_first > CHUNK_EVENTS_SPARE + (uint64_t)s->chunk_count * CHUNK_EVENTS_PER_POINT;
}

static void begin_series(struct txn *txn, struct series *s, struct scope scope, uint32_t tag, uint32_t name, event_t number)
{
	struct key key = key_scope(scope);
	unsigned char value[4];

	put_u32_key(tag, key.at + key.len);
	key.len += 4;
	event_to_key(number, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	put_u32_key(name, value);
	kv_put(txn, TABLE_SERIES_ORDER, key_bytes(&key), bytes_make(value, sizeof(value)));
	s->first = number;
}

void series_add(struct txn *txn, struct scope scope, uint32_t tag, uint32_t name, const struct series_point *point)
{
	struct key key = key_series(scope, tag, name);
	struct series *s = record_edit(txn, TABLE_SERIES, key_bytes(&key));

	if (!s->first)
		begin_series(txn, s, scope, tag, name, point->number);
	if (s->chunk_count && chunk_is_full(s, point->number))
		close_chunk(txn, s, scope, tag, name);
	if (!s->chunk_count)
		s->chunk_first = point->number;
	s->chunk_count++;
	s->chunk_last = s->last = point->number;
	s->bytes += point->bytes;
	s->count++;
	totals_add(s->totals, &s->n_totals, point->type, point->timestamp, point->value);
}

/*
 * The totals are added anew from the points that stay: subtracting would not give the same doubles. The new totals
 * count up to `event`, which is later than every point.
 */
void series_shrink(struct txn *txn, const struct series_id *id, event_t attempt, event_t event)
{
	struct key key = key_series(id->scope, id->tag, id->name), own = key_series(scope_of(SCOPE_ATTEMPT, attempt), id->tag, id->name);
	struct series *s = record_edit(txn, TABLE_SERIES, key_bytes(&key));
	struct series gone;

	if (!record_get(txn, TABLE_SERIES, key_bytes(&own), &gone) || !s->first)
		return;
	close_chunk(txn, s, id->scope, id->tag, id->name);
	s->bytes -= gone.bytes;
	s->count -= gone.count;
	s->last = event;
	s->shrunk++;
	write_chunk(txn, chunk_key(id->scope, id->tag, id->name, event), 0, 0, s->bytes);
	s->n_totals = 0;
	if (s->count) {
		struct totals totals[METRIC_TYPES];
		struct series as_of = *s;

		as_of.last = 0; /* so that they are read, not taken from the record */
		s->n_totals = series_totals(txn, id, &as_of, event, totals);
		memcpy(s->totals, totals, sizeof(totals));
	}
}

static void copy_point(struct txn *txn, struct scope to, uint32_t name, event_t number, const struct event *point, size_t suffix_len)
{
	struct series_point added = {
		.number = number,
		.bytes = point_bytes(point, suffix_len),
		.type = point->point.type,
		.timestamp = point->point.timestamp,
		.value = point_value(point),
	};

	series_add(txn, to, 0, name, &added);
}

/*
 * `text`: the name's. What is appended meanwhile may move what a view of the store points to, so both it and each point
 * are done with before.
 */
static void copy_series(struct txn *txn, struct scope from, struct scope to, uint32_t name, struct bytes text)
{
	struct series_id id = {.scope = from, .name = name, .text = text};
	autoscan struct series_scan scan = {0};
	autobuf struct buf suffix = BUF_INIT;
	struct event attempt, point;
	event_t number, whose = 0;
	struct series s;
	uint64_t at;

	if (!series_get(txn, from, 0, name, &s))
		return;
	series_scan_init(&scan, txn, &id, &s, s.last, 0, &at);
	while (series_scan_next(&scan, &number, &point)) {
		if (whose != point.about) {
			buf_clear(&suffix);
			if (!log_read(txn, point.about, &attempt))
				return;
			point_suffix(&attempt, &suffix);
			if (buf_error(&suffix))
				txn_fail(txn, buf_error(&suffix));
			whose = point.about;
		}
		copy_point(txn, to, name, number, &point, suffix.len);
	}
}

void series_copy(struct txn *txn, struct scope from, struct scope to)
{
	event_t next = 0;
	uint32_t name;

	while (series_next(txn, from, next, &next, &name)) {
		autobuf struct buf text = BUF_INIT;

		buf_add_bytes(&text, name_text(txn, name));
		if (buf_error(&text))
			txn_fail(txn, buf_error(&text));
		copy_series(txn, from, to, name, buf_bytes(&text));
	}
}
