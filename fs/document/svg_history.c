/* A picture of a history: an output's number over the start of the execution, a line per value of a run. */
#include "core/base/number.h"
#include "core/json/scan.h"
#include "core/store/history.h"
#include "fs/document/svg.h"
#include "fs/document/svg_series.h"

#include <errno.h>

/* `outer / inner`; nothing where the run has no value. */
static void write_label(const void *context, struct buf *ret)
{
	struct list values = *(const struct list *)context;
	struct bytes value;

	for (bool first = true; list_next(&values, &value); first = false) {
		buf_add_text(ret, first ? "" : " / ");
		buf_add_bytes(ret, value);
	}
}

static int add_row(struct txn *txn, const struct history_row *row, struct svg_series *all)
{
	struct event run, output;
	unsigned series;
	double value;
	int r;

	if (!log_read(txn, row->run, &run) || !log_read(txn, row->output, &output))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	if (!json_is_number(output.output.value) || number_parse(output.output.value.data, output.output.value.len, &value) < 0)
		return 0;
	r = svg_series_of(all, svg_key(run.attempt.values.n, run.attempt.values.packed), write_label, &run.attempt.values, &series);
	return r < 0 ? r : plot_add(all->plot, series, row->start, value);
}

static int add_rows(struct txn *txn, event_t history, event_t version, struct plot *plot)
{
	struct svg_series all = {.plot = plot};
	struct history_row row = {0};
	int r = 0;

	while (!r && history_row_next(txn, history, version, &row))
		r = add_row(txn, &row, &all);
	svg_series_finish(&all);
	return r;
}

/* Rows come by start: the first is the least, the last the greatest. */
static void find_extent(struct txn *txn, event_t history, event_t version, struct plot_options *ret)
{
	struct history_row first = {0}, last = {0};

	if (history_row_next(txn, history, version, &first) && history_row_previous(txn, history, version, &last)) {
		ret->first = first.start;
		ret->latest = last.start;
	}
}

int svg_of_history(struct txn *txn, event_t history, event_t version, const struct svg_form *form, struct buf *ret)
{
	struct plot_options options = {.small = form->small, .most = form->most};
	struct plot *plot = NULL;
	int r;

	if (!history_name(txn, history, &options.title))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	find_extent(txn, history, version, &options);
	r = plot_new(&options, &plot);
	if (!r)
		r = add_rows(txn, history, version, plot);
	if (!r)
		plot_write(plot, form->small, ret);
	plot_free(plot);
	return r < 0 ? r : buf_error(ret) ? buf_error(ret) : txn_error(txn);
}
