/*
 * metrics/<name>.json: `[`, one point a line with commas between, `]`. A point takes its text and two bytes (what
 * separates it, or the end of the array's last line), so that sizes add up.
 */
#include "core/store/series.h"
#include "core/base/cleanup.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "fs/document/format.h"

#include <errno.h>

#define HEAD "[\n"
#define TAIL "]\n"

int series_of_node(struct document *d, struct series_id *ret_id, struct series *ret)
{
	struct bytes tags;
	struct event event;
	int r;

	*ret_id = (struct series_id){0};
	r = version_scope(d->txn, detail_code(d->node.detail), d->node.event, &ret_id->scope);
	if (r < 0)
		return r;
	if (!log_read(d->txn, d->node.event, &event) || (event.type != EVENT_POINT && event.type != EVENT_SHRUNK))
		return -ESTALE;
	ret_id->text = event.type == EVENT_POINT ? event.point.name : event.shrunk.name;
	tags = event.type == EVENT_POINT ? event.point.tags : event.shrunk.tags;
	if (detail_tag(d->node.detail) && !tag_at(tags, detail_tag(d->node.detail), &ret_id->tag))
		return -ESTALE;
	r = name_of_text(d->txn, ret_id->text, &ret_id->name);
	if (r < 0)
		return r;
	return series_open(d->txn, ret_id, ret) ? 0 : -ESTALE;
}

/* Of the last point's two bytes only the newline is written. */
static uint64_t size_of(uint64_t bytes)
{
	return sizeof(HEAD) - 1 + bytes - (bytes ? 1 : 0) + sizeof(TAIL) - 1;
}

int size_points_json(struct document *d, uint64_t *ret_size)
{
	struct series_sums sums;
	struct series_id id;
	struct series s;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	series_sums(d->txn, &id, &s, d->node.event, &sums);
	*ret_size = size_of(sums.json_bytes);
	return 0;
}

/* The first point with a tag may be found only by a walk: where there is no index, of a few. */
int series_first(struct document *d, event_t *ret_first)
{
	autoscan struct series_scan scan = {0};
	struct series_id id;
	struct event point;
	struct series s;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	*ret_first = s.first;
	if (!s.filter)
		return 0;
	series_scan_init(&scan, d->txn, &id, &s, d->node.event);
	return series_scan_next(&scan, ret_first, &point) ? 0 : -ESTALE;
}

struct writer {
	struct document *d;
	struct sink *sink;
	struct buf suffix;
	struct buf line;
	event_t attempt; /* whose suffix it is */
	event_t last;
};

static int find_suffix(struct writer *w, event_t attempt)
{
	struct event event;

	if (w->attempt == attempt)
		return 0;
	buf_clear(&w->suffix);
	if (!log_read(w->d->txn, attempt, &event))
		return -ESTALE;
	point_suffix(&event, &w->suffix);
	w->attempt = attempt;
	return buf_error(&w->suffix);
}

/* A point's separator is written with the next one: what follows the last is the array's end. */
static int write_points(struct writer *w, struct series_scan *scan, bool first)
{
	struct event point;
	event_t number;
	int r = 0;

	while (!r && !sink_full(w->sink) && series_scan_next(scan, &number, &point)) {
		r = find_suffix(w, point.about);
		if (r < 0)
			break;
		buf_clear(&w->line);
		if (!first)
			buf_add_text(&w->line, ",\n");
		first = false;
		point_write(&point, buf_bytes(&w->suffix), &w->line);
		sink_add_bytes(w->sink, buf_bytes(&w->line));
		r = buf_error(&w->line);
	}
	return r;
}

int render_points_json(struct document *d, struct sink *sink)
{
	autoscan struct series_scan scan = {0};
	struct writer w = {.d = d, .sink = sink};
	struct series_sums before;
	struct series_id id;
	struct series s;
	uint64_t from = sink->data && sink->from > sizeof(HEAD) ? sink->from - sizeof(HEAD) : 0;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	series_scan_init_at(&scan, d->txn, &id, &s, d->node.event, MEASURE_JSON, 0, from, &before);
	if (before.count)
		sink->at = sizeof(HEAD) - 1 + before.json_bytes - 2; /* before the separator of the next point */
	else
		sink_add_text(sink, HEAD);
	r = write_points(&w, &scan, before.count == 0);
	if (!sink_full(sink)) {
		if (sink->at > sizeof(HEAD) - 1)
			sink_add_text(sink, "\n");
		sink_add_text(sink, TAIL);
	}
	buf_finish(&w.suffix);
	buf_finish(&w.line);
	return r;
}
