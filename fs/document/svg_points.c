/* A picture of points: value over time, a line per set of tags. */
#include "core/json/scan.h"
#include "core/store/point.h"
#include "fs/document/svg.h"
#include "fs/document/svg_series.h"

#include <errno.h>

void svg_add_decoded(struct bytes inside, struct buf *ret)
{
	autobuf struct buf quoted = BUF_INIT;

	buf_add_char(&quoted, '"');
	buf_add_bytes(&quoted, inside);
	buf_add_char(&quoted, '"');
	if (buf_error(&quoted))
		ret->error = buf_error(&quoted);
	else
		json_string_decode(ret, buf_bytes(&quoted));
}

/* What is known of the points before the first is drawn. */
struct extent {
	unsigned n; /* types */
	struct totals totals[METRIC_TYPES];
	usec_t first, latest;
};

/* An index by tag keeps no totals: its points are read for them. */
static void read_totals(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct extent *ret)
{
	autoscan struct series_scan scan = {0};
	struct event point;
	event_t number;

	series_scan_init(&scan, txn, id, s, version);
	while (series_scan_next(&scan, &number, &point)) {
		struct series_point p = {.number = number, .type = point.point.type, .timestamp = point.point.timestamp};

		totals_add(ret->totals, &ret->n, &p);
	}
}

static void find_extent(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct extent *ret)
{
	*ret = (struct extent){0};
	if (tag_is(&id->tag))
		read_totals(txn, id, s, version, ret);
	else
		ret->n = series_totals(txn, id, s, version, ret->totals);
	for (unsigned i = 0; i < ret->n; i++) {
		ret->first = i && ret->first < ret->totals[i].first ? ret->first : ret->totals[i].first;
		ret->latest = i && ret->latest > ret->totals[i].latest ? ret->latest : ret->totals[i].latest;
	}
}

/* Labels: `k=v, k2=v2`; of a name used with several types its type as well. */

struct labelled {
	struct bytes tags;
	enum metric_type type;
	bool say_type;
	bool bare;
};

static void write_label(const void *context, struct buf *ret)
{
	const struct labelled *l = context;
	struct bytes rest = l->tags;
	struct tag tag;
	bool bare = true;

	for (; tag_next(&rest, &tag); bare = false) {
		buf_add_text(ret, bare ? "" : ", ");
		if (!l->bare) {
			svg_add_decoded(tag.name, ret);
			buf_add_char(ret, '=');
		}
		svg_add_decoded(tag.value, ret);
	}
	if (l->say_type)
		buf_add_format(ret, bare ? "%s" : " (%s)", metric_type_name(l->type));
}

/* The keys of single tags are added up, so that their order does not count. */
static uint64_t key_of(const struct labelled *l)
{
	uint64_t key = l->say_type ? (uint64_t)l->type + 1 : 0;
	struct bytes rest = l->tags;
	struct tag tag;

	while (tag_next(&rest, &tag))
		key += svg_key(svg_key(0, tag.name), tag.value);
	return svg_key(key, bytes_make("", 0));
}

/* `l`: how to label. */
static int add_points(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct labelled l,
		      struct plot *plot)
{
	autoscan struct series_scan scan = {0};
	struct svg_series all = {.plot = plot};
	struct event point;
	unsigned series = 0;
	event_t number;
	int r = 0;

	series_scan_init(&scan, txn, id, s, version);
	while (!r && series_scan_next(&scan, &number, &point)) {
		bool same = all.used && point.point.type == l.type && bytes_equal(point.point.tags, l.tags);

		l.tags = point.point.tags;
		l.type = point.point.type;
		if (!same)
			r = svg_series_of(&all, key_of(&l), write_label, &l, &series);
		if (!r)
			r = plot_add(plot, series, point.point.timestamp, point_value(&point));
	}
	svg_series_finish(&all);
	return r;
}

static int make_plot(const struct series_id *id, const struct extent *extent, const struct svg_form *form, struct plot **ret)
{
	autobuf struct buf title = BUF_INIT;
	bool timed = extent->n == 1 && extent->totals[0].type == METRIC_TIMER;
	struct plot_options options = {.unit = timed ? "seconds" : NULL,
				       .first = extent->first,
				       .latest = extent->latest,
				       .small = form->small,
				       .most = form->most};

	svg_add_decoded(id->text, &title);
	options.title = buf_bytes(&title);
	return buf_error(&title) ? buf_error(&title) : plot_new(&options, ret);
}

int svg_of_points(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, const struct svg_form *form,
		  struct buf *ret)
{
	struct plot *plot = NULL;
	struct extent extent;
	int r;

	find_extent(txn, id, s, version, &extent);
	r = make_plot(id, &extent, form, &plot);
	if (!r)
		r = add_points(txn, id, s, version, (struct labelled){.say_type = extent.n > 1, .bare = form->bare}, plot);
	if (!r)
		plot_write(plot, form->small, ret);
	plot_free(plot);
	return r < 0 ? r : buf_error(ret) ? buf_error(ret) : txn_error(txn);
}
