/*
 * Points as a table: which tags are columns, and that a size known without writing the table is the table's, in every version. What should
 * be there is written down here from the list of points, with no thought of speed.
 */
#include "tests/unit/store_fixture.h"

#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMNS 256
#define FIXED "timestamp,value,type,namespace,flowId,executionId,taskId,taskRunId,taskRunValue,attempt"
#define TAGS_MOST 400
#define ROWS_MOST 5000

struct pair {
	char name[24], value[24];
};

struct row {
	usec_t time;
	int value;
	size_t n;
	struct pair *tags;
};

/* The points of one run: `attempt` and `value` as its rows have them. */
struct table {
	struct row rows[ROWS_MOST];
	size_t n;
	const char *suffix;
};

static struct table *table_new(const char *suffix)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->suffix = suffix;
	return t;
}

static void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->rows[i].tags);
	free(t);
}

static struct row *add_row(struct table *t)
{
	struct row *row = &t->rows[t->n++];

	assert_true(t->n <= ROWS_MOST);
	*row = (struct row){.value = (int)t->n, .tags = calloc(TAGS_MOST, sizeof(struct pair))};
	assert_non_null(row->tags);
	return row;
}

static void add_tag(struct row *row, const char *name, const char *value)
{
	struct pair *pair = &row->tags[row->n];

	for (size_t i = 0; i < row->n; i++)
		if (!strcmp(row->tags[i].name, name))
			return;
	snprintf(pair->name, sizeof(pair->name), "%s", name);
	snprintf(pair->value, sizeof(pair->value), "%s", value);
	assert_true(++row->n <= TAGS_MOST);
}

static void add_numbered(struct row *row, unsigned number)
{
	char name[24], value[24];

	snprintf(name, sizeof(name), "k%u", number);
	snprintf(value, sizeof(value), number % 3 ? "v%u" : "\"%u,", number);
	add_tag(row, name, value);
}

/* What should be there */

static void add_cell(struct buf *b, const char *text)
{
	bool quoted = strpbrk(text, "\",\n\r");

	buf_add_text(b, quoted ? "\"" : "");
	for (; *text; text++) {
		buf_add_text(b, *text == '"' ? "\"" : "");
		buf_add_char(b, *text);
	}
	buf_add_text(b, quoted ? "\"" : "");
}

struct headings {
	const char *names[TAGS_MOST * 4];
	size_t n;
};

static size_t column_of(const struct headings *h, const char *name)
{
	size_t i = 0;

	while (i < h->n && strcmp(h->names[i], name) != 0)
		i++;
	return i;
}

static void add_head(const struct headings *h, struct buf *ret)
{
	buf_add_text(ret, FIXED);
	for (size_t i = 0; i < h->n && i < COLUMNS; i++) {
		char heading[32];

		snprintf(heading, sizeof(heading), "tags.%s", h->names[i]);
		buf_add_char(ret, ',');
		add_cell(ret, heading);
	}
	buf_add_text(ret, h->n > COLUMNS ? ",tags\n" : "\n");
}

static void add_rest(const struct headings *h, const struct row *row, struct buf *ret)
{
	struct buf json = BUF_INIT;

	for (size_t i = 0; i < row->n; i++) {
		if (column_of(h, row->tags[i].name) < COLUMNS)
			continue;
		buf_add_char(&json, json.len ? ',' : '{');
		text_add_json_string(&json, bytes_of(row->tags[i].name));
		buf_add_char(&json, ':');
		text_add_json_string(&json, bytes_of(row->tags[i].value));
	}
	buf_add_text(&json, json.len ? "}" : "");
	buf_add_char(ret, ',');
	add_cell(ret, buf_text(&json));
	buf_finish(&json);
}

static void add_line(const struct headings *h, const struct row *row, const char *suffix, struct buf *ret)
{
	const char *cells[COLUMNS] = {NULL};
	char time[CLOCK_TEXT_LEN];

	clock_format(row->time, time);
	buf_add(ret, time, sizeof(time));
	buf_add_format(ret, ",%d,counter,dev,flow,E,t,%s", row->value, suffix);
	for (size_t i = 0; i < row->n; i++) {
		size_t column = column_of(h, row->tags[i].name);

		if (column < COLUMNS)
			cells[column] = row->tags[i].value;
	}
	for (size_t i = 0; i < h->n && i < COLUMNS; i++) {
		buf_add_char(ret, ',');
		add_cell(ret, cells[i] ? cells[i] : "");
	}
	if (h->n > COLUMNS)
		add_rest(h, row, ret);
	buf_add_char(ret, '\n');
}

static void add_table(const struct table *t, struct buf *ret)
{
	struct headings h = {.n = 0};

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->rows[i].n; k++)
			if (column_of(&h, t->rows[i].tags[k].name) == h.n)
				h.names[h.n++] = t->rows[i].tags[k].name;
	add_head(&h, ret);
	for (size_t i = 0; i < t->n; i++)
		add_line(&h, &t->rows[i], t->suffix, ret);
	assert_int_equal(buf_error(ret), 0);
}

/* Recording */

static void add_point(const struct row *row, struct buf *message)
{
	buf_add_format(message, "{\"name\":\"m\",\"type\":\"counter\",\"value\":%d,\"tags\":{", row->value);
	for (size_t i = 0; i < row->n; i++) {
		buf_add_text(message, i ? "," : "");
		text_add_json_string(message, bytes_of(row->tags[i].name));
		buf_add_char(message, ':');
		text_add_json_string(message, bytes_of(row->tags[i].value));
	}
	buf_add_text(message, "}}");
}

/* The rows from `from` on, in one message. */
static void record_rows(struct fixture *f, event_t attempt, struct table *t, size_t from)
{
	struct buf message = BUF_INIT;

	buf_add_text(&message, "{\"metrics\":[");
	for (size_t i = from; i < t->n; i++) {
		t->rows[i].time = f->now;
		buf_add_text(&message, i > from ? "," : "");
		add_point(&t->rows[i], &message);
	}
	buf_add_text(&message, "]}");
	record_says_bytes(f, attempt, buf_bytes(&message));
	buf_finish(&message);
}

/* Versions of a file: each is read again when there are newer ones */

struct version {
	node_t node;
	struct buf text;
};

struct versions {
	struct version at[ROWS_MOST];
	size_t n;
};

static void check_node(struct fixture *f, node_t node, struct bytes expected)
{
	struct attributes attributes;
	struct buf read = BUF_INIT;

	assert_int_equal(tree_attributes(fixture_tree(f), node, &attributes), 0);
	read_node(fixture_tree(f), node, 1 << 20, &read);
	assert_bytes("a version", buf_bytes(&read), expected);
	assert_int_equal(attributes.size, expected.len);
	buf_finish(&read);
}

static void check_now(struct fixture *f, const char *path, const struct table *t, struct versions *versions)
{
	struct version *v = &versions->at[versions->n++];

	*v = (struct version){walk(f, path).node, BUF_INIT};
	add_table(t, &v->text);
	check_node(f, v->node, buf_bytes(&v->text));
}

static void check_versions(struct fixture *f, const struct versions *versions)
{
	for (size_t i = 0; i < versions->n; i++)
		check_node(f, versions->at[i].node, buf_bytes(&versions->at[i].text));
	fixture_forget(f);
	for (size_t i = versions->n; i-- > 0;)
		check_node(f, versions->at[i].node, buf_bytes(&versions->at[i].text));
}

static struct versions *versions_new(void)
{
	struct versions *versions = calloc(1, sizeof(*versions));

	assert_non_null(versions);
	return versions;
}

static void versions_free(struct versions *versions)
{
	for (size_t i = 0; i < versions->n; i++)
		buf_finish(&versions->at[i].text);
	free(versions);
}

static const struct who run = {.path = "dev/flow/E/t", .taskrun = "R"};

#define PATH "/exec/E/t/metrics/m.csv"
#define SUFFIX "R,,"

/* The 257th tag is the first without a column of its own. */
static void a_tag_more_with_each_point(void **state)
{
	struct table *t = table_new(SUFFIX);
	struct versions *versions = versions_new();
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (unsigned i = 0; i < 300; i++) {
		add_numbered(add_row(t), i);
		record_rows(&f, attempt, t, t->n - 1);
		if (i < 3 || i > 250 || i % 20 == 0)
			check_now(&f, PATH, t, versions);
	}
	check_now(&f, "/metrics/m.csv", t, versions);
	check_now(&f, "/exec/E/metrics/m.csv", t, versions);
	check_now(&f, "/flow/dev/flow/metrics/m.csv", t, versions);
	check_versions(&f, versions);
	versions_free(versions);
	table_free(t);
}

/* The columns run out within a point. */
static void all_tags_in_one_point(void **state)
{
	static const unsigned n[] = {1, 4, 5, 255, 256, 257, 300};
	struct versions *versions = versions_new();

	(void)state;
	for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++) {
		struct table *t = table_new(SUFFIX);
		struct fixture f autofixture;
		struct row *row = add_row(t);
		event_t attempt;

		fixture_init(&f);
		versions->n = 0;
		attempt = record_begin(&f, &run);
		for (unsigned k = 0; k < n[i]; k++)
			add_numbered(row, k);
		record_rows(&f, attempt, t, 0);
		check_now(&f, PATH, t, versions);
		for (unsigned k = n[i]; k-- > 0;)
			add_numbered(k == n[i] - 1 ? row = add_row(t) : row, k);
		add_row(t);
		add_numbered(add_row(t), n[i] - 1);
		add_numbered(add_row(t), n[i]);
		record_rows(&f, attempt, t, 1);
		check_now(&f, PATH, t, versions);
		check_versions(&f, versions);
		for (size_t v = 0; v < versions->n; v++)
			buf_finish(&versions->at[v].text);
		table_free(t);
	}
	versions->n = 0;
	versions_free(versions);
}

static void random_tags(void **state)
{
	struct table *t = table_new(SUFFIX);
	struct versions *versions = versions_new();
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (unsigned i = 0; i < 60; i++) {
		size_t from = t->n;

		for (size_t k = 1 + chance(5); k-- > 0;) {
			struct row *row = add_row(t);

			for (size_t tag = chance(chance(8) ? 4 : 40); tag-- > 0;)
				add_numbered(row, (unsigned)chance(2 + i * 6));
		}
		record_rows(&f, attempt, t, from);
		check_now(&f, PATH, t, versions);
	}
	check_now(&f, "/metrics/m.csv", t, versions);
	check_versions(&f, versions);
	versions_free(versions);
	table_free(t);
}

/* A name is a heading as a value is a cell. */
static void headings_that_need_quotes(void **state)
{
	static const char *const names[] = {"", "a,b", "say \"hi\"", "new\nline", "cr\r", "tab\t", "tags", "\\", "é€", "attempt"};
	struct table *t = table_new(SUFFIX);
	struct versions *versions = versions_new();
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_tag(add_row(t), names[i], names[i]);
	record_rows(&f, attempt, t, 0);
	check_now(&f, PATH, t, versions);
	check_versions(&f, versions);
	versions_free(versions);
	table_free(t);
}

static void cells_of_runs_and_attempts(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 2; i++) {
		attempt = record_begin(&f, &(struct who){.path = "dev/flow/E/t", .taskrun = "A", .values = {"a,\"b\""}});
		record_says(&f, attempt,
			    "{\"metrics\":[{\"name\":\"m\",\"type\":\"timer\",\"value\":1.5,\"tags\":{\"n\":3.65,\"b\":true}}]}");
	}
	attempt = record_begin(&f, &(struct who){.path = "dev/flow/E/t", .taskrun = "B", .values = {"x", "y"}});
	record_says(&f, attempt, "{\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":1e21,\"tags\":{\"n\":1,\"n\":2}}]}");
	assert_file(&f, "/exec/E/metrics/m.csv",
		    FIXED ",tags.n,tags.b\n"
			  "2026-11-22T10:00:01.000000Z,1.5,timer,dev,flow,E,t,A,\"a,\"\"b\"\"\",,3.65,true\n"
			  "2026-11-22T10:00:03.000000Z,1.5,timer,dev,flow,E,t,A,\"a,\"\"b\"\"\",2,3.65,true\n"
			  "2026-11-22T10:00:05.000000Z,1e+21,gauge,dev,flow,E,t,B,\"[\"\"x\"\",\"\"y\"\"]\",,2,\n");
}

/* Columns are those of the points shown: of a retried run's former attempt none is left. */
static void columns_that_a_retry_takes_away(void **state)
{
#define SAY(tags) "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":" tags "}]}"
#define ROW(second, run, attempt) "2026-11-22T10:00:" second ".000000Z,1,counter,dev,flow,E,t," run "," attempt
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}},
				b = {.path = "dev/flow/E/t", .taskrun = "B", .values = {"b"}};
	struct fixture f autofixture;
	event_t first, other;
	node_t old;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, &a);
	other = record_begin(&f, &b);
	record_says(&f, first, SAY("{\"x\":1}"));
	record_says(&f, other, SAY("{\"y\":2,\"z\":3}"));
	old = walk(&f, "/exec/E/t/metrics/m.csv").node;
	first = record_begin(&f, &a);
	assert_file(&f, "/exec/E/t/metrics/m.csv", FIXED ",tags.y,tags.z\n" ROW("03", "B,b", ",2,3\n"));
	record_says(&f, first, SAY("{\"z\":4,\"x\":5}"));
	assert_file(&f, "/exec/E/t/metrics/m.csv",
		    FIXED ",tags.y,tags.z,tags.x\n" ROW("03", "B,b", ",2,3,\n") ROW("05", "A,a", "2,,4,5\n"));
	assert_file(&f, "/exec/E/metrics/m.csv",
		    FIXED ",tags.x,tags.y,tags.z\n" ROW("02", "A,a", ",1,,\n") ROW("03", "B,b", ",,2,3\n") ROW("05", "A,a", "2,5,,4\n"));
	record_begin(&f, &b);
	assert_file(&f, "/exec/E/t/metrics/m.csv", FIXED ",tags.z,tags.x\n" ROW("05", "A,a", "2,4,5\n"));
	check_node(&f, old, bytes_of(FIXED ",tags.x,tags.y,tags.z\n" ROW("02", "A,a", ",1,,\n") ROW("03", "B,b", ",,2,3\n")));
}

/* More than 256 columns, some of whose tags a retry takes away. */
static void many_columns_and_a_retry(void **state)
{
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}},
				b = {.path = "dev/flow/E/t", .taskrun = "B", .values = {"b"}};
	struct table *of_a = table_new("A,a,"), *of_b = table_new("B,b,"), *again = table_new("A,a,2");
	struct versions *versions = versions_new();
	struct fixture f autofixture;
	event_t first, other;
	struct row *row;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, &a);
	other = record_begin(&f, &b);
	for (unsigned i = 0, from = 0; i < 300; i += 50) {
		row = add_row(of_a);
		for (unsigned k = i; k < i + 50; k++)
			add_numbered(row, k);
		record_rows(&f, first, of_a, from++);
	}
	check_now(&f, "/exec/E/t/metrics/m.csv", of_a, versions);
	row = add_row(of_b);
	for (unsigned k = 200; k < 400; k++)
		add_numbered(row, k);
	record_rows(&f, other, of_b, 0);
	check_now(&f, "/exec/E/t/runs/b/metrics/m.csv", of_b, versions);
	first = record_begin(&f, &a);
	check_now(&f, "/exec/E/t/metrics/m.csv", of_b, versions);
	record_begin(&f, &b);
	assert_false(is_there(&f, "/exec/E/t/metrics/m.csv"));
	for (unsigned i = 0, from = 0; i < 300; i += 50) {
		row = add_row(again);
		for (unsigned k = 500 - i; k < 550 - i; k++)
			add_numbered(row, k);
		record_rows(&f, first, again, from++);
		check_now(&f, "/exec/E/t/metrics/m.csv", again, versions);
	}
	check_versions(&f, versions);
	versions_free(versions);
	table_free(of_a);
	table_free(of_b);
	table_free(again);
}

/* Windows anywhere */

static void check_windows(struct fixture *f, node_t node, struct bytes whole)
{
	char data[3000];
	size_t len;

	for (int i = 0; i < 300; i++) {
		size_t from = (size_t)chance(whole.len + 10), size = 1 + (size_t)chance(sizeof(data));
		size_t here = from < whole.len ? whole.len - from : 0;

		here = here < size ? here : size;
		assert_int_equal(tree_read(fixture_tree(f), node, from, data, size, &len), 0);
		assert_bytes("a window", bytes_make(data, len), bytes_make(here ? whole.data + from : "", here));
	}
}

/* 5,000 points in 50 messages, the names of their tags out of `names`; old versions too, from within a chunk. */
static void windows_of(unsigned names)
{
	struct table *t = table_new(SUFFIX);
	struct versions *versions = versions_new();
	struct fixture f autofixture;
	event_t attempt;

	fixture_init(&f);
	attempt = record_begin(&f, &run);
	while (t->n < ROWS_MOST) {
		size_t from = t->n;

		for (int i = 0; i < 100; i++) {
			struct row *row = add_row(t);

			for (size_t tag = chance(4); tag-- > 0;)
				add_numbered(row, (unsigned)chance(names));
		}
		record_rows(&f, attempt, t, from);
		if (chance(12) == 0 || t->n == ROWS_MOST)
			check_now(&f, PATH, t, versions);
	}
	for (size_t i = 0; i < versions->n; i++)
		check_windows(&f, versions->at[i].node, buf_bytes(&versions->at[i].text));
	fixture_forget(&f);
	for (size_t i = 0; i < versions->n; i++)
		check_windows(&f, versions->at[i].node, buf_bytes(&versions->at[i].text));
	versions_free(versions);
	table_free(t);
}

static void windows_of_few_columns(void **state)
{
	(void)state;
	windows_of(5);
}

static void windows_of_many_columns(void **state)
{
	(void)state;
	windows_of(400);
}

/* Three runs in turn, and one retried: no longer are the bytes before a point known, so it is found by a walk. */
static void windows_of_runs_and_a_retry(void **state)
{
	static const char *const paths[] = {"/metrics/m.csv",
					    "/exec/E/t/metrics/m.csv",
					    "/exec/E/t/runs/b/metrics/m.csv",
					    "/metrics/m.json",
					    "/exec/E/t/metrics/m.json",
					    "/exec/E/t/metrics/tags/k1/v1/m.csv",
					    "/metrics/tags/k1/v1/m.csv",
					    "/metrics/tags/k1/v1/m.json",
					    "/exec/E/t/metrics/tags/k1/v1/m.json"};
	static const char *const run_values[] = {"a", "b", "c"};
	struct fixture f autofixture;
	event_t attempts[3];

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 3; i++)
		attempts[i] = record_begin(&f, WHO("dev/flow/E/t", run_values[i]));
	for (int i = 0; i < 60; i++) {
		struct table *t = table_new("");

		for (int k = 0; k < 60; k++)
			for (size_t tag = 0; tag < 3; tag++)
				add_numbered(tag ? &t->rows[t->n - 1] : add_row(t), (unsigned)chance(12));
		record_rows(&f, attempts[i % 3], t, 0);
		table_free(t);
		if (i == 20 || i == 40)
			attempts[0] = record_begin(&f, WHO("dev/flow/E/t", "a"));
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct entry entry = walk(&f, paths[i]);
		struct buf whole = BUF_INIT;

		read_node(fixture_tree(&f), entry.node, 1 << 20, &whole);
		assert_int_equal(whole.len, entry.attributes.size);
		check_windows(&f, entry.node, buf_bytes(&whole));
		buf_finish(&whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_more_with_each_point),
		cmocka_unit_test(all_tags_in_one_point),
		cmocka_unit_test(random_tags),
		cmocka_unit_test(headings_that_need_quotes),
		cmocka_unit_test(cells_of_runs_and_attempts),
		cmocka_unit_test(columns_that_a_retry_takes_away),
		cmocka_unit_test(many_columns_and_a_retry),
		cmocka_unit_test(windows_of_few_columns),
		cmocka_unit_test(windows_of_many_columns),
		cmocka_unit_test(windows_of_runs_and_a_retry),
	};

	return cmocka_run_group_tests_name("store columns", tests, NULL, NULL);
}
