/*
 * A plot's points. They are kept as they are while they are few; with one more, and from then on, every series that has a colour is an
 * array of columns, the others share one, and a point costs two comparisons. What is written is the most detailed drawing whose
 * text is short enough: each is made and measured, and the last of them cannot be too long.
 */
#include "fs/document/plot.h"

#include "core/base/cleanup.h"
#include "fs/document/plot_internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static usec_t clamp(usec_t time, usec_t from, usec_t to)
{
	return time < from ? from : time > to ? to : time;
}

int plot_new(const struct plot_options *options, struct plot **ret)
{
	struct plot *plot = calloc(1, sizeof(*plot));

	if (!plot)
		return -ENOMEM;
	plot->first = clamp(options->first, USEC_MIN, USEC_MAX);
	plot->latest = clamp(options->latest, plot->first, USEC_MAX);
	plot->columns_per_usec = PLOT_COLUMNS / ((double)(plot->latest - plot->first) + 1);
	plot->small = options->small;
	plot->most = options->most;
	plot->least = INFINITY;
	plot->greatest = -INFINITY;
	buf_add_bytes(&plot->title, options->title);
	buf_add_text(&plot->unit, options->unit ? options->unit : "");
	if (buf_error(&plot->title) || buf_error(&plot->unit)) {
		plot_free(plot);
		return -ENOMEM;
	}
	*ret = plot;
	return 0;
}

void plot_free(struct plot *plot)
{
	if (!plot)
		return;
	for (unsigned i = 0; i < PLOT_KEPT; i++) {
		buf_finish(&plot->kept[i].label);
		free(plot->kept[i].columns);
	}
	buf_finish(&plot->title);
	buf_finish(&plot->unit);
	free(plot->points);
	free(plot);
}

int plot_add_series(struct plot *plot, struct bytes label, unsigned *ret_series)
{
	if (plot->n_series < PLOT_SERIES_MOST) {
		struct buf *kept = &plot->kept[plot->n_series].label;

		buf_clear(kept);
		buf_add_bytes(kept, label);
		if (buf_error(kept))
			return -ENOMEM;
	}
	*ret_series = plot->n_series++;
	return 0;
}

static int need_columns(struct plot_series *series)
{
	if (series->columns)
		return 0;
	series->columns = malloc(PLOT_COLUMNS * sizeof(*series->columns));
	if (!series->columns)
		return -ENOMEM;
	for (unsigned i = 0; i < PLOT_COLUMNS; i++)
		series->columns[i] = (struct plot_column){INFINITY, -INFINITY};
	return 0;
}

static int add_to_column(struct plot *plot, unsigned kept, usec_t time, double value)
{
	struct plot_series *series = &plot->kept[kept];
	struct plot_column *column;
	unsigned i;

	if (need_columns(series) < 0)
		return -ENOMEM;
	i = (unsigned)((double)(time - plot->first) * plot->columns_per_usec);
	column = &series->columns[i < PLOT_COLUMNS ? i : PLOT_COLUMNS - 1];
	if (value < column->least)
		column->least = value;
	if (value > column->greatest)
		column->greatest = value;
	return 0;
}

int plot_make_columns(struct plot *plot, bool keep)
{
	int r = 0;

	if (!plot->points)
		return 0;
	for (uint64_t i = 0; i < plot->count && r == 0; i++)
		r = add_to_column(plot, plot_kept(plot->points[i].series), plot->points[i].time, plot->points[i].value);
	if (r < 0 || keep)
		return r;
	free(plot->points);
	plot->points = NULL;
	return 0;
}

static int add_exact(struct plot *plot, unsigned series, usec_t time, double value)
{
	if (!plot->points)
		plot->points = malloc(PLOT_POINTS_EXACT * sizeof(*plot->points));
	if (!plot->points)
		return -ENOMEM;
	plot->points[plot->count] = (struct plot_point){time, value, series, (unsigned)plot->count};
	return 0;
}

int plot_add(struct plot *plot, unsigned series, usec_t time, double value)
{
	int r = 0;

	if (!isfinite(value))
		return 0;
	time = clamp(time, plot->first, plot->latest);
	if (plot->count == PLOT_POINTS_EXACT)
		r = plot_make_columns(plot, false);
	if (r == 0)
		r = plot->count < PLOT_POINTS_EXACT ? add_exact(plot, series, time, value)
						    : add_to_column(plot, plot_kept(series), time, value);
	if (r < 0)
		return r;
	plot->kept[plot_kept(series)].count++;
	plot->count++;
	plot->least = value < plot->least ? value : plot->least;
	plot->greatest = value > plot->greatest ? value : plot->greatest;
	return 0;
}

uint64_t plot_count(const struct plot *plot)
{
	return plot->count;
}

/* From the most to the least; the long texts of somebody else go before the shape of the lines does. */
static const struct plot_detail details[] = {
	{.exact = true, .tips = true, .text = SIZE_MAX},
	{.exact = true, .tips = true, .text = 300},
	{.exact = true, .text = 300},
	{.exact = true, .text = 100},
	{.merge = 1, .text = SIZE_MAX},
	{.merge = 1, .text = 300},
	{.merge = 2, .text = 300},
	{.merge = 3, .text = 300},
	{.merge = 4, .text = 300},
	{.merge = 6, .text = 200},
	{.merge = 8, .text = 100},
	{.merge = 12, .text = 100},
	{.merge = 16, .text = 100},
	{.merge = 24, .text = 50},
	{.merge = 32, .text = 50},
	{.merge = 32},
	{.merge = 64},
};
#define N_DETAILS (sizeof(details) / sizeof(details[0]))

/* A tooltip a point is for pictures in which a point can be pointed at; small ones have room for few columns. */
static bool is_sensible(const struct plot *plot, const struct plot_detail *detail)
{
	if (detail->exact)
		return plot->count == 0 || (plot->points && !(detail->tips && (plot->small || plot->count > 100)));
	return !plot->small || detail->merge >= 3;
}

void plot_write(struct plot *plot, bool inline_in_html, struct buf *ret)
{
	autobuf struct buf drawing = BUF_INIT;

	for (size_t i = 0; i < N_DETAILS; i++) {
		if (!is_sensible(plot, &details[i]))
			continue;
		buf_clear(&drawing);
		if (!details[i].exact && plot_make_columns(plot, true) < 0) {
			drawing.error = -ENOMEM;
			break;
		}
		plot_draw(plot, &details[i], inline_in_html, &drawing);
		if (buf_error(&drawing) || drawing.len <= plot->most)
			break;
	}
	if (buf_error(&drawing))
		ret->error = buf_error(&drawing);
	else
		buf_add_bytes(ret, buf_bytes(&drawing));
}
