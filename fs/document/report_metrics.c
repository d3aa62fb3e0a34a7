/* The metrics: what the points of each name and type amount to, as metrics.json says it, and a picture of each name. */
#include "core/base/cleanup.h"
#include "core/store/columns.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "fs/document/report.h"
#include "fs/document/svg.h"

/* The smallest text that the plot engine promises to keep to. */
#define PLOT_BYTES ((size_t)16 << 10)

/* The series of the execution that show points as of the page's version. */
struct series_walk {
	event_t next; /* 0 at the start */
	struct series_id id;
	struct series series;
	struct series_sums sums;
};

static bool series_walk_next(struct page *p, struct series_walk *w)
{
	struct txn *txn = p->d->txn;

	w->id.scope = scope_of(SCOPE_EXECUTION, p->execution);
	while (series_next(txn, w->id.scope, w->next, &w->next, &w->id.name) && w->next <= p->version + 1) {
		w->id = (struct series_id){.scope = w->id.scope, .name = w->id.name, .text = name_text(txn, w->id.name)};
		if (!series_open(txn, &w->id, &w->series))
			continue;
		series_sums(txn, &w->id, &w->series, p->version, &w->sums);
		if (w->sums.count)
			return true;
	}
	return false;
}

uint64_t report_count_points(struct page *p, uint64_t most)
{
	struct series_walk w = {0};
	uint64_t n = 0;

	while (n <= most && series_walk_next(p, &w))
		n += w.sums.count;
	return n;
}

/* The table */

static const char head[] =
	"<div class=\"wide\" role=\"region\" aria-label=\"Metrics\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Name</th><th "
	"scope=\"col\">Type</th><th scope=\"col\" class=\"n\">Points</th><th scope=\"col\" class=\"n\">Sum</th><th scope=\"col\" "
	"class=\"n\">Avg</th><th scope=\"col\" class=\"n\">Min</th><th scope=\"col\" class=\"n\">Max</th><th scope=\"col\" "
	"class=\"n\">Last</th></tr></thead>\n<tbody>\n";

static void add_row(struct page *p, struct bytes name, const struct totals *t)
{
	const double numbers[] = {t->sum, t->sum / (double)t->count, t->min, t->max, t->last};
	struct buf *b = &p->out;

	buf_add_text(b, "<tr><th scope=\"row\">");
	html_add_decoded(b, name, HTML_NAME_MOST);
	buf_add_format(b, "</th><td class=\"type\">%s%s</td><td class=\"n\">", metric_type_name(t->type),
		       t->type == METRIC_TIMER ? ", seconds" : "");
	html_add_count(b, t->count);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		buf_add_text(b, "</td><td class=\"n\">");
		html_add_number(b, numbers[i]);
	}
	buf_add_text(b, "</td></tr>\n");
}

/* False where not all rows fit. */
static bool write_rows(struct page *p)
{
	struct totals totals[METRIC_TYPES];
	struct series_walk w = {0};

	while (series_walk_next(p, &w)) {
		unsigned n = series_totals(p->d->txn, &w.id, &w.series, p->version, totals);

		for (unsigned i = 0; i < n; i++) {
			add_row(p, w.id.text, &totals[i]);
			if (!page_keep(p, REPORT_METRICS_END))
				return false;
		}
	}
	return true;
}

/* The pictures */

/* Where all tags have the same name, that is said once. */
static bool has_one_tag(struct page *p, const struct series_walk *w, struct bytes *ret_name)
{
	struct columns columns;

	columns_at(p->d->txn, &w->id, &w->series, p->version, &columns);
	*ret_name = columns.names[0];
	return columns.n == 1 && !columns.more;
}

static void add_caption(struct page *p, const struct series_walk *w)
{
	autobuf struct buf file = BUF_INIT, name = BUF_INIT;

	buf_add_text(&file, "metrics/");
	page_fail(p, metric_stem_of_text(w->id.text, &file));
	buf_add_text(&file, ".svg");
	svg_add_decoded(w->id.text, &name);
	page_fail(p, buf_error(&file));
	page_fail(p, buf_error(&name));
	html_add_link(&p->out, buf_bytes(&file), buf_bytes(&name), HTML_CAPTION_MOST);
}

static void add_figure(struct page *p, const struct series_walk *w)
{
	struct svg_form form = {.small = true, .most = PLOT_BYTES};
	struct bytes tag;

	form.bare = has_one_tag(p, w, &tag);
	buf_add_text(&p->out, "<figure>\n<figcaption>");
	add_caption(p, w);
	if (form.bare) {
		buf_add_text(&p->out, " <span class=\"by\">by ");
		html_add_decoded(&p->out, tag, HTML_CAPTION_MOST);
		buf_add_text(&p->out, "</span>");
	}
	buf_add_text(&p->out, "</figcaption>\n");
	page_fail(p, svg_of_points(p->d->txn, &w->id, &w->series, p->version, &form, &p->out));
	buf_add_text(&p->out, "</figure>\n");
}

/* False where not all are drawn. */
static bool write_figures(struct page *p)
{
	struct series_walk w = {0};
	uint64_t drawn = 0;

	for (unsigned n = 0; series_walk_next(p, &w); n++) {
		drawn += w.sums.count;
		if (n == REPORT_PLOTS_MOST || drawn > REPORT_POINTS_DRAWN)
			return false;
		add_figure(p, &w);
		if (!page_keep(p, REPORT_PLOTS_END))
			return false;
	}
	return true;
}

void report_metrics(struct page *p)
{
	page_section(p, "metrics", "Metrics", 0);
	if (!p->points) {
		page_note(p, "No task has sent a metric.");
	} else {
		buf_add_text(&p->out, head);
		page_write(p);
		if (write_rows(p))
			buf_add_text(&p->out, "</tbody>\n</table>\n</div>\n");
		else
			buf_add_text(&p->out,
				     "</tbody>\n</table>\n</div>\n<p class=\"note\">More metrics are in <code>metrics.json</code>.</p>\n");
		buf_add_text(&p->out, "<div class=\"figures\">\n");
		page_write(p);
		if (!sink_full(p->sink))
			buf_add_text(&p->out, write_figures(p)
						      ? "</div>\n"
						      : "</div>\n<p class=\"note\">More pictures are in <code>metrics/</code>.</p>\n");
	}
	buf_add_text(&p->out, "</section>\n");
	page_write(p);
}
