/*
 * Histories: random flows of executions, loops, retries and values, compared after each step with a model that is a list of attempts; every
 * version ever met is the same ever after, in bytes, size and sums.
 */
#include "tests/unit/store_fixture.h"

#include "core/store/history.h"
#include "fs/tree/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define EXECUTIONS 8
#define ATTEMPTS_MOST 600

static const char *const flows[] = {"dev/one", "dev/two"};
static const char *const tasks[] = {"t", "metrics"};

/* Names of outputs, and what their files are called. */
static const struct {
	const char *json, *stem;
} names[] = {{"o", "o"}, {"p/\\\"", "p%2F\""}, {"q.json", "q.json"}};

/* Run values; what JSON and CSV say of them. */
static const struct {
	const char *values[3];
	const char *json, *cell;
} loops[] = {
	{{NULL}, "", ""},
	{{"a"}, ",\"taskRunValue\":\"a\"", "a"},
	{{"b, \"c\"\n"}, ",\"taskRunValue\":\"b, \\\"c\\\"\\n\"", "\"b, \"\"c\"\"\n\""},
	{{""}, ",\"taskRunValue\":\"\"", ""},
	{{"a", "x"}, ",\"taskRunValue\":[\"a\",\"x\"]", "\"[\"\"a\"\",\"\"x\"\"]\""},
	{{"a", "\x01\"\\y"}, ",\"taskRunValue\":[\"a\",\"\\u0001\\\"\\\\y\"]", "\"[\"\"a\"\",\"\"\\u0001\\\"\"\\\\y\"\"]\""},
};

/* Values of outputs, as canonical JSON and as a cell. */
static const struct {
	const char *json;
	struct bytes cell;
	bool number;
} values[] = {
	{"1", BYTES_LITERAL("1"), true},
	{"-3.650", BYTES_LITERAL("-3.650"), true},
	{"1e400", BYTES_LITERAL("1e400"), true},
	{"12345678901234567890", BYTES_LITERAL("12345678901234567890"), true},
	{"0", BYTES_LITERAL("0"), true},
	{"\"text\"", BYTES_LITERAL("text"), false},
	{"\"\"", BYTES_LITERAL(""), false},
	{"\"4\"", BYTES_LITERAL("4"), false},
	{"\"a,b \\\"c\\\"\\n\\u0000\\\\\"", BYTES_LITERAL("\"a,b \"\"c\"\"\n\0\\\""), false},
	{"null", BYTES_LITERAL("null"), false},
	{"true", BYTES_LITERAL("true"), false},
	{"[1,\"two\",{\"three\":null}]", BYTES_LITERAL("\"[1,\"\"two\"\",{\"\"three\"\":null}]\""), false},
	{"[]", BYTES_LITERAL("[]"), false},
};

/* The model */

struct set_output {
	size_t value; /* of `values` */
	usec_t time;
	bool set;
};

struct model_attempt {
	size_t execution, task, loop;
	bool twin;
	event_t id, run;
	bool latest;
	struct set_output outputs[COUNT(names)];
};

struct model_execution {
	size_t flow;
	usec_t start;
	bool there;
};

/* A history of a flow's task, in the order they appeared. */
struct model_history {
	size_t flow, task, name;
};

/* A version: its node, what it read, and what it amounts to. */
struct met {
	node_t node;
	struct buf contents;
	uint64_t rows, not_numbers, bytes;
	size_t history;
};

struct test {
	struct fixture f;
	struct model_execution executions[EXECUTIONS];
	struct model_attempt attempts[ATTEMPTS_MOST];
	size_t n_attempts;
	struct model_history histories[COUNT(flows) * COUNT(tasks) * COUNT(names)];
	size_t n_histories;
	struct met *met;
	size_t n_met, met_size;
};

static size_t history_in_model(const struct test *t, size_t flow, size_t task, size_t name)
{
	size_t i = 0;

	while (i < t->n_histories && (t->histories[i].flow != flow || t->histories[i].task != task || t->histories[i].name != name))
		i++;
	return i;
}

static const struct model_execution *execution_of(const struct test *t, const struct model_attempt *a)
{
	return &t->executions[a->execution];
}

static bool has_row(const struct test *t, const struct model_history *h, const struct model_attempt *a)
{
	return a->latest && execution_of(t, a)->flow == h->flow && a->task == h->task && a->outputs[h->name].set;
}

/* By start of the execution, then by run. */
static bool is_before(const struct test *t, const struct model_attempt *a, const struct model_attempt *b)
{
	usec_t one = execution_of(t, a)->start, other = execution_of(t, b)->start;

	return one != other ? one < other : a->run < b->run;
}

static size_t rows_of(const struct test *t, const struct model_history *h, const struct model_attempt *ret[ATTEMPTS_MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_attempts; i++) {
		const struct model_attempt *a = &t->attempts[i];
		size_t at = n;

		if (!has_row(t, h, a))
			continue;
		for (; at > 0 && is_before(t, a, ret[at - 1]); at--)
			ret[at] = ret[at - 1];
		ret[at] = a;
		n++;
	}
	return n;
}

static void add_json(const struct model_attempt *a, size_t name, const char *time, struct buf *ret)
{
	buf_add_format(ret, "{\"executionId\":\"E%zu\"%s,\"timestamp\":\"%.*s\",\"value\":%s}", a->execution, loops[a->loop].json,
		       CLOCK_TEXT_LEN, time, values[a->outputs[name].value].json);
}

static void add_csv(const struct model_attempt *a, size_t name, const char *time, struct buf *ret)
{
	buf_add_format(ret, "E%zu,%s,%.*s,", a->execution, loops[a->loop].cell, CLOCK_TEXT_LEN, time);
	buf_add_bytes(ret, values[a->outputs[name].value].cell);
	buf_add_char(ret, '\n');
}

/* What the files of a history hold. */
struct expected {
	struct buf json, csv;
	uint64_t rows, not_numbers, json_bytes, csv_bytes;
};

static void expect(const struct test *t, const struct model_history *h, struct expected *ret)
{
	static const char header[] = "executionId,taskRunValue,timestamp,value\n";
	const struct model_attempt *rows[ATTEMPTS_MOST];
	char time[CLOCK_TEXT_LEN];

	*ret = (struct expected){.rows = rows_of(t, h, rows)};
	buf_add_text(&ret->json, "[\n");
	buf_add_text(&ret->csv, header);
	for (size_t i = 0; i < ret->rows; i++) {
		clock_format(rows[i]->outputs[h->name].time, time);
		add_json(rows[i], h->name, time, &ret->json);
		buf_add_text(&ret->json, i + 1 < ret->rows ? ",\n" : "\n");
		add_csv(rows[i], h->name, time, &ret->csv);
		ret->not_numbers += !values[rows[i]->outputs[h->name].value].number;
	}
	ret->json_bytes = ret->rows ? ret->json.len - 2 + 1 : 0;
	ret->csv_bytes = ret->csv.len - (sizeof(header) - 1);
	buf_add_text(&ret->json, "]\n");
}

/* What is in the tree */

static void check_version(struct test *t, const struct met *met)
{
	autobuf struct buf read = BUF_INIT;
	struct bytes whole = buf_bytes(&met->contents);
	struct attributes attributes;
	size_t from = (size_t)chance(whole.len + 2), here = from < whole.len ? whole.len - from : 0, len;
	char data[200];

	assert_int_equal(tree_attributes(fixture_tree(&t->f), met->node, &attributes), 0);
	assert_int_equal(attributes.size, whole.len);
	assert_int_equal(tree_read(fixture_tree(&t->f), met->node, from, data, sizeof(data), &len), 0);
	assert_bytes("a middle", bytes_make(data, len),
		     bytes_make(whole.data + (here ? from : 0), here < sizeof(data) ? here : sizeof(data)));
	read_node(fixture_tree(&t->f), met->node, 1 + (size_t)chance(chance(2) ? 100 : 100000), &read);
	assert_bytes("a former version", buf_bytes(&read), whole);
}

static void remember(struct test *t, node_t node, size_t history, const struct expected *e, const struct buf *contents, uint64_t bytes)
{
	size_t i = (size_t)(node * UINT64_C(0x9e3779b97f4a7c15) >> 20) % t->met_size;

	while (t->met[i].node && t->met[i].node != node)
		i = (i + 1) % t->met_size;
	if (t->met[i].node) {
		assert_int_equal(t->met[i].history, history);
		assert_bytes("a version that was there before", buf_bytes(contents), buf_bytes(&t->met[i].contents));
		return;
	}
	assert_true(++t->n_met < t->met_size / 2);
	t->met[i] = (struct met){.node = node, .rows = e->rows, .not_numbers = e->not_numbers, .bytes = bytes, .history = history};
	buf_add_bytes(&t->met[i].contents, buf_bytes(contents));
}

static bool look_up(struct test *t, const struct model_history *h, const char *suffix, struct entry *ret)
{
	char path[200];
	int r;

	snprintf(path, sizeof(path), "/flow/%s/outputs/%s/%s%s", flows[h->flow], tasks[h->task], names[h->name].stem, suffix);
	r = tree_walk(fixture_tree(&t->f), bytes_of(path), ret);
	if (r < 0 && r != -ENOENT)
		fail_msg("%s: %s", path, strerror(-r));
	return r == 0;
}

static void check_file(struct test *t, size_t history, const char *suffix, const struct expected *e, const struct buf *contents,
		       uint64_t bytes)
{
	autobuf struct buf read = BUF_INIT;
	struct entry entry;

	assert_int_equal(look_up(t, &t->histories[history], suffix, &entry), e->rows > 0);
	if (!e->rows)
		return;
	assert_int_equal(entry.keep, KEEP_NOT);
	assert_int_equal(entry.attributes.size, contents->len);
	read_node(t->f.tree, entry.node, 1 << 16, &read);
	assert_bytes(suffix, buf_bytes(&read), buf_bytes(contents));
	remember(t, entry.node, history, e, contents, bytes);
}

static void check_history(struct test *t, size_t history, struct buf *names_shown)
{
	const struct model_history *h = &t->histories[history];
	bool drawn;
	struct expected e;
	struct entry svg;

	expect(t, h, &e);
	drawn = e.rows && !e.not_numbers;
	check_file(t, history, ".json", &e, &e.json, e.json_bytes);
	check_file(t, history, ".csv", &e, &e.csv, e.csv_bytes);
	assert_int_equal(look_up(t, h, ".svg", &svg), drawn);
	if (e.rows)
		buf_add_format(names_shown, "%s.json\n%s.csv\n", names[h->name].stem, names[h->name].stem);
	if (drawn)
		buf_add_format(names_shown, "%s.svg\n", names[h->name].stem);
	buf_finish(&e.json);
	buf_finish(&e.csv);
}

static void check_task(struct test *t, size_t flow, size_t task)
{
	autobuf struct buf shown = BUF_INIT;
	char path[100];

	for (size_t i = 0; i < t->n_histories; i++)
		if (t->histories[i].flow == flow && t->histories[i].task == task)
			check_history(t, i, &shown);
	snprintf(path, sizeof(path), "/flow/%s/outputs/%s", flows[flow], tasks[task]);
	assert_list(&t->f, path, buf_text(&shown));
}

/* Tasks in the order of their first outputs. */
static void check_flow(struct test *t, size_t flow)
{
	autobuf struct buf shown = BUF_INIT;
	bool seen[COUNT(tasks)] = {false};
	char path[100];

	for (size_t i = 0; i < t->n_histories; i++) {
		size_t task = t->histories[i].task;

		if (t->histories[i].flow != flow || seen[task])
			continue;
		seen[task] = true;
		buf_add_format(&shown, "%s\n", tasks[task]);
		check_task(t, flow, task);
	}
	snprintf(path, sizeof(path), "/flow/%s/outputs", flows[flow]);
	assert_int_equal(is_there(&t->f, path), shown.len > 0);
	if (shown.len)
		assert_list(&t->f, path, buf_text(&shown));
}

/* Steps */

static struct who who_of(const struct test *t, size_t execution, size_t task, size_t loop, bool twin, char path[64])
{
	struct who who = {.path = path, .taskrun = twin ? "TWIN" : NULL};

	snprintf(path, 64, "%s/E%zu/%s", flows[t->executions[execution].flow], execution, tasks[task]);
	for (size_t i = 0; loops[loop].values[i]; i++)
		who.values[i] = loops[loop].values[i];
	return who;
}

/* Executions start at any time, also before 1970 and at the same one. */
static void begin_execution(struct test *t, size_t execution)
{
	static const usec_t starts[] = {-5 * USEC_PER_SEC, 0, FIXTURE_START, FIXTURE_START + 1, FIXTURE_START - 1};
	usec_t now = t->f.now;
	char path[64];
	struct who who;

	t->executions[execution] = (struct model_execution){
		.flow = (size_t)chance(COUNT(flows)), .start = chance(2) ? starts[chance(COUNT(starts))] : now, .there = true};
	who = who_of(t, execution, 0, 0, false, path);
	t->f.now = t->executions[execution].start;
	record_execution_begins(&t->f, &who);
	t->f.now = now + USEC_PER_SEC;
}

static struct model_attempt *latest_of(struct test *t, size_t execution, size_t task, size_t loop, bool twin)
{
	for (size_t i = 0; i < t->n_attempts; i++) {
		struct model_attempt *a = &t->attempts[i];

		if (a->latest && a->execution == execution && a->task == task && a->loop == loop && a->twin == twin)
			return a;
	}
	return NULL;
}

static void begin_attempt(struct test *t)
{
	size_t execution = (size_t)chance(EXECUTIONS), task = (size_t)chance(COUNT(tasks)), loop = (size_t)chance(COUNT(loops));
	bool twin = latest_of(t, execution, task, loop, false) && chance(4) == 0;
	struct model_attempt *a = &t->attempts[t->n_attempts++], *former;
	struct who who;
	char path[64];

	assert_true(t->n_attempts < ATTEMPTS_MOST);
	if (!t->executions[execution].there)
		begin_execution(t, execution);
	who = who_of(t, execution, task, loop, twin, path);
	former = latest_of(t, execution, task, loop, twin);
	*a = (struct model_attempt){.execution = execution, .task = task, .loop = loop, .twin = twin, .latest = true};
	a->id = a->run = record_begin(&t->f, &who);
	if (former) {
		former->latest = false;
		a->run = former->run;
	}
}

static void note_output(struct test *t, struct model_attempt *a, size_t name, size_t value)
{
	size_t flow = execution_of(t, a)->flow;

	a->outputs[name] = (struct set_output){value, t->f.now, true};
	if (a->latest && history_in_model(t, flow, a->task, name) == t->n_histories)
		t->histories[t->n_histories++] = (struct model_history){flow, a->task, name};
}

/* Several outputs at once, one of them perhaps twice; sometimes of an attempt that its run has left behind. */
static void say(struct test *t)
{
	struct model_attempt *a = &t->attempts[t->n_attempts - 1 - (size_t)chance(t->n_attempts < 12 ? t->n_attempts : 12)];
	autobuf struct buf messages = BUF_INIT;

	for (uint64_t n = 1 + chance(3); n > 0; n--) {
		size_t name = (size_t)chance(COUNT(names)), value = (size_t)chance(chance(2) ? 5 : COUNT(values));

		buf_add_format(&messages, "{\"outputs\":{\"%s\":%s}}\n", names[name].json, values[value].json);
		note_output(t, a, name, value);
	}
	record_says_bytes(&t->f, a->id, buf_bytes(&messages));
}

static void step(struct test *t)
{
	if (!t->n_attempts || chance(3) == 0)
		begin_attempt(t);
	else
		say(t);
}

/* What versions amount to, from the store itself */

static void check_walks(struct txn *txn, event_t history, event_t version, uint64_t rows)
{
	struct history_row row = {0}, again;

	for (uint64_t i = 0; i < rows; i++) {
		assert_true(history_row_next(txn, history, version, &row));
		assert_true(history_row_find(txn, history, version, row.run, &again));
		assert_int_equal(row.output, again.output);
		assert_int_equal(row.start, again.start);
	}
	again = row;
	assert_false(history_row_next(txn, history, version, &again));
	row = (struct history_row){0};
	for (uint64_t i = 0; i < rows; i++)
		assert_true(history_row_previous(txn, history, version, &row));
	assert_false(history_row_previous(txn, history, version, &row));
}

static void check_sum(struct txn *txn, const struct met *met, event_t *id)
{
	struct history h;
	struct node n;
	event_t history;

	assert_true(node_unpack(met->node, &n));
	assert_true(history_of_version(txn, n.event, n.detail >> 3, &history));
	assert_true(!*id || *id == history);
	*id = history;
	assert_true(history_at(txn, history, n.event, &h));
	assert_int_equal(h.rows, met->rows);
	assert_int_equal(h.not_numbers, met->not_numbers);
	assert_int_equal(n.detail & 7 ? h.csv_bytes : h.json_bytes, met->bytes);
	check_walks(txn, history, n.event, h.rows);
}

static int check_sums(struct txn *txn, void *context)
{
	struct test *t = context;
	event_t ids[COUNT(t->histories)] = {0};

	for (size_t i = 0; i < t->met_size; i++)
		if (t->met[i].node)
			check_sum(txn, &t->met[i], &ids[t->met[i].history]);
	return 0;
}

static void check_store(struct test *t)
{
	struct error e = {""};
	struct store *s;

	fixture_forget(&t->f);
	assert_int_equal(store_open(t->f.dir, STORE_OPEN, &s, &e), 0);
	assert_int_equal(store_view(s, check_sums, t), 0);
	store_close(s);
}

static void check_some_met(struct test *t)
{
	for (int i = 0; i < 40; i++) {
		const struct met *met = &t->met[chance(t->met_size)];

		if (met->node)
			check_version(t, met);
	}
}

static void check_all_met(struct test *t)
{
	for (size_t i = 0; i < t->met_size; i++)
		if (t->met[i].node)
			check_version(t, &t->met[i]);
}

static void random_flows(int steps)
{
	struct test *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->met_size = (size_t)steps * 64;
	t->met = calloc(t->met_size, sizeof(*t->met));
	assert_non_null(t->met);
	fixture_init(&t->f);
	for (int i = 0; i < steps; i++) {
		step(t);
		for (size_t flow = 0; flow < COUNT(flows); flow++)
			check_flow(t, flow);
		check_some_met(t);
		if (chance(20) == 0)
			fixture_forget(&t->f);
	}
	check_all_met(t);
	check_store(t);
	fixture_finish(&t->f);
	for (size_t i = 0; i < t->met_size; i++)
		buf_finish(&t->met[i].contents);
	free(t->met);
	free(t);
}

static void every_version_is_what_the_model_says(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		random_flows(60);
	random_flows(400);
}

/* Large ones */

static void begin_and_say(struct fixture *f, const struct who *who, const char *message)
{
	event_t attempt = record_begin(f, who);

	record_says(f, attempt, message);
}

static void any_part_of_a_long_history_is_found(void **state)
{
	struct fixture f autofixture;
	autobuf struct buf json = BUF_INIT, csv = BUF_INIT, message = BUF_INIT;
	char id[32], time[CLOCK_TEXT_LEN];

	(void)state;
	fixture_init(&f);
	buf_add_text(&json, "[\n");
	buf_add_text(&csv, "executionId,taskRunValue,timestamp,value\n");
	for (int i = 0; i < 700; i++) {
		char value[16];

		snprintf(id, sizeof(id), "dev/f/E%d/t", i);
		snprintf(value, sizeof(value), "%0*d", 1 + i % 12, 1);
		buf_clear(&message);
		buf_add_format(&message, "{\"outputs\":{\"o\":\"%s\"}}", value);
		begin_and_say(&f, WHO(id, NULL), buf_text(&message));
		clock_format(f.now - USEC_PER_SEC, time);
		buf_add_format(&json, "%s{\"executionId\":\"E%d\",\"timestamp\":\"%.*s\",\"value\":\"%s\"}", i ? ",\n" : "", i,
			       CLOCK_TEXT_LEN, time, value);
		buf_add_format(&csv, "E%d,,%.*s,%s\n", i, CLOCK_TEXT_LEN, time, value);
	}
	buf_add_text(&json, "\n]\n");
	assert_file_bytes(&f, "/flow/dev/f/outputs/t/o.json", buf_bytes(&json));
	assert_file_bytes(&f, "/flow/dev/f/outputs/t/o.csv", buf_bytes(&csv));
}

/* A value much longer than what is read at once: `unit` so many times, in a row between two short ones. */
static void check_long_value(const char *unit, const char *cell_unit, const char *const around[2], const char *const cell_around[2])
{
	struct fixture f autofixture;
	autobuf struct buf json = BUF_INIT, csv = BUF_INIT, value = BUF_INIT, cell = BUF_INIT, message = BUF_INIT;
	char date[CLOCK_TEXT_LEN + 1] = "";

	fixture_init(&f);
	for (int i = 0; i < 50000; i++) {
		buf_add_text(&value, unit);
		buf_add_text(&cell, cell_unit);
	}
	buf_add_format(&message, "{\"outputs\":{\"o\":%s%s%s}}", around[0], buf_text(&value), around[1]);
	buf_add_text(&json, "[\n");
	buf_add_text(&csv, "executionId,taskRunValue,timestamp,value\n");
	for (int i = 0; i < 3; i++) {
		char id[32];

		snprintf(id, sizeof(id), "dev/f/E%d/t", i);
		begin_and_say(&f, WHO(id, NULL), i == 1 ? buf_text(&message) : "{\"outputs\":{\"o\":1}}");
		clock_format(f.now - USEC_PER_SEC, date);
		buf_add_format(&json, "%s{\"executionId\":\"E%d\",\"timestamp\":\"%s\",\"value\":", i ? ",\n" : "", i, date);
		buf_add_format(&csv, "E%d,,%s,", i, date);
		if (i == 1) {
			buf_add_format(&json, "%s%s%s}", around[0], buf_text(&value), around[1]);
			buf_add_format(&csv, "%s%s%s\n", cell_around[0], buf_text(&cell), cell_around[1]);
		} else {
			buf_add_text(&json, "1}");
			buf_add_text(&csv, "1\n");
		}
	}
	buf_add_text(&json, "\n]\n");
	assert_file_bytes(&f, "/flow/dev/f/outputs/t/o.json", buf_bytes(&json));
	assert_file_bytes(&f, "/flow/dev/f/outputs/t/o.csv", buf_bytes(&csv));
}

static void a_long_value_is_read_in_pieces(void **state)
{
	(void)state;
	check_long_value("plain text ", "plain text ", (const char *[]){"\"", "\""}, (const char *[]){"", ""});
	check_long_value("a\\\"b\\n\\u0001", "a\"\"b\n\x01", (const char *[]){"\"", "\""}, (const char *[]){"\"", "\""});
	check_long_value("[1,null,\"x\"],", "[1,null,\"\"x\"\"],", (const char *[]){"[", "0]"}, (const char *[]){"\"[", "0]\""});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_what_the_model_says),
		cmocka_unit_test(any_part_of_a_long_history_is_found),
		cmocka_unit_test(a_long_value_is_read_in_pieces),
	};

	return cmocka_run_group_tests_name("store history", tests, NULL, NULL);
}
