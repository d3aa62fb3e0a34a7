/* The page as a whole: its head, its sections, its end, and whether it shows everything. */
#include "fs/document/report.h"

#include "core/store/query.h"
#include "fs/document/format.h"

#include <errno.h>

void page_fail(struct page *p, int error)
{
	if (error < 0 && !p->error)
		p->error = error;
}

/* buf_clear forgets an error, so it is asked for here. */
static void drop(struct page *p)
{
	page_fail(p, buf_error(&p->out));
	buf_clear(&p->out);
}

void page_write(struct page *p)
{
	sink_add_bytes(p->sink, buf_bytes(&p->out));
	drop(p);
}

bool page_keep(struct page *p, uint64_t end)
{
	if (!p->whole && p->sink->at + p->out.len > end - REPORT_BETWEEN) {
		drop(p);
		return false;
	}
	page_write(p);
	return !p->error && !txn_error(p->d->txn) && !sink_full(p->sink);
}

void page_section(struct page *p, const char *anchor, const char *title, uint64_t count)
{
	buf_add_format(&p->out, "<section id=\"%s\">\n<h2>%s", anchor, title);
	if (p->whole && count) {
		buf_add_text(&p->out, " <span class=\"count\">");
		html_add_count(&p->out, count);
		buf_add_text(&p->out, "</span>");
	}
	buf_add_text(&p->out, "</h2>\n");
}

void page_note(struct page *p, const char *text)
{
	buf_add_format(&p->out, "<p class=\"note\">%s</p>\n", text);
}

/* Whether it shows everything */

static void count_outputs(struct page *p, event_t attempt)
{
	event_t place = 0, number;

	while (p->runs + p->outputs <= POINTS_RENDERED_MOST && output_next(p->d->txn, attempt, place, p->version, &place, &number))
		p->outputs++;
}

/* Counts no further than it takes to know whether a page can show them all. */
static void count_all(struct page *p)
{
	struct page_run run = {0};

	p->points = report_count_points(p, POINTS_RENDERED_MOST);
	while (p->runs + p->outputs <= POINTS_RENDERED_MOST && report_run_next(p, &run)) {
		p->runs++;
		count_outputs(p, run.attempt);
	}
	p->whole = p->points <= POINTS_RENDERED_MOST && p->runs + p->outputs <= POINTS_RENDERED_MOST;
}

/* Its end */

static void pad(struct sink *sink)
{
	static const char blanks[] = "                                                                ";

	for (uint64_t part; sink->at < REPORT_BYTES && !sink_full(sink);) {
		part = REPORT_BYTES - sink->at;
		sink_add(sink, blanks, part < sizeof(blanks) - 1 ? (size_t)part : sizeof(blanks) - 1);
	}
}

/* Where the blanks begin is remembered: the page need not be made again to read on in them. */
static bool is_blank(const struct document *d, struct sink *sink)
{
	if (!d->resume || !sink->data || !d->resume->place || d->resume->at > sink->from)
		return false;
	sink->at = d->resume->at;
	return true;
}

static int end_fixed(struct document *d, struct sink *sink)
{
	if (sink_full(sink))
		return 0;
	if (sink->at > REPORT_BYTES)
		return -EOVERFLOW;
	if (d->resume && sink->data)
		*d->resume = (struct resume){.at = sink->at, .place = 1};
	pad(sink);
	return 0;
}

static int page_open(struct document *d, struct sink *sink, struct page *ret)
{
	int r;

	*ret = (struct page){.d = d, .sink = sink, .version = d->node.event};
	r = version_execution(d->txn, ret->version, &ret->execution);
	if (r < 0)
		return r;
	if (!log_read(d->txn, ret->execution, &ret->event) || ret->event.type != EVENT_EXECUTION)
		return txn_error(d->txn) ? txn_error(d->txn) : -ESTALE;
	count_all(ret);
	return txn_error(d->txn);
}

int render_report(struct document *d, struct sink *sink)
{
	static void (*const sections[])(struct page * p) = {report_head,    report_runs,     report_outputs,
							    report_metrics, report_warnings, report_foot};
	struct page p;
	int r;

	if (is_blank(d, sink)) {
		pad(sink);
		return 0;
	}
	r = page_open(d, sink, &p);
	for (size_t i = 0; !r && i < sizeof(sections) / sizeof(*sections) && !sink_full(sink); i++) {
		sections[i](&p);
		r = p.error;
	}
	if (!r && !p.whole)
		r = end_fixed(d, sink);
	buf_finish(&p.out);
	return r;
}

int size_report(struct document *d, uint64_t *ret_size)
{
	struct sink sink = sink_counting();
	struct page p;
	int r = page_open(d, &sink, &p);

	*ret_size = REPORT_BYTES;
	return !r && p.whole ? DOCUMENT_RENDER : r;
}
