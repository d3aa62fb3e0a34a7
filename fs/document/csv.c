/*
 * metrics/<name>.csv: the points as rows, with a column for each tag in the order in which the tags first appeared. What the rows before
 * any place take is known from their sums, and the commas that each row has for the columns of today.
 */
#include "core/base/csv.h"
#include "core/base/cleanup.h"
#include "core/store/columns.h"
#include "core/store/point.h"
#include "fs/document/format.h"

#include <errno.h>

#define COLUMNS_FIXED "timestamp,value,type,namespace,flowId,executionId,taskId,taskRunId,taskRunValue,attempt"

static void add_heading(struct txn *txn, struct bytes name, struct buf *ret)
{
	autobuf struct buf heading = BUF_INIT;

	/* `tags.` needs no quotes itself, so it may stand in front of the name as JSON has it */
	buf_add_text(&heading, "tags.");
	buf_add_bytes(&heading, name);
	if (buf_error(&heading))
		txn_fail(txn, buf_error(&heading));
	buf_add_char(ret, ',');
	csv_add_json(ret, buf_bytes(&heading));
}

static void head_write(struct txn *txn, const struct columns *columns, struct buf *ret)
{
	buf_add_text(ret, COLUMNS_FIXED);
	for (unsigned i = 0; i < columns->n; i++)
		add_heading(txn, columns->names[i], ret);
	if (columns->more)
		buf_add_text(ret, ",tags");
	buf_add_char(ret, '\n');
	if (buf_error(ret))
		txn_fail(txn, buf_error(ret));
}

int size_points_csv(struct document *d, uint64_t *ret_size)
{
	autobuf struct buf head = BUF_INIT;
	struct series_sums sums;
	struct columns columns;
	struct series_id id;
	struct series s;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	columns_at(d->txn, &id, &s, d->node.event, &columns);
	series_sums(d->txn, &id, &s, d->node.event, &sums);
	head_write(d->txn, &columns, &head);
	*ret_size = head.len + sums.csv_bytes + sums.count * columns_blank(&columns);
	return txn_error(d->txn);
}

struct rows {
	struct document *d;
	struct sink *sink;
	const struct columns *columns;
	struct buf suffix;
	struct buf line;
	event_t attempt; /* whose suffix it is */
};

static int find_suffix(struct rows *w, event_t attempt)
{
	struct event event;

	if (w->attempt == attempt)
		return 0;
	buf_clear(&w->suffix);
	if (!log_read(w->d->txn, attempt, &event))
		return -ESTALE;
	point_csv_suffix(&event, &w->suffix);
	w->attempt = attempt;
	return buf_error(&w->suffix);
}

static int write_rows(struct rows *w, struct series_scan *scan)
{
	struct event point;
	event_t number;
	int r = 0;

	while (!r && !sink_full(w->sink) && series_scan_next(scan, &number, &point)) {
		r = find_suffix(w, point.about);
		if (r < 0)
			break;
		buf_clear(&w->line);
		point_csv_write(&point, buf_bytes(&w->suffix), &w->line);
		columns_write(w->columns, point.point.tags, &w->line);
		buf_add_char(&w->line, '\n');
		sink_add_bytes(w->sink, buf_bytes(&w->line));
		r = buf_error(&w->line);
	}
	return r;
}

int render_points_csv(struct document *d, struct sink *sink)
{
	autoscan struct series_scan scan = {0};
	autobuf struct buf head = BUF_INIT;
	struct series_sums before;
	struct columns columns;
	struct rows w = {.d = d, .sink = sink, .columns = &columns};
	struct series_id id;
	struct series s;
	uint64_t from;
	int r = series_of_node(d, &id, &s);

	if (r < 0)
		return r;
	columns_at(d->txn, &id, &s, d->node.event, &columns);
	head_write(d->txn, &columns, &head);
	from = sink->data && sink->from > head.len ? sink->from - head.len : 0;
	series_scan_init_at(&scan, d->txn, &id, &s, d->node.event, MEASURE_CSV, columns_blank(&columns), from, &before);
	sink_add_bytes(sink, buf_bytes(&head));
	sink->at += before.csv_bytes + before.count * columns_blank(&columns); /* passed over */
	r = write_rows(&w, &scan);
	buf_finish(&w.suffix);
	buf_finish(&w.line);
	return r;
}
