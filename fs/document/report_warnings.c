/* Why something that was printed was not recorded: the first lines of the execution's `warnings`. */
#include "fs/document/report.h"

static bool next_warning(struct page *p, uint64_t *offset, struct event *ret)
{
	event_t number;

	return lines_next(p->d->txn, scope_of(SCOPE_EXECUTION, p->execution), LINE_WARNING, offset, &number) && number <= p->version &&
	       log_read(p->d->txn, number, ret);
}

static void add_warning(struct page *p, const struct event *warning)
{
	struct run_path path;
	struct event attempt;

	if (!log_read(p->d->txn, warning->about, &attempt))
		return;
	run_path_of_event(&attempt, &path);
	buf_add_text(&p->out, "<tr><th scope=\"row\">");
	buf_add_bytes(&p->out, path.task);
	buf_add_text(&p->out, "</th><td class=\"value\">");
	html_add_values(&p->out, &path);
	buf_add_text(&p->out, "</td><td class=\"message\">");
	html_add(&p->out, warning->warning.text, HTML_VALUE_MOST);
	buf_add_text(&p->out, "</td></tr>\n");
}

static const char head[] = "<table class=\"warnings\">\n<thead><tr><th scope=\"col\">Task</th><th scope=\"col\">Value</th><th "
			   "scope=\"col\">Warning</th></tr></thead>\n<tbody>\n";

void report_warnings(struct page *p)
{
	uint64_t offset = 0;
	struct event warning;
	unsigned n = 0;
	bool more;

	page_section(p, "warnings", "Warnings", 0);
	for (more = next_warning(p, &offset, &warning); more; more = next_warning(p, &offset, &warning)) {
		if (n == REPORT_WARNINGS_MOST)
			break;
		buf_add_text(&p->out, n ? "" : head);
		add_warning(p, &warning);
		if (!page_keep(p, REPORT_WARNINGS_END))
			break;
		n++;
	}
	if (n)
		buf_add_text(&p->out, "</tbody>\n</table>\n");
	else if (!more)
		page_note(p, "None: everything that was printed between marks was recorded.");
	if (more)
		page_note(p, "More are in <code>warnings</code>.");
	buf_add_text(&p->out, "</section>\n");
	page_write(p);
}
