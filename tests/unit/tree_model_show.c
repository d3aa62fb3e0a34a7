/* Documents of executions, tasks and runs. */
#include "tests/unit/tree_model_parts.h"

#include "core/base/names.h"
#include "core/base/text.h"

#include <stdio.h>

static void show(struct model *m, struct expected expected)
{
	assert_int_equal(buf_error(&m->contents), 0);
	expected.contents = buf_bytes(&m->contents);
	m->visit(m->context, &expected);
	buf_clear(&m->contents);
}

char *path_join(const char *folder, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

void show_file(struct model *m, const char *folder, const char *name)
{
	autofree char *path = path_join(folder, name);

	show(m, (struct expected){.path = path});
}

void show_opaque(struct model *m, const char *folder, const char *name)
{
	autofree char *path = path_join(folder, name);

	show(m, (struct expected){.path = path, .opaque = true});
}

void show_folder(struct model *m, const char *path)
{
	show(m, (struct expected){.path = path, .folder = true});
}

static void add_outputs(struct buf *b, const struct model_attempt *a, bool *first)
{
	for (size_t i = 0; i < a->n_outputs; i++) {
		buf_add_text(b, *first ? "" : ",");
		*first = false;
		text_add_json_string(b, bytes_of(a->outputs[i].name));
		buf_add_char(b, ':');
		buf_add_bytes(b, buf_bytes(&a->outputs[i].json));
	}
}

static bool has_outputs(const struct model *m, int folder)
{
	for (int run = 0; run < m->n_runs; run++)
		if (model_is_below(m, m->runs[run].folder, folder) && m->attempts[model_latest(m, run)].n_outputs)
			return true;
	return false;
}

static void add_folder_outputs(struct model *m, int folder, bool vars, struct buf *b)
{
	int run = m->folders[folder].run;
	bool first = true;

	buf_add_char(b, '{');
	if (run >= 0 && (!vars || m->attempts[model_latest(m, run)].n_outputs)) {
		buf_add_text(b, vars ? "\"vars\":{" : "");
		add_outputs(b, &m->attempts[model_latest(m, run)], &first);
		buf_add_text(b, vars ? "}" : "");
	}
	for (int i = 0; i < m->n_folders; i++) {
		if (m->folders[i].above != folder || !has_outputs(m, i))
			continue;
		buf_add_text(b, first ? "" : ",");
		first = false;
		text_add_json_string(b, buf_bytes(&m->folders[i].key));
		buf_add_char(b, ':');
		add_folder_outputs(m, i, vars, b);
	}
	buf_add_char(b, '}');
}

static void add_date(struct buf *b, bool first, enum state state, const char *word, usec_t time)
{
	buf_add_format(b, "%s{\"state\":\"%s\",\"date\":\"", first ? "" : ",", word ? word : state_name(state));
	add_time(b, time);
	buf_add_text(b, "\"}");
}

static void add_state(struct buf *b, usec_t start, const struct history *histories, size_t n)
{
	const struct history *last = &histories[n - 1];
	char duration[CLOCK_DURATION_SIZE];

	buf_add_format(b, "{\"current\":\"%s\",\"histories\":[", state_name(last->state));
	add_date(b, true, STATE_NONE, "CREATED", start);
	for (size_t i = 0; i < n; i++)
		add_date(b, false, histories[i].state, NULL, histories[i].time);
	buf_add_char(b, ']');
	if (last->state != STATE_RUNNING) {
		clock_format_duration(last->time - start, duration);
		buf_add_format(b, ",\"duration\":\"%s\"", duration);
	}
	buf_add_text(b, ",\"startDate\":\"");
	add_time(b, start);
	if (last->state != STATE_RUNNING) {
		buf_add_text(b, "\",\"endDate\":\"");
		add_time(b, last->time);
	}
	buf_add_text(b, "\"}");
}

static void add_attempt_state(struct buf *b, const struct model_attempt *a)
{
	struct history histories[2] = {{STATE_RUNNING, a->begin}, {a->state, a->end}};

	add_state(b, a->begin, histories, a->state == STATE_RUNNING ? 1 : 2);
}

static void add_taskrun(struct model *m, int attempt, bool beside, struct buf *b)
{
	const struct model_attempt *a = &m->attempts[attempt];
	const struct model_run *run = &m->runs[a->run];
	const struct model_identity *who = &model_identities[run->execution];
	bool ended = a->state != STATE_RUNNING, first = true;

	buf_add_format(b, "{\"id\":\"%s\",\"executionId\":\"%s\",\"namespace\":\"%s\",\"flowId\":\"%s\",\"taskId\":\"%s\"", run->taskrun,
		       who->id, who->namespace, who->flow, model_task(m, run));
	if (run->values[0]) {
		buf_add_text(b, ",\"value\":");
		add_values(b, run->values);
	}
	buf_add_text(b, ",\"attempts\":[");
	for (unsigned i = 0; i < a->number; i++) {
		buf_add_text(b, i ? ",{\"state\":" : "{\"state\":");
		add_attempt_state(b, &m->attempts[run->attempts[i]]);
		buf_add_char(b, '}');
	}
	buf_add_text(b, "],\"outputs\":{\"vars\":{");
	add_outputs(b, a, &first);
	buf_add_char(b, '}');
	if (ended)
		buf_add_format(b, ",\"exitCode\":%d", a->exit_code);
	buf_add_char(b, '}');
	if (ended && beside)
		buf_add_format(b, ",\"exitCode\":%d", a->exit_code);
	buf_add_text(b, ",\"state\":");
	add_attempt_state(b, a);
	buf_add_char(b, '}');
}

/* The files of outputs are another test's: here it is enough that each is there. */
static void show_attempt(struct model *m, const char *folder, int attempt)
{
	autofree char *path = path_join(folder, "outputs");
	struct model_attempt *a = &m->attempts[attempt];

	add_taskrun(m, attempt, true, &m->contents);
	buf_add_char(&m->contents, '\n');
	show_file(m, folder, "taskrun.json");
	buf_add_bytes(&m->contents, buf_bytes(&a->log));
	show_file(m, folder, "log");
	buf_add_bytes(&m->contents, buf_bytes(&a->warnings));
	show_file(m, folder, "warnings");
	for (size_t i = 0; i < a->n_outputs; i++) {
		name_encode(&m->contents, bytes_of(a->outputs[i].name), NULL, 255);
		buf_add_char(&m->contents, '\n');
	}
	show_folder(m, path);
}

/* state, outputs.json, metrics of an attempt that no others are counted with. */
static void show_alone(struct model *m, const char *folder, int attempt)
{
	bool first = true;

	buf_add_format(&m->contents, "%s\n", state_name(m->attempts[attempt].state));
	show_file(m, folder, "state");
	buf_add_char(&m->contents, '{');
	add_outputs(&m->contents, &m->attempts[attempt], &first);
	buf_add_text(&m->contents, "}\n");
	show_file(m, folder, "outputs.json");
	show_metrics(m, folder, (struct filter){attempt, -1, -1, -1});
}

#define COMMON_NAMES "state\noutputs.json\nmetrics\nmetrics.json\n"
#define RUN_NAMES "outputs\ntaskrun.json\nlog\nwarnings\n"

static void show_attempts(struct model *m, const char *folder, const struct model_run *run)
{
	autofree char *attempts = path_join(folder, "attempts");

	for (size_t i = 0; i < run->n_attempts; i++)
		buf_add_format(&m->contents, "%zu\n", i + 1);
	show_folder(m, attempts);
	for (size_t i = 0; i < run->n_attempts; i++) {
		char number[8];
		autofree char *path = NULL;

		snprintf(number, sizeof(number), "%hhu", (unsigned char)(i + 1));
		path = path_join(attempts, number);
		buf_add_text(&m->contents, COMMON_NAMES RUN_NAMES);
		show_folder(m, path);
		show_alone(m, path, run->attempts[i]);
		show_attempt(m, path, run->attempts[i]);
	}
}

static void show_run_folder(struct model *m, const char *above, int folder)
{
	struct model_folder *at = &m->folders[folder];
	const struct model_run *run = at->run >= 0 ? &m->runs[at->run] : NULL;
	autofree char *path = path_join(above, buf_text(&at->entry)), *below = path_join(path, "runs");

	buf_add_format(&m->contents, COMMON_NAMES "%s%s%s", run ? RUN_NAMES : "", run && run->n_attempts > 1 ? "attempts\n" : "",
		       at->has_below ? "runs\n" : "");
	show_folder(m, path);
	if (run) {
		show_attempt(m, path, model_latest(m, at->run));
		if (run->n_attempts > 1 && !chance(3))
			show_attempts(m, path, run);
	}
	if (run && !at->has_below) {
		show_alone(m, path, model_latest(m, at->run));
		return;
	}
	buf_add_format(&m->contents, "%s\n", state_name(model_worst(m, at->execution, folder)));
	show_file(m, path, "state");
	add_folder_outputs(m, folder, false, &m->contents);
	buf_add_char(&m->contents, '\n');
	show_file(m, path, "outputs.json");
	show_metrics(m, path, (struct filter){-1, folder, -1, -1});
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].above == folder)
			buf_add_format(&m->contents, "%s\n", buf_text(&m->folders[i].entry));
	show_folder(m, below);
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].above == folder)
			show_run_folder(m, below, i);
}

static void show_execution(struct model *m, int execution)
{
	const struct model_identity *who = &model_identities[execution];
	struct model_execution *e = &m->executions[execution];
	struct buf *b = &m->contents;
	bool first = true;
	char path[64];

	snprintf(path, sizeof(path), "/exec/%s", e->id);
	buf_add_text(b, "execution.json\nstate\noutputs.json\nmetrics\nmetrics.json\nwarnings\nreport.html\n");
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].execution == execution && m->folders[i].above < 0)
			buf_add_format(b, "%s\n", buf_text(&m->folders[i].entry));
	show_folder(m, path);
	buf_add_format(b, "%s\n", state_name(model_state(m, execution)));
	show_file(m, path, "state");
	buf_add_bytes(b, buf_bytes(&e->warnings));
	show_file(m, path, "warnings");
	buf_add_format(b, "{\"id\":\"%s\",\"namespace\":\"%s\",\"flowId\":\"%s\",\"labels\":[", e->id, who->namespace, who->flow);
	if (e->label)
		buf_add_format(b, "{\"key\":\"k\",\"value\":\"%s\"}", e->label);
	buf_add_text(b, "],\"state\":");
	add_state(b, e->begin, e->histories, e->n_histories);
	buf_add_text(b, ",\"taskRunList\":[");
	for (int run = 0; run < m->n_runs; run++) {
		if (m->runs[run].execution != execution)
			continue;
		buf_add_text(b, first ? "" : ",");
		first = false;
		add_taskrun(m, model_latest(m, run), false, b);
	}
	buf_add_text(b, "]}\n");
	show_file(m, path, "execution.json");
	buf_add_char(b, '{');
	first = true;
	for (int i = 0; i < m->n_folders; i++) {
		if (m->folders[i].execution != execution || m->folders[i].above >= 0 || !has_outputs(m, i))
			continue;
		buf_add_text(b, first ? "" : ",");
		first = false;
		text_add_json_string(b, buf_bytes(&m->folders[i].key));
		buf_add_char(b, ':');
		add_folder_outputs(m, i, true, b);
	}
	buf_add_text(b, "}\n");
	show_file(m, path, "outputs.json");
	show_metrics(m, path, (struct filter){-1, -1, execution, -1});
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].execution == execution && m->folders[i].above < 0)
			show_run_folder(m, path, i);
}

/* What else is in a flow's folder is another test's. */
static void show_flows(struct model *m)
{
	char path[64];

	for (size_t i = 0; i < m->n_executions; i++) {
		const struct model_identity *who = &model_identities[m->order[i]];
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || !strcmp(model_identities[m->order[k]].flow, who->flow);
		if (again)
			continue;
		snprintf(path, sizeof(path), "/flow/%s/%s", who->namespace, who->flow);
		show_metrics(m, path, (struct filter){-1, -1, -1, m->order[i]});
	}
}

void model_show(struct model *m, void (*visit)(void *context, const struct expected *expected), void *context)
{
	m->visit = visit;
	m->context = context;
	buf_clear(&m->contents);
	for (size_t i = 0; i < m->n_executions; i++)
		buf_add_format(&m->contents, "%s\n", m->executions[m->order[i]].id);
	show_folder(m, "/exec");
	show_metrics(m, "", (struct filter){-1, -1, -1, -1});
	show_flows(m);
	for (size_t i = 0; i < m->n_executions; i++)
		show_execution(m, m->order[i]);
}
