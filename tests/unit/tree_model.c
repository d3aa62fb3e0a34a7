#include "tests/unit/tree_model_parts.h"

#include "core/base/names.h"
#include "core/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const struct model_identity model_identities[EXECUTIONS] = {
	{"E1", "dev", "flow"},
	{"E2", "dev", "flow"},
	{"E3", "dev.sub", "other"},
};
const char *const metric_names[METRICS] = {"m", "n\"/", "later"};
const char *const type_names[METRIC_TYPES] = {"counter", "timer", "gauge"};

static const char *const tasks[] = {"t", "metrics"};
static const char *const values[][3] = {{NULL}, {"a"}, {"b/c"}, {"a", "x"}, {"a", "y\n"}, {"d", "x"}};
static const char *const taskruns[] = {NULL, NULL, "A", "B"};
static const char *const output_names[OUTPUTS] = {"o", "p/\"", ".", "q r"};
static const char *const fixed[] = {"execution.json", "state", "outputs.json", "metrics", "metrics.json", "warnings", "report.html", NULL};

static const struct mood moods[] = {
	{.usual = 4, .flood = 40, .tags = 4, .laden = 1000},
	{.usual = 8, .flood = 100000, .tags = 4, .laden = 100000},
	{.usual = 4, .flood = 15, .tags = 3, .laden = 1000},
	{.usual = 40, .flood = 100000, .tags = 5, .laden = 300},
};

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->mood = &moods[chance(COUNT(moods))];
	return m;
}

void model_free(struct model *m)
{
	for (size_t i = 0; i < EXECUTIONS; i++)
		buf_finish(&m->executions[i].warnings);
	for (int i = 0; i < m->n_folders; i++) {
		buf_finish(&m->folders[i].entry);
		buf_finish(&m->folders[i].key);
	}
	for (int i = 0; i < m->n_attempts; i++) {
		for (size_t o = 0; o < m->attempts[i].n_outputs; o++)
			buf_finish(&m->attempts[i].outputs[o].json);
		buf_finish(&m->attempts[i].log);
		buf_finish(&m->attempts[i].warnings);
	}
	points_finish(m);
	buf_finish(&m->contents);
	free(m);
}

/* What is so now */

int model_latest(const struct model *m, int run)
{
	return m->runs[run].attempts[m->runs[run].n_attempts - 1];
}

bool model_is_below(const struct model *m, int folder, int above)
{
	while (folder >= 0 && folder != above)
		folder = m->folders[folder].above;
	return folder == above;
}

/* Of the runs of an execution, `folder` -1, or of those in one of its folders. */
enum state model_worst(const struct model *m, int execution, int folder)
{
	static const enum state order[] = {STATE_RUNNING, STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < COUNT(order); i++)
		for (int run = 0; run < m->n_runs; run++)
			if (m->runs[run].execution == execution && (folder < 0 || model_is_below(m, m->runs[run].folder, folder)) &&
			    m->attempts[model_latest(m, run)].state == order[i])
				return order[i];
	return STATE_SUCCESS;
}

static enum state worst_ended(const struct model *m, int execution)
{
	static const enum state order[] = {STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < COUNT(order); i++)
		for (int run = 0; run < m->n_runs; run++)
			if (m->runs[run].execution == execution && m->attempts[model_latest(m, run)].state == order[i])
				return order[i];
	return STATE_SUCCESS;
}

enum state model_state(const struct model *m, int execution)
{
	const struct model_execution *e = &m->executions[execution];

	if (e->closed)
		return e->given ? e->given : worst_ended(m, execution);
	return e->begun ? STATE_RUNNING : model_worst(m, execution, -1);
}

static void note_state(struct model *m, int execution, usec_t now)
{
	struct model_execution *e = &m->executions[execution];
	enum state state = model_state(m, execution);

	if (e->n_histories && e->histories[e->n_histories - 1].state == state)
		return;
	if (state == STATE_RUNNING && e->n_histories) { /* it goes on: that was no end */
		e->n_histories = 1;
		return;
	}
	assert_true(e->n_histories < MOST);
	e->histories[e->n_histories++] = (struct history){state, now};
}

/* Steps */

static void appear(struct model *m, int execution, usec_t now)
{
	if (m->executions[execution].id)
		return;
	m->executions[execution].id = model_identities[execution].id;
	m->executions[execution].begin = now;
	m->order[m->n_executions++] = execution;
}

static int find_folder(const struct model *m, int execution, int above, struct bytes entry)
{
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].execution == execution && m->folders[i].above == above &&
		    bytes_equal(buf_bytes(&m->folders[i].entry), entry))
			return i;
	return -1;
}

static int add_folder(struct model *m, int execution, int above, struct bytes entry, struct bytes key)
{
	struct model_folder *folder = &m->folders[m->n_folders];

	assert_true(m->n_folders < MOST);
	*folder = (struct model_folder){.execution = execution, .above = above, .run = -1};
	buf_add_bytes(&folder->entry, entry);
	buf_add_bytes(&folder->key, key);
	if (above >= 0 && !m->folders[above].has_below) {
		m->folders[above].has_below = true;
		points_move_up(m, above);
	}
	return m->n_folders++;
}

/* The folder of these values; `twin` NULL or whose hash it bears. -1 where it is not there and not to be made. */
static int folder_of(struct model *m, int execution, const char *task, const char *const *of, const char *twin, bool make)
{
	int folder = -1;

	for (int depth = 0; depth == 0 || of[depth - 1] || (depth == 1 && twin && !of[0]); depth++) {
		struct buf entry = BUF_INIT, key = BUF_INIT;
		const char *name = depth == 0 ? task : of[depth - 1];
		bool hash = twin && (of[0] ? depth > 0 && !of[depth] : depth == 1);
		int found;

		if (name) {
			name_encode(&entry, bytes_of(name), depth == 0 ? fixed : NULL, 255);
			buf_add_text(&key, name);
		}
		if (hash) {
			name_add_hash(&entry, bytes_of(twin));
			name_add_hash(&key, bytes_of(twin));
		}
		found = find_folder(m, execution, folder, buf_bytes(&entry));
		if (found < 0 && make)
			found = add_folder(m, execution, folder, buf_bytes(&entry), buf_bytes(&key));
		buf_finish(&entry);
		buf_finish(&key);
		folder = found;
		if (folder < 0 || (!name && hash))
			break;
	}
	return folder;
}

static int run_at(const struct model *m, int folder)
{
	return folder < 0 ? -1 : m->folders[folder].run;
}

/* The run that an identity names: made where it is missing. */
static int resolve(struct model *m, int execution, const char *task, const char *const *of, const char *taskrun)
{
	const char *twin = NULL;
	int run = run_at(m, folder_of(m, execution, task, of, NULL, false)), folder;

	if (run >= 0 && (!taskrun || !strcmp(taskrun, m->runs[run].taskrun)))
		return run;
	if (run >= 0) {
		twin = taskrun;
		run = run_at(m, folder_of(m, execution, task, of, twin, false));
		if (run >= 0)
			return run;
	}
	folder = folder_of(m, execution, task, of, twin, true);
	assert_true(m->n_runs < MOST);
	m->runs[m->n_runs] = (struct model_run){.execution = execution, .folder = folder, .values = of};
	m->folders[folder].run = m->n_runs;
	return m->n_runs++;
}

#define PATH_SIZE 64

/* An execution's or, with a task, a run's as struct who has it. */
static void path_write(int execution, const char *task, char ret[PATH_SIZE])
{
	const struct model_identity *i = &model_identities[execution];

	snprintf(ret, PATH_SIZE, "%s/%s/%s%s%s", i->namespace, i->flow, i->id, task ? "/" : "", task ? task : "");
}

static void begin(struct model *m, struct fixture *f)
{
	int execution = (int)chance(EXECUTIONS);
	const char *task = tasks[chance(COUNT(tasks))], *const *of = values[chance(COUNT(values))];
	const char *taskrun = taskruns[chance(COUNT(taskruns))], *label = chance(2) ? NULL : chance(2) ? "k=1" : "k=2";
	char path[PATH_SIZE];
	struct who who = {.path = path, .taskrun = taskrun, .labels = label, .values = {of[0], of[1]}};
	struct attempt attempt;
	usec_t now = f->now;
	int r, run;

	path_write(execution, task, path);
	r = try_begin(f, &who, &attempt, NULL);
	if (m->executions[execution].closed) {
		assert_int_equal(r, -ESHUTDOWN);
		return;
	}
	assert_int_equal(r, 0);
	appear(m, execution, now);
	if (label)
		m->executions[execution].label = label + 2;
	run = resolve(m, execution, task, of, taskrun);
	if (!m->runs[run].n_attempts)
		snprintf(m->runs[run].taskrun, sizeof(m->runs[run].taskrun), "%s", attempt.taskrun);
	assert_string_equal(attempt.taskrun, m->runs[run].taskrun);
	assert_true(m->n_attempts < MOST);
	m->runs[run].attempts[m->runs[run].n_attempts++] = m->n_attempts;
	assert_int_equal(attempt.number, m->runs[run].n_attempts);
	m->attempts[m->n_attempts++] = (struct model_attempt){
		.run = run, .id = attempt.id, .number = attempt.number, .state = STATE_RUNNING, .begin = now};
	note_state(m, execution, now);
}

static int some_attempt(struct model *m)
{
	int tries = 20, attempt = 0;

	if (!m->n_attempts)
		return -1;
	do
		attempt = (int)chance((uint64_t)m->n_attempts);
	while (m->attempts[attempt].state != STATE_RUNNING && tries--);
	return attempt;
}

static void set_output(struct model_attempt *a, const char *name, const char *json)
{
	size_t i = 0;

	while (i < a->n_outputs && strcmp(a->outputs[i].name, name) != 0)
		i++;
	if (i == a->n_outputs)
		a->outputs[a->n_outputs++] = (struct output_of){name, BUF_INIT};
	buf_clear(&a->outputs[i].json);
	buf_add_text(&a->outputs[i].json, json);
}

void add_time(struct buf *b, usec_t time)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(time, text);
	buf_add(b, text, sizeof(text));
}

void add_values(struct buf *b, const char *const *values_of_run)
{
	buf_add_text(b, values_of_run[1] ? "[" : "");
	for (int i = 0; values_of_run[i]; i++) {
		buf_add_text(b, i ? "," : "");
		text_add_json_string(b, bytes_of(values_of_run[i]));
	}
	buf_add_text(b, values_of_run[1] ? "]" : "");
}

const char *model_task(const struct model *m, const struct model_run *run)
{
	int folder = run->folder;

	while (m->folders[folder].above >= 0)
		folder = m->folders[folder].above;
	return buf_text((struct buf *)&m->folders[folder].key);
}

/* A message of some outputs, points and log lines; noted as if it will be accepted, which the caller knows. */
static void make_message(struct model *m, int attempt, usec_t now, struct buf *ret)
{
	static const char *const jsons[] = {"1", "\"text\"", "null", "[1,\"a\"]", "{\"k\":{\"l\":\"\\n\"}}", "3.65", "\"\"", "{}"};

	buf_add_text(ret, "{\"outputs\":{");
	for (size_t i = chance(3); i-- > 0;) {
		const char *name = output_names[chance(COUNT(output_names))], *json = jsons[chance(COUNT(jsons))];
		struct buf key = BUF_INIT;

		text_add_json_string(&key, bytes_of(name));
		if (!memmem(ret->data, ret->len, key.data, key.len)) {
			buf_add_text(ret, ret->data[ret->len - 1] == '{' ? "" : ",");
			buf_add_format(ret, "%s:%s", buf_text(&key), json);
			set_output(&m->attempts[attempt], name, json);
		}
		buf_finish(&key);
	}
	buf_add_text(ret, "},\"metrics\":[");
	points_say(m, attempt, now, ret);
	buf_add_text(ret, "],\"logs\":[");
	if (!chance(3)) {
		buf_add_text(ret, "{\"level\":\"INFO\",\"message\":\"said\"}");
		add_time(&m->attempts[attempt].log, now);
		buf_add_text(&m->attempts[attempt].log, " INFO said\n");
	}
	buf_add_text(ret, "]}");
}

static void say(struct model *m, struct fixture *f)
{
	int attempt = some_attempt(m);
	struct buf message = BUF_INIT;

	if (attempt < 0)
		return;
	if (m->attempts[attempt].state == STATE_RUNNING) {
		make_message(m, attempt, f->now, &message);
		record_says_bytes(f, m->attempts[attempt].id, buf_bytes(&message));
	} else {
		assert_int_equal(try_says(f, m->attempts[attempt].id, BYTES_LITERAL("{\"outputs\":{\"late\":1}}")), -ESHUTDOWN);
	}
	buf_finish(&message);
}

static void warn(struct model *m, struct fixture *f)
{
	int attempt = some_attempt(m);
	struct model_attempt *a = &m->attempts[attempt < 0 ? 0 : attempt];
	const struct model_run *run = &m->runs[a->run];
	struct buf *all = &m->executions[run->execution].warnings;

	if (attempt < 0 || a->state != STATE_RUNNING)
		return;
	record_warns(f, a->id, "stdout line 1: no");
	buf_add_text(&a->warnings, "stdout line 1: no\n");
	buf_add_text(all, model_task(m, run));
	for (int i = 0; run->values[i]; i++) {
		buf_add_char(all, ' ');
		text_add_escaped(all, bytes_of(run->values[i]), SIZE_MAX);
	}
	buf_add_text(all, ": stdout line 1: no\n");
}

static void end(struct model *m, struct fixture *f)
{
	int attempt = some_attempt(m);
	struct model_attempt *a = &m->attempts[attempt < 0 ? 0 : attempt];
	enum state state = STATE_SUCCESS + (enum state)chance(3);

	if (attempt < 0)
		return;
	if (a->state != STATE_RUNNING) {
		assert_int_equal(try_ends(f, a->id, state, 0), -ESHUTDOWN);
		return;
	}
	a->state = state;
	a->exit_code = (int)chance(3);
	a->end = f->now;
	record_ends(f, a->id, a->state, a->exit_code);
	note_state(m, m->runs[a->run].execution, a->end);
}

static void begin_execution(struct model *m, struct fixture *f)
{
	int execution = (int)chance(EXECUTIONS);
	char path[PATH_SIZE];
	usec_t now = f->now;
	int r;

	path_write(execution, NULL, path);
	r = try_execution_begins(f, &(struct who){.path = path}, NULL);
	assert_int_equal(r, m->executions[execution].id ? -EEXIST : 0);
	if (r < 0)
		return;
	appear(m, execution, now);
	m->executions[execution].begun = true;
	note_state(m, execution, now);
}

static void end_execution(struct model *m, struct fixture *f)
{
	int execution = (int)chance(EXECUTIONS);
	enum state state = chance(2) ? STATE_NONE : STATE_SUCCESS + (enum state)chance(4);
	char path[PATH_SIZE];
	usec_t now = f->now;
	int r;

	path_write(execution, NULL, path);
	r = try_execution_ends(f, &(struct who){.path = path}, state, NULL);
	assert_int_equal(r, m->executions[execution].id ? 0 : -ENOENT);
	if (r < 0)
		return;
	m->executions[execution].closed = true;
	if (state)
		m->executions[execution].given = state;
	note_state(m, execution, now);
}

void model_step(struct model *m, struct fixture *f)
{
	static const struct {
		unsigned weight;
		void (*step)(struct model *m, struct fixture *f);
	} steps[] = {{30, begin}, {50, say}, {8, warn}, {20, end}, {2, begin_execution}, {1, end_execution}};
	unsigned at = (unsigned)chance(111);

	for (size_t i = 0; i < COUNT(steps); i++) {
		if (at < steps[i].weight) {
			steps[i].step(m, f);
			return;
		}
		at -= steps[i].weight;
	}
}
