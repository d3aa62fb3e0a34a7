/* The legend: below the picture, in as many columns of equal width as the longest label allows. */
#include "fs/document/plot_internal.h"

#include "fs/document/plot_text.h"

#define SWATCH 22 /* the piece of a line before a label */
#define GAP 8
#define COLUMNS_MOST 3
#define UNNAMED BYTES_LITERAL("(none)")

static bool is_empty(const struct plot *plot)
{
	return plot->n_series == 0 || plot->count == 0 || (plot->n_series == 1 && plot->kept[0].label.len == 0);
}

static unsigned entries_of(const struct plot *plot)
{
	return plot->n_series <= PLOT_SERIES_MOST ? plot->n_series : PLOT_KEPT;
}

static struct bytes label_of(const struct plot *plot, unsigned entry)
{
	struct bytes label = buf_bytes(&plot->kept[entry].label);

	return label.len ? label : UNNAMED;
}

static int line_height(const struct drawing *d)
{
	return d->font * 3 / 2;
}

/* The room for a label, in hundredths of the font's size. */
static unsigned label_width(const struct drawing *d, unsigned columns)
{
	int width = (d->width - 2 * d->side) / (int)columns - SWATCH - 2 * GAP;

	return (unsigned)(width * PLOT_EM / d->font);
}

static bool all_fit(const struct drawing *d, unsigned columns)
{
	for (unsigned i = 0; i < d->plot->n_series && i < PLOT_SERIES_MOST; i++)
		if (!plot_text_fits(label_of(d->plot, i), label_width(d, columns)))
			return false;
	return true;
}

/* One column for a few long labels; many are cut rather than making the picture a list. */
static unsigned columns_of(const struct drawing *d)
{
	unsigned columns = entries_of(d->plot) < COLUMNS_MOST ? entries_of(d->plot) : COLUMNS_MOST;
	unsigned fewest = entries_of(d->plot) > 4 ? 2 : 1;

	while (columns > fewest && !all_fit(d, columns))
		columns--;
	return columns;
}

int plot_legend_height(const struct drawing *d)
{
	unsigned columns;

	if (is_empty(d->plot))
		return 0;
	columns = columns_of(d);
	return (int)((entries_of(d->plot) + columns - 1) / columns) * line_height(d) + GAP;
}

static void add_swatch(struct drawing *d, unsigned entry, int x, int y)
{
	buf_add_format(d->out, "<path stroke-width=\"%s\"%s d=\"M%d %dh%d\"/>", entry == PLOT_OTHERS ? "1.5" : "3",
		       plot_is_dashed(entry) ? " stroke-dasharray=\"7 4\"" : "", x, y - d->font / 3, SWATCH - 4);
}

static void add_entry(struct drawing *d, unsigned entry, int x, int y, unsigned width)
{
	plot_open_series(d, entry);
	add_swatch(d, entry, x, y);
	buf_add_format(d->out, "<text class=\"plot-text\" x=\"%d\" y=\"%d\">", x + SWATCH + GAP / 2, y);
	if (entry == PLOT_OTHERS) {
		buf_add_text(d->out, "and ");
		plot_text_add_count(d->out, d->plot->n_series - PLOT_SERIES_MOST);
		buf_add_text(d->out, " more");
	} else {
		plot_text_add_cut(d->out, label_of(d->plot, entry), width);
	}
	buf_add_text(d->out, "</text></g>\n");
}

/* Down each column, then the next. */
void plot_draw_legend(struct drawing *d, int top)
{
	unsigned entries = entries_of(d->plot), columns, rows;

	if (is_empty(d->plot))
		return;
	columns = columns_of(d);
	rows = (entries + columns - 1) / columns;
	for (unsigned i = 0; i < entries; i++)
		add_entry(d, i, d->side + (int)(i / rows) * (d->width - 2 * d->side) / (int)columns,
			  top + (int)(i % rows + 1) * line_height(d), label_width(d, columns));
}
