/* What a plot keeps of its points, and how much of it a drawing shows. For the files plot*.c alone. */
#pragma once

#include "core/base/buf.h"
#include "fs/document/plot.h"
#include "fs/document/plot_scale.h"

/* Up to so many in all, points are kept and drawn as they are. */
#define PLOT_POINTS_EXACT 2000
/* Then only the least and the greatest value of so many equal spans of time. */
#define PLOT_COLUMNS 1024
/* What is kept per series: those with a colour, and all others as one. */
#define PLOT_KEPT (PLOT_SERIES_MOST + 1)
#define PLOT_OTHERS PLOT_SERIES_MOST

struct plot_point {
	usec_t time;
	double value;
	unsigned series;
	unsigned order; /* in which it was added */
};

struct plot_column {
	double least, greatest; /* least > greatest: no point */
};

struct plot_series {
	struct buf label;
	uint64_t count;
	struct plot_column *columns; /* NULL: not yet needed */
};

struct plot {
	struct buf title, unit;
	usec_t first, latest;
	double columns_per_usec;
	bool small;
	size_t most;
	unsigned n_series;
	struct plot_series kept[PLOT_KEPT];
	uint64_t count;
	double least, greatest;
	struct plot_point *points; /* NULL: none yet, or too many */
};

/* How much a drawing shows; where its text is too long, it is drawn with less. */
struct plot_detail {
	bool exact;	/* the points themselves; else columns */
	bool tips;	/* a tooltip at every point */
	unsigned merge; /* so many columns are drawn as one */
	size_t text;	/* bytes of labels in tooltips */
};

/* A drawing under way. Its unit is that of the viewBox; series are drawn in tenths of it, so that their paths need no decimal points. */
struct drawing {
	struct plot *plot;
	const struct plot_detail *detail;
	struct buf *out;
	bool inline_in_html;
	int font;
	int side; /* free at the left and right */
	int width, height;
	int left, right, top, bottom; /* of the area of the values */
	struct value_axis values;
	struct time_axis times;
};

static inline unsigned plot_kept(unsigned series)
{
	return series < PLOT_SERIES_MOST ? series : PLOT_OTHERS;
}

/** Makes columns of the points that are kept, once; they stay where `keep`. -ENOMEM. */
int plot_make_columns(struct plot *plot, bool keep);

/** The whole SVG at `detail`. Its length is known to be at most 16 KiB only for the coarsest detail. */
void plot_draw(struct plot *plot, const struct plot_detail *detail, bool inline_in_html, struct buf *out);

/** The style sheet. */
void plot_add_style(struct buf *out, bool inline_in_html);

/** Opens the group of a series: its colour, and its label (unless it is one of the others) as tooltip. To be closed with `</g>`. */
void plot_open_series(struct drawing *d, unsigned series);

/** Whether a series shares its colour with another, and so is dashed, with square dots. */
bool plot_is_dashed(unsigned series);

/** Lines and dots of all series. */
void plot_draw_series(struct drawing *d);

/** The names of the series; where there is nothing to name, its height is 0. */
int plot_legend_height(const struct drawing *d);
void plot_draw_legend(struct drawing *d, int top);
