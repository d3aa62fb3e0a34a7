#include "tests/unit/tree_model.h"

#include "core/base/names.h"
#include "core/base/number.h"
#include "core/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 256
#define POINTS_MOST 20000
#define TEXTS 64

static const char *const execution_ids[] = {"E1", "E2", "E3"};
static const char *const tasks[] = {"t", "metrics"};
static const char *const values[][3] = {{NULL}, {"a"}, {"b/c"}, {"a", "x"}, {"a", "y\n"}, {"d", "x"}};
static const char *const taskruns[] = {NULL, NULL, "A", "B"};
static const char *const output_names[] = {"o", "p/\"", ".", "q r"};
static const char *const metric_names[] = {"m", "n\"/", "later"};
static const char *const type_names[] = {"counter", "timer", "gauge"};
static const char *const fixed[] = {"execution.json", "state", "outputs.json", "metrics", "metrics.json", "warnings", "report.html", NULL};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

struct output_of {
	const char *name;
	struct buf json;
};

struct model_attempt {
	int run;
	event_t id;
	unsigned number;
	enum state state;
	int exit_code;
	usec_t begin, end;
	struct output_of outputs[COUNT(output_names)];
	size_t n_outputs;
	struct buf log, warnings;
};

struct model_run {
	int execution, folder;
	const char *const *values;
	char taskrun[151];
	int attempts[MOST];
	size_t n_attempts;
};

struct model_folder {
	int execution, above; /* above: -1 of a task */
	int run;	      /* -1: none of its own */
	bool has_below;
	struct buf entry, key;
};

struct history {
	enum state state;
	usec_t time;
};

struct model_execution {
	const char *id; /* NULL: not yet */
	bool begun, closed;
	enum state given;
	usec_t begin;
	struct history histories[MOST];
	size_t n_histories;
	struct buf warnings;
	const char *label; /* value of the one label */
};

struct model_point {
	int attempt;
	const char *name;
	enum metric_type type;
	double value;
	usec_t time;
	struct buf text;
};

struct model {
	struct model_execution executions[COUNT(execution_ids)];
	int order[COUNT(execution_ids)];
	size_t n_executions;
	struct model_folder folders[MOST];
	int n_folders;
	struct model_run runs[MOST];
	int n_runs;
	struct model_attempt attempts[MOST];
	int n_attempts;
	struct model_point points[POINTS_MOST];
	int n_points;

	void (*visit)(void *context, const struct expected *expected);
	void *context;
	struct buf contents;
};

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	return m;
}

void model_free(struct model *m)
{
	for (size_t i = 0; i < COUNT(execution_ids); i++)
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
	for (int i = 0; i < m->n_points; i++)
		buf_finish(&m->points[i].text);
	buf_finish(&m->contents);
	free(m);
}

/* What is so now */

static int latest(const struct model *m, int run)
{
	return m->runs[run].attempts[m->runs[run].n_attempts - 1];
}

static bool is_below(const struct model *m, int folder, int above)
{
	while (folder >= 0 && folder != above)
		folder = m->folders[folder].above;
	return folder == above;
}

/* Of the runs of an execution, `folder` -1, or of those in one of its folders. */
static enum state worst_of(const struct model *m, int execution, int folder)
{
	static const enum state order[] = {STATE_RUNNING, STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < COUNT(order); i++)
		for (int run = 0; run < m->n_runs; run++)
			if (m->runs[run].execution == execution && (folder < 0 || is_below(m, m->runs[run].folder, folder)) &&
			    m->attempts[latest(m, run)].state == order[i])
				return order[i];
	return STATE_SUCCESS;
}

static enum state worst_ended(const struct model *m, int execution)
{
	static const enum state order[] = {STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < COUNT(order); i++)
		for (int run = 0; run < m->n_runs; run++)
			if (m->runs[run].execution == execution && m->attempts[latest(m, run)].state == order[i])
				return order[i];
	return STATE_SUCCESS;
}

static enum state state_of(const struct model *m, int execution)
{
	const struct model_execution *e = &m->executions[execution];

	if (e->closed)
		return e->given ? e->given : worst_ended(m, execution);
	return e->begun ? STATE_RUNNING : worst_of(m, execution, -1);
}

static void note_state(struct model *m, int execution, usec_t now)
{
	struct model_execution *e = &m->executions[execution];
	enum state state = state_of(m, execution);

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
	m->executions[execution].id = execution_ids[execution];
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
	if (above >= 0)
		m->folders[above].has_below = true;
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

static void begin(struct model *m, struct fixture *f)
{
	int execution = (int)chance(COUNT(execution_ids));
	const char *task = tasks[chance(COUNT(tasks))], *const *of = values[chance(COUNT(values))];
	const char *taskrun = taskruns[chance(COUNT(taskruns))], *label = chance(2) ? NULL : chance(2) ? "k=1" : "k=2";
	char path[64];
	struct who who = {.path = path, .taskrun = taskrun, .labels = label, .values = {of[0], of[1]}};
	struct attempt attempt;
	usec_t now = f->now;
	int r, run;

	snprintf(path, sizeof(path), "dev/flow/%s/%s", execution_ids[execution], task);
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

static void add_time(struct buf *b, usec_t time)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(time, text);
	buf_add(b, text, sizeof(text));
}

static void add_strings(struct buf *b, const char *const *of)
{
	buf_add_text(b, of[1] ? "[" : "");
	for (int i = 0; of[i]; i++) {
		buf_add_text(b, i ? "," : "");
		text_add_json_string(b, bytes_of(of[i]));
	}
	buf_add_text(b, of[1] ? "]" : "");
}

static const char *task_of(const struct model *m, const struct model_run *run)
{
	int folder = run->folder;

	while (m->folders[folder].above >= 0)
		folder = m->folders[folder].above;
	return buf_text((struct buf *)&m->folders[folder].key);
}

static void add_point(struct model *m, int attempt, const char *name, enum metric_type type, double value, const char *tags, usec_t time)
{
	const struct model_attempt *a = &m->attempts[attempt];
	const struct model_run *run = &m->runs[a->run];
	struct model_point *p = &m->points[m->n_points++];
	char number[NUMBER_TEXT_SIZE];

	assert_true(m->n_points < POINTS_MOST);
	*p = (struct model_point){attempt, name, type, value, time, BUF_INIT};
	number_format(value, number);
	buf_add_text(&p->text, "{\"name\":");
	text_add_json_string(&p->text, bytes_of(name));
	buf_add_format(&p->text, ",\"type\":\"%s\",\"value\":%s%s,\"timestamp\":\"", type_names[type], number,
		       type == METRIC_TIMER ? ",\"unit\":\"seconds\"" : "");
	add_time(&p->text, time);
	buf_add_format(
		&p->text,
		"\",\"tags\":%s,\"namespace\":\"dev\",\"flowId\":\"flow\",\"executionId\":\"%s\",\"taskId\":\"%s\",\"taskRunId\":\"%s\"",
		tags, execution_ids[run->execution], task_of(m, run), run->taskrun);
	if (run->values[0]) {
		buf_add_text(&p->text, ",\"taskRunValue\":");
		add_strings(&p->text, run->values);
	}
	if (a->number > 1)
		buf_add_format(&p->text, ",\"attempt\":%u", a->number);
	buf_add_char(&p->text, '}');
}

/* A message of some outputs, points and log lines; noted as if it will be accepted, which the caller knows. */
static void make_message(struct model *m, int attempt, usec_t now, struct buf *ret)
{
	static const char *const jsons[] = {"1", "\"text\"", "null", "[1,\"a\"]", "{\"k\":{\"l\":\"\\n\"}}", "3.65", "\"\"", "{}"};
	static const double numbers[] = {1, 0.1, -3.5, 1e21, 12345678901234.5};
	static const char *const tag_sets[] = {"{}", "{\"a\":\"1\"}", "{\"b\":\"\\\"x\",\"a\":\"\"}"};
	size_t n_points = (size_t)(chance(40) ? chance(4) : 300 + chance(300));
	const char *flood = n_points > 10 ? metric_names[chance(COUNT(metric_names))] : NULL;

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
	for (size_t i = 0; i < n_points; i++) {
		const char *name = flood ? flood : metric_names[chance(COUNT(metric_names))], *tags = tag_sets[chance(COUNT(tag_sets))];
		enum metric_type type = (enum metric_type)chance(METRIC_TYPES);
		double value = numbers[chance(COUNT(numbers))];
		usec_t time = chance(3) ? now : FIXTURE_START - (usec_t)chance(1000000);
		char number[NUMBER_TEXT_SIZE];

		number_format(value, number);
		buf_add_text(ret, i ? ",{\"name\":" : "{\"name\":");
		text_add_json_string(ret, bytes_of(name));
		buf_add_format(ret, ",\"type\":\"%s\",\"value\":%s,\"tags\":%s", type_names[type], number, tags);
		if (time != now) {
			buf_add_text(ret, ",\"timestamp\":\"");
			add_time(ret, time);
			buf_add_char(ret, '"');
		}
		buf_add_char(ret, '}');
		add_point(m, attempt, name, type, value, tags, time);
	}
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
	buf_add_text(all, task_of(m, run));
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
	int execution = (int)chance(COUNT(execution_ids));
	char path[64];
	usec_t now = f->now;
	int r;

	snprintf(path, sizeof(path), "dev/flow/%s", execution_ids[execution]);
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
	int execution = (int)chance(COUNT(execution_ids));
	enum state state = chance(2) ? STATE_NONE : STATE_SUCCESS + (enum state)chance(4);
	char path[64];
	usec_t now = f->now;
	int r;

	snprintf(path, sizeof(path), "dev/flow/%s", execution_ids[execution]);
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

/* Documents */

/* Which points: of one attempt, of a folder's latest attempts, of an execution, of everything. */
struct filter {
	int attempt, folder, execution; /* -1: no matter */
};

static bool shows(const struct model *m, const struct filter *filter, const struct model_point *p)
{
	int run = m->attempts[p->attempt].run;

	if (filter->attempt >= 0)
		return p->attempt == filter->attempt;
	if (filter->folder >= 0)
		return is_below(m, m->runs[run].folder, filter->folder) && latest(m, run) == p->attempt;
	return filter->execution < 0 || m->runs[run].execution == filter->execution;
}

static void show(struct model *m, const char *path, bool folder, bool any_order)
{
	struct expected expected = {path, folder, any_order, buf_bytes(&m->contents)};

	assert_int_equal(buf_error(&m->contents), 0);
	m->visit(m->context, &expected);
	buf_clear(&m->contents);
}

static char *join(const char *folder, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void show_file(struct model *m, const char *folder, const char *name)
{
	autofree char *path = join(folder, name);

	show(m, path, false, false);
}

static void show_folder(struct model *m, const char *path, bool any_order)
{
	show(m, path, true, any_order);
}

static void add_number_member(struct buf *b, const char *key, double x)
{
	char text[NUMBER_TEXT_SIZE];

	if (isfinite(x))
		number_format(x, text);
	buf_add_format(b, ",\"%s\":%s", key, isfinite(x) ? text : "null");
}

static void add_totals(struct model *m, const struct filter *filter, const char *name, enum metric_type type, struct buf *b)
{
	double sum = 0, min = INFINITY, max = -INFINITY, last = 0;
	usec_t first = INT64_MAX, newest = INT64_MIN;
	uint64_t count = 0;

	for (int i = 0; i < m->n_points; i++) {
		const struct model_point *p = &m->points[i];

		if (p->type != type || p->name != name || !shows(m, filter, p))
			continue;
		count++;
		sum += p->value;
		last = p->value;
		min = fmin(min, p->value);
		max = fmax(max, p->value);
		first = p->time < first ? p->time : first;
		newest = p->time > newest ? p->time : newest;
	}
	buf_add_format(b, "{\"type\":\"%s\",\"count\":%llu", type_names[type], (unsigned long long)count);
	add_number_member(b, "sum", sum);
	add_number_member(b, "avg", sum / (double)count);
	add_number_member(b, "min", min);
	add_number_member(b, "max", max);
	add_number_member(b, "last", last);
	buf_add_text(b, ",\"first\":\"");
	add_time(b, first);
	buf_add_text(b, "\",\"latest\":\"");
	add_time(b, newest);
	buf_add_text(b, "\"}");
}

/* Types in the order they appeared; how many. */
static size_t types_of(struct model *m, const struct filter *filter, const char *name, enum metric_type ret[METRIC_TYPES])
{
	size_t n = 0;

	for (int i = 0; i < m->n_points; i++) {
		bool known = false;

		if (m->points[i].name != name || !shows(m, filter, &m->points[i]))
			continue;
		for (size_t t = 0; t < n; t++)
			known = known || ret[t] == m->points[i].type;
		if (!known)
			ret[n++] = m->points[i].type;
	}
	return n;
}

static void add_series(struct model *m, const struct filter *filter, const char *name)
{
	bool first = true;

	buf_add_text(&m->contents, "[\n");
	for (int i = 0; i < m->n_points; i++) {
		if (m->points[i].name != name || !shows(m, filter, &m->points[i]))
			continue;
		buf_add_text(&m->contents, first ? "" : ",\n");
		first = false;
		buf_add_bytes(&m->contents, buf_bytes(&m->points[i].text));
	}
	buf_add_text(&m->contents, "\n]\n");
}

/* The members of metrics.json, one a line: in which order they stand is nobody's business. */
static void show_metrics(struct model *m, const char *folder, struct filter filter)
{
	struct buf members = BUF_INIT, names = BUF_INIT;
	autofree char *path = join(folder, "metrics"), *summary = join(folder, "metrics.json");

	for (size_t i = 0; i < COUNT(metric_names); i++) {
		enum metric_type types[METRIC_TYPES];
		size_t n = types_of(m, &filter, metric_names[i], types);
		struct buf entry = BUF_INIT;

		if (!n)
			continue;
		name_encode(&entry, bytes_of(metric_names[i]), NULL, 250);
		buf_add_text(&entry, ".json");
		buf_add_format(&names, "%s\n", buf_text(&entry));
		add_series(m, &filter, metric_names[i]);
		show_file(m, path, buf_text(&entry));
		text_add_json_string(&members, bytes_of(metric_names[i]));
		buf_add_text(&members, n > 1 ? ":[" : ":");
		for (size_t t = 0; t < n; t++) {
			buf_add_text(&members, t ? "," : "");
			add_totals(m, &filter, metric_names[i], types[t], &members);
		}
		buf_add_text(&members, n > 1 ? "]\n" : "\n");
		buf_finish(&entry);
	}
	buf_add_bytes(&m->contents, buf_bytes(&names));
	show_folder(m, path, true);
	buf_add_bytes(&m->contents, buf_bytes(&members));
	show(m, summary, false, true);
	buf_finish(&members);
	buf_finish(&names);
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
		if (is_below(m, m->runs[run].folder, folder) && m->attempts[latest(m, run)].n_outputs)
			return true;
	return false;
}

static void add_folder_outputs(struct model *m, int folder, bool vars, struct buf *b)
{
	int run = m->folders[folder].run;
	bool first = true;

	buf_add_char(b, '{');
	if (run >= 0 && (!vars || m->attempts[latest(m, run)].n_outputs)) {
		buf_add_text(b, vars ? "\"vars\":{" : "");
		add_outputs(b, &m->attempts[latest(m, run)], &first);
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
	bool ended = a->state != STATE_RUNNING, first = true;

	buf_add_format(b, "{\"id\":\"%s\",\"executionId\":\"%s\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"taskId\":\"%s\"", run->taskrun,
		       execution_ids[run->execution], task_of(m, run));
	if (run->values[0]) {
		buf_add_text(b, ",\"value\":");
		add_strings(b, run->values);
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
	autofree char *path = join(folder, "outputs");
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
	show_folder(m, path, false);
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
	show_metrics(m, folder, (struct filter){attempt, -1, -1});
}

#define COMMON_NAMES "state\noutputs.json\nmetrics\nmetrics.json\n"
#define RUN_NAMES "outputs\ntaskrun.json\nlog\nwarnings\n"

static void show_attempts(struct model *m, const char *folder, const struct model_run *run)
{
	autofree char *attempts = join(folder, "attempts");

	for (size_t i = 0; i < run->n_attempts; i++)
		buf_add_format(&m->contents, "%zu\n", i + 1);
	show_folder(m, attempts, false);
	for (size_t i = 0; i < run->n_attempts; i++) {
		char number[8];
		autofree char *path = NULL;

		snprintf(number, sizeof(number), "%hhu", (unsigned char)(i + 1));
		path = join(attempts, number);
		buf_add_text(&m->contents, COMMON_NAMES RUN_NAMES);
		show_folder(m, path, false);
		show_alone(m, path, run->attempts[i]);
		show_attempt(m, path, run->attempts[i]);
	}
}

static void show_run_folder(struct model *m, const char *above, int folder)
{
	struct model_folder *at = &m->folders[folder];
	const struct model_run *run = at->run >= 0 ? &m->runs[at->run] : NULL;
	autofree char *path = join(above, buf_text(&at->entry)), *below = join(path, "runs");

	buf_add_format(&m->contents, COMMON_NAMES "%s%s%s", run ? RUN_NAMES : "", run && run->n_attempts > 1 ? "attempts\n" : "",
		       at->has_below ? "runs\n" : "");
	show_folder(m, path, false);
	if (run) {
		show_attempt(m, path, latest(m, at->run));
		if (run->n_attempts > 1)
			show_attempts(m, path, run);
	}
	if (run && !at->has_below) {
		show_alone(m, path, latest(m, at->run));
		return;
	}
	buf_add_format(&m->contents, "%s\n", state_name(worst_of(m, at->execution, folder)));
	show_file(m, path, "state");
	add_folder_outputs(m, folder, false, &m->contents);
	buf_add_char(&m->contents, '\n');
	show_file(m, path, "outputs.json");
	show_metrics(m, path, (struct filter){-1, folder, -1});
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].above == folder)
			buf_add_format(&m->contents, "%s\n", buf_text(&m->folders[i].entry));
	show_folder(m, below, false);
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].above == folder)
			show_run_folder(m, below, i);
}

static void show_execution(struct model *m, int execution)
{
	struct model_execution *e = &m->executions[execution];
	struct buf *b = &m->contents;
	bool first = true;
	char path[64];

	snprintf(path, sizeof(path), "/exec/%s", e->id);
	buf_add_text(b, "execution.json\nstate\noutputs.json\nmetrics\nmetrics.json\nwarnings\n");
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].execution == execution && m->folders[i].above < 0)
			buf_add_format(b, "%s\n", buf_text(&m->folders[i].entry));
	show_folder(m, path, false);
	buf_add_format(b, "%s\n", state_name(state_of(m, execution)));
	show_file(m, path, "state");
	buf_add_bytes(b, buf_bytes(&e->warnings));
	show_file(m, path, "warnings");
	buf_add_format(b, "{\"id\":\"%s\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"labels\":[", e->id);
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
		add_taskrun(m, latest(m, run), false, b);
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
	show_metrics(m, path, (struct filter){-1, -1, execution});
	for (int i = 0; i < m->n_folders; i++)
		if (m->folders[i].execution == execution && m->folders[i].above < 0)
			show_run_folder(m, path, i);
}

void model_show(struct model *m, void (*visit)(void *context, const struct expected *expected), void *context)
{
	m->visit = visit;
	m->context = context;
	buf_clear(&m->contents);
	for (size_t i = 0; i < m->n_executions; i++)
		buf_add_format(&m->contents, "%s\n", m->executions[m->order[i]].id);
	show_folder(m, "/exec", false);
	show_metrics(m, "", (struct filter){-1, -1, -1});
	for (size_t i = 0; i < m->n_executions; i++)
		show_execution(m, m->order[i]);
}
