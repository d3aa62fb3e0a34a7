/*
 * A picture of values over time as one self-contained SVG, of bounded size whatever the number of points: few are drawn
 * as they are, of many the least and the greatest per column of pixels. No store here: who draws adds points.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/clock.h"

struct plot;

struct plot_options {
	struct bytes title; /* UTF-8, of somebody else: escaped here */
	const char *unit;   /* of the values, at their axis: "seconds"; NULL or "": none */
	usec_t first;	    /* the least and the greatest time that will be added */
	usec_t latest;
	bool small;  /* an inline picture: 360 units wide instead of 640, lower, the title as a tooltip only, fewer ticks */
	size_t most; /* the text takes no more bytes than this; at least 16 KiB */
};

/** Series drawn with a colour and a line in the legend of their own; further ones are drawn alike, and the legend says how many. */
#define PLOT_SERIES_MOST 12

/** -ENOMEM. The caller owns *ret. Title and unit are copied. */
int plot_new(const struct plot_options *options, struct plot **ret);
void plot_free(struct plot *plot);

/**
 * A new series with its legend's text (UTF-8, of somebody else, any length; empty: no legend where it is the only one); its number.
 * -ENOMEM.
 */
int plot_add_series(struct plot *plot, struct bytes label, unsigned *ret_series);

/**
 * One point of a series that was added. Times may come in any order and repeat (one outside first…latest counts as the nearer of them);
 * values may be any double that is finite (others are passed over). Memory is bounded by the series, not by the points. -ENOMEM.
 */
int plot_add(struct plot *plot, unsigned series, usec_t time, double value);

/** How many points were added. */
uint64_t plot_count(const struct plot *plot);

/**
 * Appends the SVG; blanks may follow it. Nothing but the same bytes for the same calls. -ENOMEM is *ret's error.
 *
 * `inline_in_html`: without the XML declaration and a size of its own (it is as wide as its container; its class is `plot`), to stand in a
 * page. Then it takes the page's colours from the CSS custom properties --plot-background, --plot-text, --plot-muted (secondary text),
 * --plot-grid, --plot-axis, --plot-1 to --plot-6 (series) and --plot-more (series beyond PLOT_SERIES_MOST), where the page sets them; for
 * light and dark it has its own. It has no id, and all its classes begin with `plot`.
 */
void plot_write(struct plot *plot, bool inline_in_html, struct buf *ret);
