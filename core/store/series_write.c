/* How a series grows and, when an attempt is superseded, shrinks. */
#include "core/store/series_write.h"

#include "core/store/columns.h"
#include "core/store/env.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series_chunk.h"

#include <errno.h>

void totals_add(struct totals totals[METRIC_TYPES], unsigned *n, const struct series_point *point)
{
	unsigned i = 0;
	double value = point->value;
	struct totals *t;

	while (i < *n && totals[i].type != point->type)
		i++;
	t = &totals[i];
	if (i == *n) {
		*t = (struct totals){
			.type = point->type, .min = value, .max = value, .first = point->timestamp, .latest = point->timestamp};
		++*n;
	}
	t->count++;
	t->sum += value;
	t->last = value;
	t->min = value < t->min ? value : t->min;
	t->max = value > t->max ? value : t->max;
	t->first = point->timestamp < t->first ? point->timestamp : t->first;
	t->latest = point->timestamp > t->latest ? point->timestamp : t->latest;
}

static struct series *series_edit(struct txn *txn, const struct series_id *id)
{
	struct key key = series_key(id);

	return record_edit(txn, TABLE_SERIES, key_bytes(&key));
}

static void close_chunk(struct txn *txn, struct series *s, const struct series_id *id)
{
	if (s->chunk_count)
		chunk_write(txn, id,
			    &(struct chunk){s->chunk_first, s->chunk_last, s->chunk_count, {s->count, s->json_bytes, s->csv_bytes}});
	s->chunk_count = 0;
}

static bool chunk_is_full(const struct series *s, event_t number)
{
	return s->chunk_count >= CHUNK_POINTS ||
	       number - s->chunk_first > CHUNK_EVENTS_SPARE + (uint64_t)s->chunk_count * CHUNK_EVENTS_PER_POINT;
}

/* Columns */

/* The number of a column's tag: one that was learnt from a point got it with the point. */
static uint32_t column_tag(struct txn *txn, const struct columns *columns, unsigned i)
{
	uint32_t tag = columns->tags[i];

	if (!tag && !tag_find_text(txn, 0, columns->names[i], &tag))
		txn_fail(txn, -EUCLEAN);
	return tag;
}

/* Keeps what `columns` has learnt. The views in it end here. */
static void columns_keep(struct txn *txn, struct series *s, const struct series_id *id, const struct columns *columns)
{
	struct column all[COLUMNS_MOST];

	for (unsigned i = 0; i < columns->n; i++)
		all[i] = (struct column){column_tag(txn, columns, i), columns->since[i]};
	s->first_columns = false;
	s->n_columns = columns->n;
	s->more = columns->more;
	if (s->n_columns <= COLUMNS_KEPT)
		memcpy(s->columns, all, columns->n * sizeof(*all));
	else
		columns_table_write(txn, id, all, columns->n);
}

/* A series that begins with this point: the columns are its tags. */
static uint64_t first_columns(struct series *s, const struct series_point *point)
{
	s->first_columns = true;
	s->more = point->tags->n > COLUMNS_MOST ? point->number : 0;
	s->shape = point->tags->shape;
	s->alone = true;
	return point->tags->cells;
}

/* What a point's tags take in the rows of the series; names that are new to it become columns. */
static uint64_t take_cells(struct txn *txn, struct series *s, const struct series_id *id, const struct series_point *point)
{
	struct bytes tags = buf_bytes(&point->tags->text);
	struct columns columns;
	uint64_t cells;
	bool learnt;

	if (!point->tags->n || (s->shape == point->tags->shape && (!s->more || s->alone)))
		return point->tags->cells;
	if (s->first == point->number)
		return first_columns(s, point);
	columns_at(txn, id, s, point->number, &columns);
	learnt = columns_learn(&columns, tags, point->number);
	cells = columns_cells(&columns, tags);
	s->shape = point->tags->shape;
	s->alone = columns_are(&columns, tags);
	if (learnt)
		columns_keep(txn, s, id, &columns);
	return cells;
}

/* Growing */

static void begin_series(struct txn *txn, struct series *s, const struct series_id *id, event_t number)
{
	struct key key = key_scope(id->scope);
	unsigned char value[4];

	s->first = number;
	if (id->subset.tag)
		return;
	put_u32_key(0, key.at + key.len);
	key.len += 4;
	event_to_key(number, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	put_u32_key(id->name, value);
	kv_put(txn, TABLE_SERIES_ORDER, key_bytes(&key), bytes_make(value, sizeof(value)));
}

bool series_add(struct txn *txn, const struct series_id *id, const struct series_point *point, void **known)
{
	struct series *s = known && *known ? *known : series_edit(txn, id);
	bool new = !s->first;

	if (known)
		*known = s;
	if (new)
		begin_series(txn, s, id, point->number);
	if (s->chunk_count && chunk_is_full(s, point->number))
		close_chunk(txn, s, id);
	if (!s->chunk_count)
		s->chunk_first = point->number;
	s->chunk_count++;
	s->chunk_last = s->last = point->number;
	s->json_bytes += point->json_bytes;
	s->csv_bytes += point->csv_bytes + take_cells(txn, s, id, point);
	s->count++;
	if (!id->subset.tag)
		totals_add(s->totals, &s->n_totals, point);
	return new;
}

/* Shrinking */

void series_shrink(struct txn *txn, const struct series_id *id, event_t event)
{
	struct series *s = series_edit(txn, id);
	struct columns columns = {0};
	struct series_sums sums;
	struct series as_of;

	if (!s->first)
		return;
	close_chunk(txn, s, id);
	s->last = s->shrunk = event;
	as_of = *s;
	as_of.last = event + 1; /* so that they are counted, not taken from the record */
	as_of.shrunk = event + 1;
	series_sums(txn, id, &as_of, event, &sums);
	s->count = sums.count;
	s->json_bytes = sums.json_bytes;
	s->csv_bytes = sums.csv_bytes;
	s->n_totals = 0;
	if (!id->subset.tag)
		s->n_totals = series_totals(txn, id, &as_of, event, s->totals);
	columns_at(txn, id, &as_of, event, &columns);
	columns_keep(txn, s, id, &columns);
	s->shape = 0;
	chunk_write(txn, id, &(struct chunk){event, event, 0, sums});
}
