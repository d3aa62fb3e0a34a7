/* Series as of a version: sums, places, walks. */
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/columns.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series_chunk.h"

#include <errno.h>

bool series_open(struct txn *txn, struct series_id *id, struct series *ret)
{
	id->subset = (struct subset){0};
	if (tag_is(&id->tag) && scope_is_indexed(txn, id->scope))
		return subset_find(txn, &id->tag, &id->subset) && series_get(txn, id->scope, id->subset, id->name, ret);
	if (!series_get(txn, id->scope, id->subset, id->name, ret))
		return false;
	ret->filter = tag_is(&id->tag);
	return true;
}

bool series_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_next, uint32_t *ret_name)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope(scope);
	struct bytes prefix;

	put_u32_key(0, key.at + key.len); /* those of tags come behind */
	key.len += 4;
	prefix = key_bytes(&key);
	event_to_key(from, key.at + key.len);
	cursor_init(&c, txn, TABLE_SERIES_ORDER);
	if (!cursor_seek(&c, bytes_make(key.at, key.len + EVENT_KEY_LEN)) || !cursor_in(&c, prefix))
		return false;
	*ret_next = event_of_key(c.key.data + prefix.len) + 1;
	*ret_name = u32_of_key(c.value.data);
	return true;
}

/* Membership */

/* Whether the points of an attempt are among those of a scope as of a version. */
static bool scope_shows(struct txn *txn, struct scope scope, event_t attempt, event_t version)
{
	struct attempt_record a;
	struct execution e;
	struct scope group;

	if (scope.code == SCOPE_ROOT)
		return true;
	if (scope.code == SCOPE_ATTEMPT)
		return attempt == scope.event;
	if (!attempt_get(txn, attempt, &a))
		return false;
	if (scope.code == SCOPE_EXECUTION)
		return a.execution == scope.event;
	if (scope.code == SCOPE_FLOW)
		return execution_get(txn, a.execution, &e) && e.flow == scope.event;
	if (scope.code >= SCOPE_NAMESPACE)
		return namespace_of(txn, a.execution, scope.code - SCOPE_NAMESPACE, &group) && scope_equal(group, scope);
	return (!a.next || a.next > version) && attempt_group(txn, &a, scope.code, &group) && scope_equal(group, scope);
}

static bool is_ours(struct series_scan *scan, const struct event *event)
{
	unsigned place;

	if (event->type != EVENT_POINT || !bytes_equal(event->point.name, scan->id->text))
		return false;
	if (tag_is(&scan->id->tag)) {
		place = tag_place(event->point.tags, &scan->id->tag);
		if (!place || place > TAG_PLACES)
			return false;
	}
	if (scan->tested != event->about) {
		scan->tested = event->about;
		scan->shown = scope_shows(scan->txn, scan->id->scope, event->about, scan->version);
	}
	return scan->shown;
}

/* The walk */

static void enter_chunk(struct series_scan *scan, const struct chunk *chunk)
{
	scan->left = chunk->count;
	scan->chunk_last = chunk->last;
	scan->log_open = false;
}

static void enter_tail(struct series_scan *scan)
{
	const struct series *s = scan->series;

	scan->in_tail = true;
	enter_chunk(scan, &(struct chunk){.first = s->chunk_first, .last = s->chunk_last, .count = s->chunk_count});
}

static event_t chunk_first(struct series_scan *scan)
{
	struct chunk chunk;

	if (scan->in_tail)
		return scan->series->chunk_first;
	return chunk_here(&scan->chunks, scan->id, &chunk) ? chunk.first : EVENT_MAX;
}

static bool next_chunk(struct series_scan *scan)
{
	struct chunk chunk;

	if (scan->in_tail)
		return false;
	if (cursor_next(&scan->chunks) && chunk_here(&scan->chunks, scan->id, &chunk))
		enter_chunk(scan, &chunk);
	else
		enter_tail(scan);
	return true;
}

/* What the points up to a chunk's end take in a measure. */
static uint64_t measured(const struct series_sums *sums, enum series_measure measure, unsigned blank)
{
	return (measure == MEASURE_JSON ? sums->json_bytes : sums->csv_bytes) + blank * sums->count;
}

/*
 * Bytes so far grow with event numbers as long as nothing was taken out, so the chunk of an offset is found by halving
 * the numbers: each step one seek. Behind the last closed chunk comes the newest, which is not in the table and ends
 * behind any offset.
 */
static event_t find_offset(struct series_scan *scan, enum series_measure measure, unsigned blank, uint64_t offset)
{
	event_t low = scan->series->first, high = scan->series->chunk_first;
	struct chunk chunk;

	while (low < high) {
		event_t middle = low + (high - low) / 2;

		if (!chunk_seek(&scan->chunks, scan->id, middle, &chunk) || measured(&chunk.sums, measure, blank) > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* From the chunk that holds the event `from`; what the chunks before it take. */
static void scan_from(struct series_scan *scan, event_t from, struct series_sums *ret_before)
{
	struct chunk chunk;

	*ret_before = (struct series_sums){0};
	if (from > scan->version) /* an offset behind the end of this version may be one of a later version */
		from = scan->version;
	if (from > scan->series->first && chunk_before(&scan->chunks, scan->id, from, &chunk))
		*ret_before = chunk.sums;
	if (chunk_seek(&scan->chunks, scan->id, from, &chunk))
		enter_chunk(scan, &chunk);
	else
		enter_tail(scan);
}

static void scan_begin(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version)
{
	*scan = (struct series_scan){.txn = txn, .id = id, .series = s, .version = version};
	cursor_init(&scan->chunks, txn, TABLE_CHUNKS);
	cursor_init(&scan->log, txn, TABLE_EVENTS);
}

void series_scan_init(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version)
{
	struct series_sums before;

	scan_begin(scan, txn, id, s, version);
	scan_from(scan, s->first, &before);
}

/* Whether the sums of chunks are those of the points that are shown. */
static bool sums_hold(const struct series *s)
{
	return !s->shrunk && !s->filter;
}

void series_scan_init_at(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
			 enum series_measure measure, unsigned blank, uint64_t offset, struct series_sums *ret_before)
{
	scan_begin(scan, txn, id, s, version);
	scan_from(scan, offset && sums_hold(s) ? find_offset(scan, measure, blank, offset) : s->first, ret_before);
}

void series_scan_finish(struct series_scan *scan)
{
	cursor_finish(&scan->chunks);
	cursor_finish(&scan->log);
}

static bool step_log(struct series_scan *scan, event_t *ret_number, struct event *ret)
{
	if (scan->log_open)
		return log_next(&scan->log, ret_number, ret);
	scan->log_open = true;
	return log_seek(&scan->log, chunk_first(scan), ret_number, ret);
}

bool series_scan_next(struct series_scan *scan, event_t *ret_number, struct event *ret_point)
{
	for (;;) {
		while (!scan->left)
			if (!next_chunk(scan))
				return false;
		if (!step_log(scan, ret_number, ret_point) || *ret_number > scan->version)
			return false;
		if (*ret_number > scan->chunk_last)
			scan->left = 0; /* points that were taken out, or have not the tag, are missing in their chunk */
		else if (is_ours(scan, ret_point)) {
			if (sums_hold(scan->series))
				scan->left--;
			return true;
		}
	}
}

/* Sums */

struct suffixes {
	event_t attempt; /* whose they are */
	size_t json;
	size_t csv;
	struct buf text;
};

static void find_suffixes(struct txn *txn, struct suffixes *f, event_t attempt)
{
	struct event event;

	if (f->attempt == attempt)
		return;
	f->attempt = attempt;
	buf_clear(&f->text);
	if (log_read(txn, attempt, &event) && event.type == EVENT_ATTEMPT) {
		point_suffix(&event, &f->text);
		f->json = f->text.len;
		point_csv_suffix(&event, &f->text);
		f->csv = f->text.len - f->json;
	}
	if (buf_error(&f->text))
		txn_fail(txn, buf_error(&f->text));
}

/* Adds the points from the walk's place on; `columns` learns their tags. */
static void walk_sums(struct series_scan *scan, struct columns *columns, struct series_sums *sums)
{
	struct suffixes suffixes = {.text = BUF_INIT};
	struct event point;
	event_t number;

	while (series_scan_next(scan, &number, &point)) {
		find_suffixes(scan->txn, &suffixes, point.about);
		columns_learn(columns, point.point.tags, number);
		sums->count++;
		sums->json_bytes += point_bytes(&point, suffixes.json);
		sums->csv_bytes += point_csv_bytes(&point, suffixes.csv) + columns_cells(columns, point.point.tags);
	}
	buf_finish(&suffixes.text);
}

/* What a chunk's end, or the newest version, says without a walk. */
static bool known_sums(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct series_sums *ret)
{
	autocursor struct cursor c = {0};
	struct chunk chunk;

	if (s->filter)
		return false;
	if (version >= s->last) {
		*ret = (struct series_sums){s->count, s->json_bytes, s->csv_bytes};
		return true;
	}
	cursor_init(&c, txn, TABLE_CHUNKS);
	if (!chunk_seek(&c, id, version, &chunk) || chunk.last != version)
		return false;
	*ret = chunk.sums;
	return true;
}

void series_sums(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct series_sums *ret)
{
	autoscan struct series_scan scan = {0};
	struct columns columns = {0};

	if (known_sums(txn, id, s, version, ret))
		return;
	scan_begin(&scan, txn, id, s, version);
	/* inside a chunk: what lies before it is known, and the walk ends soon */
	if (sums_hold(s))
		columns_at(txn, id, s, version, &columns);
	scan_from(&scan, sums_hold(s) ? version : s->first, ret);
	walk_sums(&scan, &columns, ret);
}

unsigned series_totals(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		       struct totals ret[METRIC_TYPES])
{
	autoscan struct series_scan scan = {0};
	struct event point;
	unsigned n = 0;
	event_t number;

	if (version >= s->last && !tag_is(&id->tag)) {
		memcpy(ret, s->totals, sizeof(s->totals));
		return s->n_totals;
	}
	series_scan_init(&scan, txn, id, s, version);
	while (series_scan_next(&scan, &number, &point)) {
		struct series_point added = point_values(number, &point);

		totals_add(ret, &n, &added);
	}
	return n;
}

event_t series_version(struct txn *txn, const struct series_id *id, const struct series *s)
{
	autoscan struct series_scan scan = {0};
	event_t number, last = 0;
	struct event point;

	if (!s->filter)
		return s->count ? s->last : 0;
	series_scan_init(&scan, txn, id, s, EVENT_MAX);
	while (series_scan_next(&scan, &number, &point))
		last = number;
	return last;
}

/* Columns */

/* Of a series from which points were taken out, a version before that has others; of one that is filtered, each has. */
static bool columns_hold(const struct series *s, event_t version)
{
	return !s->filter && version >= s->shrunk;
}

static void add_column(struct txn *txn, struct columns *columns, const struct column *column, event_t version)
{
	if (column->since > version)
		return;
	columns_add(columns, tag_text(txn, column->tag), column->tag, column->since);
}

void columns_at(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct columns *ret)
{
	autoscan struct series_scan scan = {0};
	struct column column;
	struct event point;
	event_t number;
	struct reader r;

	memset(ret, 0, sizeof(*ret));
	if (!columns_hold(s, version)) {
		series_scan_init(&scan, txn, id, s, version);
		while (series_scan_next(&scan, &number, &point))
			columns_learn(ret, point.point.tags, number);
		return;
	}
	if (s->first_columns) {
		if (log_read(txn, s->first, &point))
			columns_learn(ret, point.point.tags, s->first);
		return;
	}
	ret->more = s->more <= version ? s->more : 0;
	for (unsigned i = 0; s->n_columns <= COLUMNS_KEPT && i < s->n_columns; i++)
		add_column(txn, ret, &s->columns[i], version);
	if (s->n_columns > COLUMNS_KEPT && columns_table(txn, id, &r))
		while (columns_table_next(&r, &column) && ret->n < COLUMNS_MOST)
			add_column(txn, ret, &column, version);
}
