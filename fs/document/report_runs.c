/* The task runs as a table, each as its latest attempt. */
#include "fs/document/report.h"

#include "core/base/cleanup.h"
#include "core/store/query.h"

bool report_run_next(struct page *p, struct page_run *run)
{
	struct txn *txn = p->d->txn;
	struct run r;

	if (!run_next(txn, p->execution, run->id, &run->id, &r) || run->id > p->version)
		return false;
	run->attempt = run_attempt_at(txn, &r, p->version, &run->record);
	return run->attempt && log_read(txn, run->attempt, &run->event);
}

void report_run_path(const struct run_path *path, struct buf *ret)
{
	for (unsigned depth = 0; depth <= run_path_depth(path); depth++) {
		buf_add_text(ret, depth ? "/runs/" : "");
		run_path_entry(path, depth, ret);
	}
}

static const char head[] =
	"<div class=\"wide\" role=\"region\" aria-label=\"Task runs\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Task</th><th "
	"scope=\"col\">State</th><th scope=\"col\">Value</th><th scope=\"col\" class=\"n\">Attempt</th><th scope=\"col\">Started</th><th "
	"scope=\"col\">Ended</th><th scope=\"col\" class=\"n\">Duration</th><th scope=\"col\" class=\"n\">Exit "
	"code</th></tr></thead>\n<tbody>\n";

static void add_name(struct buf *b, const struct run_path *path)
{
	autobuf struct buf folder = BUF_INIT;

	report_run_path(path, &folder);
	if (buf_error(&folder))
		b->error = buf_error(&folder);
	buf_add_text(b, "<tr><th scope=\"row\">");
	html_add_link(b, buf_bytes(&folder), path->task, HTML_NAME_MOST);
	buf_add_text(b, "</th><td>");
}

static void add_end(struct buf *b, const struct span *span, bool coded, int exit_code)
{
	if (span->state == STATE_RUNNING) {
		buf_add_text(b, "–</td><td class=\"n\">–</td><td class=\"n\">–</td></tr>\n");
		return;
	}
	html_add_time(b, span->end);
	buf_add_text(b, "</td><td class=\"n\">");
	html_add_duration(b, span->end - span->start);
	if (coded)
		buf_add_format(b, "</td><td class=\"n\">%d</td></tr>\n", exit_code);
	else
		buf_add_text(b, "</td><td class=\"n\">–</td></tr>\n");
}

static void add_row(struct page *p, const struct page_run *run)
{
	const struct attempt_record *a = &run->record;
	struct span span = attempt_span(p->d, run->attempt, a);
	bool coded = a->end && a->end <= p->version && a->exit_code != EXIT_CODE_NONE;
	struct run_path path;

	run_path_of_event(&run->event, &path);
	add_name(&p->out, &path);
	html_add_state(&p->out, span.state);
	buf_add_text(&p->out, "</td><td class=\"value\">");
	html_add_values(&p->out, &path);
	buf_add_format(&p->out, "</td><td class=\"n\">%u</td><td>", a->number);
	html_add_time(&p->out, span.start);
	buf_add_text(&p->out, "</td><td>");
	add_end(&p->out, &span, coded, a->exit_code);
}

void report_runs(struct page *p)
{
	struct page_run run = {0};
	unsigned n = 0;
	bool more;

	page_section(p, "runs", "Task runs", p->runs);
	while ((more = report_run_next(p, &run))) {
		if (n == 0) {
			buf_add_text(&p->out, head);
			page_write(p);
		}
		if (!p->whole && n == REPORT_RUNS_MOST)
			break;
		add_row(p, &run);
		if (!page_keep(p, REPORT_RUNS_END))
			break;
		n++;
	}
	if (n || more)
		buf_add_text(&p->out, "</tbody>\n</table>\n</div>\n");
	else
		page_note(p, "No task has run yet.");
	if (more)
		page_note(p, "More task runs are in <code>execution.json</code>.");
	buf_add_text(&p->out, "</section>\n");
	page_write(p);
}
