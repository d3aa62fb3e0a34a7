/* The picture around the lines: its head, the axes and what is written at them. */
#include "fs/document/plot_internal.h"

#include "fs/document/plot_text.h"

#include <math.h>

/* All sizes in units of the viewBox. Text is large in it, so that a picture of 400 pixels can still be read. */
static const struct format {
	int width;
	int natural; /* how wide it is shown where nothing else says so */
	int font;
	int title;  /* size of the title; 0: none */
	int head;   /* from the top to the area of the values, without the unit */
	int values; /* its height */
	int side;   /* free at the left and right */
	unsigned steps;
} formats[] = {
	[false] = {640, 800, 14, 17, 48, 250, 14, 5},
	[true] = {360, 360, 11, 0, 10, 72, 8, 3},
};

#define LABEL_GAP 7 /* between an axis and its labels */
#define INSET 6	    /* so that the first and the last dot do not stand on the edge */

static const struct format *format_of(const struct drawing *d)
{
	return &formats[d->plot->small];
}

static int text_width(const struct drawing *d, struct bytes text)
{
	return (int)(plot_text_width(text) * (unsigned)d->font / PLOT_EM);
}

static int labels_width(const struct drawing *d)
{
	int widest = text_width(d, BYTES_LITERAL("UTC"));

	for (unsigned i = 0; i < d->values.n; i++) {
		int width = text_width(d, bytes_of(d->values.ticks[i].label));

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* The two lines of text below the axis of times. */
static int times_height(const struct drawing *d)
{
	return d->plot->count ? LABEL_GAP + d->font * 5 / 2 + 4 : 4;
}

static void lay_out(struct drawing *d)
{
	const struct format *f = format_of(d);

	d->font = f->font;
	d->side = f->side;
	d->width = f->width;
	d->left = f->side;
	d->right = f->width - f->side;
	d->top = f->head + (d->plot->count && d->plot->unit.len ? d->font + 7 : 0);
	d->bottom = d->top + f->values;
	if (d->plot->count) {
		value_axis_init(&d->values, d->plot->least, d->plot->greatest, f->steps);
		d->left += labels_width(d) + LABEL_GAP + INSET;
		d->right -= INSET;
		time_axis_init(&d->times, d->plot->first, d->plot->latest, (unsigned)((d->right - d->left) * PLOT_EM / d->font));
	}
	d->height = d->bottom + times_height(d) + plot_legend_height(d) + (d->plot->small ? 4 : 8);
}

/* For who cannot see the picture. Some of it is always said. */
static void add_name(struct drawing *d)
{
	size_t most = d->detail->text > 1000 ? 1000 : d->detail->text < 40 ? 40 : d->detail->text;

	plot_text_add_most(d->out, buf_bytes(&d->plot->title), most);
}

static void add_head(struct drawing *d)
{
	if (!d->inline_in_html)
		buf_add_text(d->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	buf_add_format(d->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 %d %d\"", d->width, d->height);
	if (!d->inline_in_html)
		buf_add_format(d->out, " width=\"%d\" height=\"%d\"", format_of(d)->natural, d->height * format_of(d)->natural / d->width);
	buf_add_text(d->out, " role=\"img\" aria-label=\"");
	add_name(d);
	buf_add_text(d->out, "\">\n<title>");
	add_name(d);
	buf_add_text(d->out, "</title>\n");
	plot_add_style(d->out, d->inline_in_html);
	buf_add_format(d->out, "<rect class=\"plot-back\" width=\"%d\" height=\"%d\"/>\n<g font-size=\"%d\">\n", d->width, d->height,
		       d->font);
}

static void add_points_count(struct drawing *d, struct buf *b)
{
	plot_text_add_count(b, d->plot->count);
	buf_add_text(b, d->plot->count == 1 ? " point" : " points");
	if (!d->detail->exact)
		buf_add_text(b, ", min to max");
}

static void add_title(struct drawing *d)
{
	autobuf struct buf count = BUF_INIT;
	const struct format *f = format_of(d);
	int y = f->side + f->title - 2;

	if (!f->title)
		return;
	if (d->plot->count)
		add_points_count(d, &count);
	buf_add_format(d->out, "<text class=\"plot-text\" font-size=\"%d\" font-weight=\"600\" x=\"%d\" y=\"%d\">", f->title, f->side, y);
	plot_text_add_cut(d->out, buf_bytes(&d->plot->title),
			  (unsigned)((d->width - 3 * f->side - text_width(d, buf_bytes(&count))) * PLOT_EM * 10 / 11 / f->title));
	buf_add_format(d->out, "</text>\n<text class=\"plot-muted\" text-anchor=\"end\" x=\"%d\" y=\"%d\">", d->width - f->side, y);
	buf_add_bytes(d->out, buf_bytes(&count));
	buf_add_text(d->out, "</text>\n");
	if (buf_error(&count))
		d->out->error = buf_error(&count);
}

static void add_unit(struct drawing *d)
{
	if (!d->plot->unit.len)
		return;
	buf_add_format(d->out, "<text x=\"%d\" y=\"%d\">", format_of(d)->side, d->top - d->font);
	plot_text_add_cut(d->out, buf_bytes(&d->plot->unit), 3000);
	buf_add_text(d->out, "</text>\n");
}

static int tick_down(const struct drawing *d, double place)
{
	return (int)lround(d->bottom - place * (d->bottom - d->top));
}

static void add_values_grid(struct drawing *d)
{
	buf_add_text(d->out, "<path class=\"plot-grid\" d=\"");
	for (unsigned i = 0; i < d->values.n; i++)
		buf_add_format(d->out, "M%d %dH%d", d->left - INSET, tick_down(d, d->values.ticks[i].place), d->right + INSET);
	buf_add_format(d->out, "\"/>\n<path class=\"plot-axis\" d=\"M%d %dH%d", d->left - INSET, d->bottom, d->right + INSET);
	for (unsigned i = 0; i < d->times.n; i++)
		buf_add_format(d->out, "M%ld %dv4", lround(d->left + d->times.ticks[i].place * (d->right - d->left)), d->bottom);
	if (d->values.from < 0 && d->values.to > 0)
		buf_add_format(d->out, "M%d %dH%d", d->left - INSET, tick_down(d, value_axis_place(&d->values, 0)), d->right + INSET);
	buf_add_text(d->out, "\"/>\n");
}

static void add_value_labels(struct drawing *d)
{
	buf_add_text(d->out, "<g class=\"plot-muted\" text-anchor=\"end\">\n");
	for (unsigned i = 0; i < d->values.n; i++)
		buf_add_format(d->out, "<text x=\"%d\" y=\"%d\">%s</text>\n", d->left - INSET - LABEL_GAP,
			       tick_down(d, d->values.ticks[i].place) + d->font / 3, d->values.ticks[i].label);
	buf_add_format(d->out, "<text x=\"%d\" y=\"%d\">UTC</text>\n</g>\n", d->left - INSET - LABEL_GAP,
		       d->bottom + LABEL_GAP + d->font * 9 / 4);
}

/* In the middle of its tick, as far as the picture's edges let it. */
static void add_time_label(struct drawing *d, const struct time_tick *tick, const char *text, int least, int y)
{
	int half = text_width(d, bytes_of(text)) / 2, x = (int)lround(d->left + tick->place * (d->right - d->left));
	int most = d->width - 4 - half;

	if (!*text)
		return;
	x = x > most ? most : x;
	buf_add_format(d->out, "<text x=\"%d\" y=\"%d\">%s</text>\n", x < least + half ? least + half : x, y, text);
}

static void add_time_labels(struct drawing *d)
{
	buf_add_text(d->out, "<g class=\"plot-muted\" text-anchor=\"middle\">\n");
	for (unsigned i = 0; i < d->times.n; i++) {
		const struct time_tick *tick = &d->times.ticks[i];

		add_time_label(d, tick, tick->label, 4, d->bottom + LABEL_GAP + d->font);
		add_time_label(d, tick, tick->context, d->left - INSET, d->bottom + LABEL_GAP + d->font * 9 / 4);
	}
	buf_add_text(d->out, "</g>\n");
}

static void draw_nothing(struct drawing *d)
{
	buf_add_format(d->out, "<path class=\"plot-axis\" d=\"M%d %dH%d\"/>\n", d->left, d->bottom, d->right);
	buf_add_format(d->out, "<text class=\"plot-muted\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">no points</text>\n", d->width / 2,
		       (d->top + d->bottom) / 2);
}

static void draw_axes(struct drawing *d)
{
	buf_add_text(d->out, "<g class=\"plot-muted\">\n");
	add_unit(d);
	buf_add_text(d->out, "</g>\n");
	add_values_grid(d);
	add_value_labels(d);
	add_time_labels(d);
}

void plot_draw(struct plot *plot, const struct plot_detail *detail, bool inline_in_html, struct buf *out)
{
	struct drawing d = {.plot = plot, .detail = detail, .out = out, .inline_in_html = inline_in_html};

	lay_out(&d);
	add_head(&d);
	add_title(&d);
	if (plot->count) {
		draw_axes(&d);
		plot_draw_series(&d);
		plot_draw_legend(&d, d.bottom + times_height(&d));
	} else {
		draw_nothing(&d);
	}
	buf_add_text(out, "</g>\n</svg>\n");
}
