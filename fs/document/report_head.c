/* What stands above and below the sections: whose page it is, what became of the execution; where the same is as data. */
#include "core/store/query.h"
#include "fs/document/report.h"

/* The policy holds whatever the escaping does: nothing is fetched, nothing runs. */
static const char opening[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri "
	"'none'; "
	"form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n";

static const char navigation[] = "<nav aria-label=\"Sections\"><a href=\"#runs\">Task runs</a> <a href=\"#outputs\">Outputs</a> <a "
				 "href=\"#metrics\">Metrics</a> <a href=\"#warnings\">Warnings</a></nav>\n";

static void write_title(struct page *p, enum state state)
{
	struct buf *b = &p->out;

	buf_add_text(b, opening);
	buf_add_text(b, "<title>");
	buf_add_bytes(b, p->event.execution.flow); /* ids need no escaping */
	buf_add_format(b, " %s ", state_name(state));
	buf_add_bytes(b, p->event.execution.id);
	buf_add_text(b, "</title>\n");
	report_style(b);
	buf_add_text(b, "</head>\n<body>\n<header>\n<p class=\"over\">Execution of ");
	buf_add_bytes(b, p->event.execution.namespace);
	buf_add_text(b, "</p>\n<h1>");
	buf_add_bytes(b, p->event.execution.flow);
	buf_add_char(b, ' ');
	html_add_state(b, state);
	buf_add_text(b, "</h1>\n<p class=\"id\"><code>");
	buf_add_bytes(b, p->event.execution.id);
	buf_add_text(b, "</code></p>\n");
}

static void write_times(struct page *p, const struct span *span)
{
	struct buf *b = &p->out;

	buf_add_text(b, "<dl class=\"facts\">\n<div><dt>Started</dt><dd>");
	html_add_time(b, span->start);
	buf_add_text(b, "</dd></div>\n<div><dt>Ended</dt><dd>");
	if (span->state == STATE_RUNNING)
		buf_add_text(b, "still running</dd></div>\n");
	else {
		html_add_time(b, span->end);
		buf_add_text(b, "</dd></div>\n<div><dt>Duration</dt><dd>");
		html_add_duration(b, span->end - span->start);
		buf_add_text(b, "</dd></div>\n");
	}
	buf_add_text(b, "</dl>\n");
	page_write(p);
}

struct labels {
	struct page *page;
	unsigned n;
};

static void visit_label(void *context, struct bytes key, struct bytes value)
{
	struct labels *labels = context;
	struct buf *b = &labels->page->out;

	if (labels->n++ >= REPORT_LABELS_MOST)
		return;
	buf_add_text(b, labels->n == 1 ? "<ul class=\"labels\" aria-label=\"Labels\">\n<li>" : "<li>");
	html_add(b, key, HTML_NAME_MOST);
	buf_add_char(b, ':');
	html_add(b, value, HTML_NAME_MOST);
	buf_add_text(b, "</li>\n");
	if (!page_keep(labels->page, REPORT_HEAD_END))
		labels->n = REPORT_LABELS_MOST + 1;
}

static void write_labels(struct page *p)
{
	struct labels labels = {.page = p};

	execution_labels(p->d->txn, p->execution, p->version, visit_label, &labels);
	if (labels.n)
		buf_add_text(&p->out, "</ul>\n");
	if (labels.n > REPORT_LABELS_MOST)
		page_note(p, "More labels are in <code>execution.json</code>.");
}

void report_head(struct page *p)
{
	struct span span = execution_span(p->d, p->execution);

	write_title(p, span.state);
	write_times(p, &span);
	write_labels(p);
	buf_add_text(&p->out, "</header>\n");
	buf_add_text(&p->out, navigation);
	if (!p->whole)
		page_note(
			&*p,
			"This execution has more than one page can show. Each section shows the first entries and says where the rest is.");
	buf_add_text(&p->out, "<main>\n");
	page_write(p);
}

void report_foot(struct page *p)
{
	struct buf *b = &p->out;
	struct event last;

	buf_add_text(b, "</main>\n<footer>\n<p>Made by kestrafs from what was recorded up to ");
	html_add_time(b, log_read(p->d->txn, p->version, &last) ? last.time : p->event.time);
	buf_add_text(b, ".</p>\n<p>The same as data, in <code>exec/");
	buf_add_bytes(b, p->event.execution.id);
	buf_add_text(b, "/</code>: <code>execution.json</code>, <code>outputs.json</code>, <code>metrics.json</code>, "
			"<code>warnings</code>, each output at "
			"<code>&lt;task&gt;/outputs/&lt;name&gt;</code>, all points of a metric at <code>metrics/&lt;name&gt;.json</code>, "
			"<code>.csv</code>, "
			"<code>.prom</code>, <code>.svg</code>.</p>\n</footer>\n</body>\n</html>\n");
	page_write(p);
}
