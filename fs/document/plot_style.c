/*
 * Colours. Six for series, each at least 3:1 against its background and apart from the others for colour-blind readers too (after Okabe
 * and Ito; light and dark differ in lightness only); the second six series are the same, dashed, with square dots.
 */
#include "fs/document/plot_internal.h"
#include "fs/document/plot_text.h"

static const struct colour {
	const char *rule; /* selector and property */
	const char *name; /* of the page's own colour, without `--plot-` */
	const char *light;
	const char *dark;
} colours[] = {
	{".plot-back{fill", "background", "#ffffff", "#16191d"}, {".plot-text{fill", "text", "#1f2328", "#e8eaed"},
	{".plot-muted{fill", "muted", "#59636e", "#a3abb5"},	 {".plot-grid{stroke", "grid", "#e3e6ea", "#2d333b"},
	{".plot-axis{stroke", "axis", "#8c959f", "#6b7480"},	 {".plot-0{stroke", "1", "#0072b2", "#56b4e9"},
	{".plot-1{stroke", "2", "#d55e00", "#ff8f50"},		 {".plot-2{stroke", "3", "#008f68", "#27c497"},
	{".plot-3{stroke", "4", "#b8458c", "#e795c5"},		 {".plot-4{stroke", "5", "#a37500", "#f0d442"},
	{".plot-5{stroke", "6", "#24292f", "#f6f8fa"},		 {".plot-more{stroke", "more", "#98a1ab", "#687380"},
};
#define N_COLOURS (sizeof(colours) / sizeof(colours[0]))

static void add_colours(struct buf *out, bool inline_in_html, bool dark)
{
	for (size_t i = 0; i < N_COLOURS; i++) {
		const struct colour *c = &colours[i];
		const char *value = dark ? c->dark : c->light;

		if (inline_in_html)
			buf_add_format(out, "%s:var(--plot-%s,%s)}", c->rule, c->name, value);
		else
			buf_add_format(out, "%s:%s}", c->rule, value);
	}
}

/* Standing alone, it is no wider than its window, and its background is the window's. */
static void add_page(struct buf *out, bool dark)
{
	buf_add_format(out, ".plot{background:%s}", dark ? colours[0].dark : colours[0].light);
}

void plot_add_style(struct buf *out, bool inline_in_html)
{
	buf_add_text(out, "<style>.plot text{font-family:system-ui,sans-serif;stroke:none;font-variant-numeric:tabular-nums}");
	if (!inline_in_html) {
		buf_add_text(out, ".plot{display:block;margin:auto;max-width:100%;height:auto}");
		add_page(out, false);
	}
	add_colours(out, inline_in_html, false);
	buf_add_text(out, "@media(prefers-color-scheme:dark){");
	add_colours(out, inline_in_html, true);
	if (!inline_in_html)
		add_page(out, true);
	buf_add_text(out, "}</style>\n");
}

#define N_HUES 6

void plot_open_series(struct drawing *d, unsigned series)
{
	struct bytes label = buf_bytes(&d->plot->kept[plot_kept(series)].label);

	if (series >= PLOT_SERIES_MOST) {
		buf_add_text(d->out, "<g class=\"plot-more\">");
		return;
	}
	buf_add_format(d->out, "<g class=\"plot-%u\">", series % N_HUES);
	if (!label.len || !d->detail->text)
		return;
	buf_add_text(d->out, "<title>");
	plot_text_add_most(d->out, label, d->detail->text);
	buf_add_text(d->out, "</title>");
}

bool plot_is_dashed(unsigned series)
{
	return series >= N_HUES && series < PLOT_SERIES_MOST;
}
