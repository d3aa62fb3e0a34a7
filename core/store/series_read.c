/* Series as of a version: sizes, places, walks. */
#include "core/store/codec.h"
#include "core/store/index.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series.h"

struct chunk {
	event_t first;
	event_t last;
	uint32_t count;
	uint64_t bytes; /* of the series up to its end */
};

static struct bytes prefix_of(const struct series_id *id, struct key *ret_key)
{
	*ret_key = key_series(id->scope, id->tag, id->name);
	return key_bytes(ret_key);
}

/* The chunk under the cursor, if it is one of the series. */
static bool chunk_here(const struct cursor *c, const struct series_id *id, struct chunk *ret)
{
	struct key key;
	struct bytes prefix = prefix_of(id, &key);
	struct reader r;

	if (!cursor_in(c, prefix))
		return false;
	r = reader_of(c->value);
	ret->last = event_of_key(c->key.data + prefix.len);
	ret->first = ret->last - get_varint(&r);
	ret->count = (uint32_t)get_varint(&r);
	ret->bytes = get_varint(&r);
	return !r.bad;
}

/* The first closed chunk whose last event is not before `event`. */
static bool chunk_seek(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret)
{
	struct key key;

	prefix_of(id, &key);
	event_to_key(event, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return cursor_seek(c, key_bytes(&key)) && chunk_here(c, id, ret);
}

/* The last closed chunk that ends before `event`. */
static bool chunk_before(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret)
{
	struct key key;

	prefix_of(id, &key);
	event_to_key(event - 1, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return event > 0 && cursor_seek_last(c, key_bytes(&key)) && chunk_here(c, id, ret);
}

bool series_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_next, uint32_t *ret_name)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope(scope);
	struct bytes prefix;

	put_u32_key(0, key.at + key.len);
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
	return (!a.next || a.next > version) && attempt_group(txn, &a, scope.code, &group) && scope_equal(group, scope);
}

static bool is_ours(struct series_scan *scan, const struct event *event)
{
	if (event->type != EVENT_POINT || !bytes_equal(event->point.name, scan->id->text))
		return false;
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
	enter_chunk(scan, &(struct chunk){s->chunk_first, s->chunk_last, s->chunk_count, s->bytes});
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

/*
 * Bytes so far grow with event numbers as long as nothing was taken out, so the chunk of an offset is found by halving
 * the numbers: each step one seek. Behind the last closed chunk comes the newest, which is not in the table and ends
 * behind any offset.
 */
static event_t find_offset(struct series_scan *scan, uint64_t offset)
{
	event_t low = scan->series->first, high = scan->series->chunk_first;
	struct chunk chunk;

	while (low < high) {
		event_t middle = low + (high - low) / 2;

		if (!chunk_seek(&scan->chunks, scan->id, middle, &chunk) || chunk.bytes > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void series_scan_init(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		      uint64_t offset, uint64_t *ret_at)
{
	event_t from = s->first;
	struct chunk chunk, before;

	*scan = (struct series_scan){.txn = txn, .id = id, .series = s, .version = version};
	cursor_init(&scan->chunks, txn, TABLE_CHUNKS);
	cursor_init(&scan->log, txn, TABLE_EVENTS);
	*ret_at = 0;
	if (offset && !s->shrunk)
		from = find_offset(scan, offset);
	if (from > version) /* an offset behind the end of this version may be one of a later version */
		from = version;
	if (from > s->first && chunk_before(&scan->chunks, id, from, &before))
		*ret_at = before.bytes;
	if (chunk_seek(&scan->chunks, id, from, &chunk))
		enter_chunk(scan, &chunk);
	else
		enter_tail(scan);
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
			scan->left = 0; /* points that were taken out are missing in their chunk */
		else if (is_ours(scan, ret_point)) {
			if (!scan->series->shrunk)
				scan->left--;
			return true;
		}
	}
}

/* Sums */

struct suffix_cache {
	event_t attempt;
	struct buf text;
};

static size_t suffix_len(struct txn *txn, struct suffix_cache *cache, event_t attempt)
{
	struct event event;

	if (cache->attempt != attempt) {
		cache->attempt = attempt;
		buf_clear(&cache->text);
		if (log_read(txn, attempt, &event) && event.type == EVENT_ATTEMPT)
			point_suffix(&event, &cache->text);
		if (buf_error(&cache->text))
			txn_fail(txn, buf_error(&cache->text));
	}
	return cache->text.len;
}

/* Bytes of the points from the walk's start to `version`. */
static uint64_t walk_bytes(struct series_scan *scan)
{
	struct suffix_cache cache = {.text = BUF_INIT};
	struct event point;
	event_t number;
	uint64_t bytes = 0;

	while (series_scan_next(scan, &number, &point))
		bytes += point_bytes(&point, suffix_len(scan->txn, &cache, point.about));
	buf_finish(&cache.text);
	return bytes;
}

uint64_t series_bytes(struct txn *txn, const struct series_id *id, const struct series *s, event_t version)
{
	autoscan struct series_scan scan = {0};
	autocursor struct cursor c = {0};
	struct chunk chunk;
	uint64_t before = 0;

	if (version >= s->last)
		return s->bytes;
	cursor_init(&c, txn, TABLE_CHUNKS);
	if (chunk_seek(&c, id, version, &chunk) && chunk.last == version)
		return chunk.bytes;
	/* inside a chunk: what lies before it is known, and the walk ends soon */
	if (!s->shrunk && chunk_before(&c, id, version, &chunk))
		before = chunk.bytes;
	series_scan_init(&scan, txn, id, s, version, before, &before);
	return before + walk_bytes(&scan);
}

unsigned series_totals(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		       struct totals ret[METRIC_TYPES])
{
	autoscan struct series_scan scan = {0};
	struct event point;
	unsigned n = 0;
	event_t number;
	uint64_t at;

	if (s->last && version >= s->last) {
		memcpy(ret, s->totals, sizeof(s->totals));
		return s->n_totals;
	}
	series_scan_init(&scan, txn, id, s, version, 0, &at);
	while (series_scan_next(&scan, &number, &point))
		totals_add(ret, &n, point.point.type, point.point.timestamp, point_value(&point));
	return n;
}
