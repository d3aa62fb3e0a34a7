/* The outputs of each run that has some, as of its latest attempt. */
#include "fs/document/report.h"

#include "core/base/cleanup.h"
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/store/query.h"

static const char *const type_names[] = {
	[JSON_NULL] = "null",	  [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",  [JSON_NUMBER] = "number",
	[JSON_STRING] = "string", [JSON_ARRAY] = "array",   [JSON_OBJECT] = "object",
};

static const char table_head[] = "<table class=\"outputs\">\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Type</th><th "
				 "scope=\"col\">Value</th></tr></thead>\n";

/* The section under way. */
struct outputs {
	struct page *page;
	unsigned n;
	bool end; /* it can take no more */
};

static void add_run_head(struct outputs *o, const struct run_path *path)
{
	struct buf *b = &o->page->out;

	if (!o->n)
		buf_add_text(b, table_head);
	buf_add_text(b, "<tbody>\n<tr class=\"run\"><th scope=\"rowgroup\" colspan=\"3\">");
	buf_add_bytes(b, path->task);
	if (path->n_values) {
		buf_add_text(b, " <span class=\"value\">");
		html_add_values(b, path);
		buf_add_text(b, "</span>");
	}
	buf_add_text(b, "</th></tr>\n");
}

/* What was left out of a value: how long it is, and where all of it is. A string's quotes are none of it. */
static void add_rest(struct page *p, struct bytes value, const struct run_path *path, struct bytes name)
{
	autobuf struct buf file = BUF_INIT, shown = BUF_INIT;
	size_t quotes = json_type_of(value) == JSON_STRING ? 2 : 0;

	report_run_path(path, &file);
	buf_add_text(&file, "/outputs/");
	name_encode(&file, name, NULL, NAME_ENTRY_MAX);
	buf_add_text(&shown, "exec/");
	buf_add_bytes(&shown, p->event.execution.id);
	buf_add_char(&shown, '/');
	buf_add_bytes(&shown, buf_bytes(&file));
	page_fail(p, buf_error(&file));
	page_fail(p, buf_error(&shown));
	buf_add_text(&p->out, " <span class=\"rest\">… ");
	html_add_size(&p->out, value.len - quotes);
	buf_add_text(&p->out, ", <code>");
	html_add_link(&p->out, buf_bytes(&file), buf_bytes(&shown), HTML_PATH_MOST);
	buf_add_text(&p->out, "</code></span>");
}

static void add_output(struct page *p, const struct event *event, const struct run_path *path)
{
	struct bytes value = event->output.value;

	buf_add_text(&p->out, "<tr><th scope=\"row\">");
	html_add(&p->out, event->output.name, HTML_NAME_MOST);
	buf_add_format(&p->out, "</th><td class=\"type\">%s</td><td class=\"value\">", type_names[json_type_of(value)]);
	if (html_add_value(&p->out, value))
		add_rest(p, value, path, event->output.name);
	buf_add_text(&p->out, "</td></tr>\n");
}

/* A run's head and its first output are one item, so that no head stands alone. */
static void add_run(struct outputs *o, const struct page_run *run)
{
	struct page *p = o->page;
	event_t place = 0, number;
	struct run_path path;
	struct event event;
	bool first = true;

	run_path_of_event(&run->event, &path);
	while (!o->end && output_next(p->d->txn, run->attempt, place, p->version, &place, &number) && log_read(p->d->txn, number, &event)) {
		if (!p->whole && o->n == REPORT_OUTPUTS_MOST) {
			o->end = true;
			break;
		}
		if (first)
			add_run_head(o, &path);
		add_output(p, &event, &path);
		o->end = !page_keep(p, REPORT_OUTPUTS_END);
		if (o->end)
			break;
		first = false;
		o->n++;
	}
	if (!first)
		buf_add_text(&p->out, "</tbody>\n");
}

void report_outputs(struct page *p)
{
	struct outputs o = {.page = p};
	struct page_run run = {0};

	page_section(p, "outputs", "Outputs", p->outputs);
	page_write(p);
	while (!o.end && report_run_next(p, &run))
		add_run(&o, &run);
	if (o.n)
		buf_add_text(&p->out, "</table>\n");
	else if (!o.end)
		page_note(p, "No task has set an output.");
	if (o.end)
		page_note(p, "More outputs are in <code>outputs.json</code>.");
	buf_add_text(&p->out, "</section>\n");
	page_write(p);
}
