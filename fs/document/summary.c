/* metrics.json: what the points of a metrics folder amount to, one key per name. */
#include "core/base/cleanup.h"
#include "core/base/number.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/document/document.h"

#include <errno.h>
#include <math.h>

static void add_double(struct buf *b, const char *key, double x)
{
	char text[NUMBER_TEXT_SIZE];

	buf_add_format(b, ",\"%s\":", key);
	if (isfinite(x))
		buf_add(b, text, number_format(x, text));
	else
		buf_add_text(b, "null");
}

static void add_time(struct buf *b, const char *key, usec_t t)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(t, text);
	buf_add_format(b, ",\"%s\":\"%.*s\"", key, CLOCK_TEXT_LEN, text);
}

static void add_totals(struct buf *b, const struct totals *t)
{
	buf_add_format(b, "{\"type\":\"%s\",\"count\":", metric_type_name(t->type));
	buf_add_number(b, t->count);
	add_double(b, "sum", t->sum);
	add_double(b, "avg", t->sum / (double)t->count);
	add_double(b, "min", t->min);
	add_double(b, "max", t->max);
	add_double(b, "last", t->last);
	add_time(b, "first", t->first);
	add_time(b, "latest", t->latest);
	buf_add_char(b, '}');
}

static void add_series(struct buf *b, struct bytes name, const struct totals *totals, unsigned n)
{
	buf_add_char(b, '"');
	buf_add_bytes(b, name);
	buf_add_text(b, "\":");
	if (n > 1)
		buf_add_char(b, '[');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			buf_add_char(b, ',');
		add_totals(b, &totals[i]);
	}
	if (n > 1)
		buf_add_char(b, ']');
}

int render_summary(struct document *d, struct sink *sink)
{
	autobuf struct buf b = BUF_INIT;
	struct series_id id = {0};
	event_t next = 0;
	bool first = true;
	int r = version_scope(d->txn, detail_code(d->node.detail), d->node.event, &id.scope);

	if (r < 0)
		return r;
	sink_add_text(sink, "{");
	while (!sink_full(sink) && series_next(d->txn, id.scope, next, &next, &id.name) && next <= d->node.event + 1) {
		struct totals totals[METRIC_TYPES];
		struct series s;
		unsigned n;

		id.text = name_text(d->txn, id.name);
		if (!series_get(d->txn, id.scope, id.subset, id.name, &s))
			continue;
		n = series_totals(d->txn, &id, &s, d->node.event, totals);
		if (!n)
			continue;
		buf_clear(&b);
		if (!first)
			buf_add_char(&b, ',');
		first = false;
		add_series(&b, id.text, totals, n);
		if (buf_error(&b))
			return buf_error(&b);
		sink_add_bytes(sink, buf_bytes(&b));
	}
	sink_add_text(sink, "}\n");
	return 0;
}
