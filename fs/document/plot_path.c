/*
 * Lines and dots. A series, whatever is kept of it, becomes a list of corners in whole tenths of the drawing's unit; the path through
 * them is written in the shortest of SVG's relative commands.
 */
#include "fs/document/plot_internal.h"

#include "core/base/number.h"
#include "fs/document/plot_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Series of fewer points than this have dots. */
#define DOTTED_BELOW 100
#define CORNERS_MOST (2 * PLOT_COLUMNS)

_Static_assert(PLOT_POINTS_EXACT <= CORNERS_MOST, "all points may be of one series");

struct corner {
	int x, y;
};

struct line {
	unsigned series;
	uint64_t points;
	unsigned n;
	struct corner corners[CORNERS_MOST];
};

static int tenths_across(const struct drawing *d, double place)
{
	return (int)lround(10 * (d->left + place * (d->right - d->left)));
}

static int tenths_down(const struct drawing *d, double value)
{
	return (int)lround(10 * (d->bottom - value_axis_place(&d->values, value) * (d->bottom - d->top)));
}

static void line_add(struct line *line, int x, int y)
{
	const struct corner *last = line->n ? &line->corners[line->n - 1] : NULL;

	if (!last || last->x != x || last->y != y)
		line->corners[line->n++] = (struct corner){x, y};
}

/* ` 12` or `-3`, with the command before it where it changes. */
static void add_move(struct buf *out, char *command, char next, int a)
{
	if (*command != next)
		buf_add_char(out, next);
	else if (a >= 0)
		buf_add_char(out, ' ');
	*command = next;
	buf_add_format(out, "%d", a);
}

static void add_path(struct buf *out, const struct line *line, bool dashed)
{
	char command = '\0';

	buf_add_format(out, "<path%s d=\"M%d %d", dashed ? " stroke-dasharray=\"70 50\"" : "", line->corners[0].x, line->corners[0].y);
	for (unsigned i = 1; i < line->n; i++) {
		int x = line->corners[i].x - line->corners[i - 1].x, y = line->corners[i].y - line->corners[i - 1].y;

		if (x == 0)
			add_move(out, &command, 'v', y);
		else if (y == 0)
			add_move(out, &command, 'h', x);
		else {
			add_move(out, &command, 'l', x);
			buf_add_format(out, y < 0 ? "%d" : " %d", y);
		}
	}
	buf_add_text(out, "\"/>");
}

/* Smaller where many stand together. */
static int dot_size(const struct plot *plot)
{
	return plot->small || plot->count > 200 ? 45 : 70;
}

/* A dot is the cap of a line of no length. */
static void open_dots(struct drawing *d, const struct line *line)
{
	buf_add_format(d->out, "<g stroke-width=\"%d\"%s>", dot_size(d->plot),
		       plot_is_dashed(line->series) ? " stroke-linecap=\"square\"" : "");
}

static void add_dots(struct drawing *d, const struct line *line)
{
	open_dots(d, line);
	buf_add_text(d->out, "<path d=\"");
	for (unsigned i = 0; i < line->n; i++)
		buf_add_format(d->out, "M%d %dh0", line->corners[i].x, line->corners[i].y);
	buf_add_text(d->out, "\"/></g>");
}

static void add_tip(struct drawing *d, const struct plot_point *point, struct bytes label)
{
	char time[CLOCK_TEXT_LEN], value[NUMBER_TEXT_SIZE];

	clock_format(point->time, time);
	number_format(point->value, value);
	buf_add_format(d->out, "<title>%.*s\n%s ", CLOCK_TEXT_LEN, time, value);
	plot_text_add_most(d->out, buf_bytes(&d->plot->unit), 50);
	if (label.len) {
		buf_add_char(d->out, '\n');
		plot_text_add_most(d->out, label, 100);
	}
	buf_add_text(d->out, "</title>");
}

static void add_dots_with_tips(struct drawing *d, const struct line *line, const struct plot_point *points)
{
	struct bytes label = buf_bytes(&d->plot->kept[plot_kept(line->series)].label);

	open_dots(d, line);
	for (uint64_t i = 0; i < line->points; i++) {
		buf_add_format(d->out, "<path d=\"M%d %dh0\">", tenths_across(d, time_axis_place(&d->times, points[i].time)),
			       tenths_down(d, points[i].value));
		add_tip(d, &points[i], line->series < PLOT_SERIES_MOST ? label : bytes_make("", 0));
		buf_add_text(d->out, "</path>");
	}
	buf_add_text(d->out, "</g>");
}

/* The others have dots only where there is no line to see. */
static bool is_dotted(const struct line *line)
{
	return line->n == 1 || (line->points < DOTTED_BELOW && line->series < PLOT_SERIES_MOST);
}

/* `points` are those of the line, or NULL. */
static void draw_line(struct drawing *d, const struct line *line, const struct plot_point *points)
{
	bool dotted = is_dotted(line);

	if (line->n > 1)
		add_path(d->out, line, plot_is_dashed(line->series));
	if (dotted && points && d->detail->tips)
		add_dots_with_tips(d, line, points);
	else if (dotted)
		add_dots(d, line);
}

static int point_compare(const void *a, const void *b)
{
	const struct plot_point *p = a, *q = b;

	if (p->series != q->series)
		return p->series < q->series ? -1 : 1;
	if (p->time != q->time)
		return p->time < q->time ? -1 : 1;
	return p->order < q->order ? -1 : 1;
}

static void draw_points(struct drawing *d, const struct plot_point *points, unsigned n, struct line *line)
{
	line->series = points->series;
	line->points = n;
	line->n = 0;
	for (unsigned i = 0; i < n; i++)
		line_add(line, tenths_across(d, time_axis_place(&d->times, points[i].time)), tenths_down(d, points[i].value));
	draw_line(d, line, points);
}

/* The points of series `from` to `to`, those of one series together. */
static void draw_exact(struct drawing *d, unsigned from, unsigned to, struct line *line)
{
	const struct plot_point *points = d->plot->points;
	unsigned n = (unsigned)d->plot->count;

	for (unsigned i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && points[next].series == points[i].series; next++)
			continue;
		if (points[i].series >= from && points[i].series <= to)
			draw_points(d, points + i, next - i, line);
	}
}

static struct plot_column merged(const struct plot_series *series, unsigned from, unsigned to)
{
	struct plot_column all = {INFINITY, -INFINITY};

	for (unsigned i = from; i < to; i++) {
		all.least = fmin(all.least, series->columns[i].least);
		all.greatest = fmax(all.greatest, series->columns[i].greatest);
	}
	return all;
}

/* Whichever of the two is nearer to where the line is comes first. */
static void line_add_column(struct line *line, int x, int low, int high)
{
	int at = line->n ? line->corners[line->n - 1].y : low;

	line_add(line, x, abs(at - low) <= abs(at - high) ? low : high);
	line_add(line, x, abs(at - low) <= abs(at - high) ? high : low);
}

static void draw_columns(struct drawing *d, unsigned kept, struct line *line)
{
	const struct plot_series *series = &d->plot->kept[kept];
	double first = time_axis_place(&d->times, d->plot->first), latest = time_axis_place(&d->times, d->plot->latest);

	line->series = kept;
	line->points = series->count;
	line->n = 0;
	for (unsigned i = 0, to; i < PLOT_COLUMNS; i = to) {
		struct plot_column column;

		to = i + d->detail->merge < PLOT_COLUMNS ? i + d->detail->merge : PLOT_COLUMNS;
		column = merged(series, i, to);
		if (column.least <= column.greatest)
			line_add_column(line, tenths_across(d, first + (i + to) / 2.0 / PLOT_COLUMNS * (latest - first)),
					tenths_down(d, column.least), tenths_down(d, column.greatest));
	}
	draw_line(d, line, NULL);
}

static void draw_kept(struct drawing *d, unsigned kept, struct line *line)
{
	if (!d->plot->kept[kept].count)
		return;
	plot_open_series(d, kept);
	if (d->detail->exact)
		draw_exact(d, kept, kept == PLOT_OTHERS ? UINT32_MAX : kept, line);
	else
		draw_columns(d, kept, line);
	buf_add_text(d->out, "</g>\n");
}

/* A thinner line where it is dense; and where columns are merged, one that covers them. */
static int stroke_width(const struct drawing *d)
{
	int column = d->detail->exact ? 0 : 10 * (d->right - d->left) * (int)d->detail->merge / PLOT_COLUMNS;

	if (d->detail->exact && d->plot->count <= 300)
		return d->plot->small ? 15 : 20;
	return column < 12 ? 12 : column > 30 ? 30 : column;
}

/* The others come first, below those that have a name. */
void plot_draw_series(struct drawing *d)
{
	struct line *line = malloc(sizeof(*line));

	if (!line) {
		d->out->error = -ENOMEM;
		return;
	}
	if (d->plot->points)
		qsort(d->plot->points, d->plot->count, sizeof(*d->plot->points), point_compare);
	buf_add_format(d->out,
		       "<g transform=\"scale(.1)\" fill=\"none\" stroke-width=\"%d\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n",
		       stroke_width(d));
	draw_kept(d, PLOT_OTHERS, line);
	for (unsigned i = 0; i < PLOT_SERIES_MOST; i++)
		draw_kept(d, i, line);
	buf_add_text(d->out, "</g>\n");
	free(line);
}
