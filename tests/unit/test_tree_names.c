/*
 * The name rule through the tree: whatever a user may choose is found under its encoded name, and whatever a listing
 * prints can be opened.
 */
#include "tests/unit/store_fixture.h"

#include "core/base/names.h"
#include "core/base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* What a name is, and its entry; with `times` the name is its text so often. */
struct name_case {
	struct bytes name;
	const char *entry; /* NULL: what name_encode says, which has its own test */
	size_t times;
};

static const struct name_case cases[] = {
	{BYTES_LITERAL("plain"), "plain", 1},
	{BYTES_LITERAL("a b"), "a b", 1},
	{BYTES_LITERAL("/"), "%2F", 1},
	{BYTES_LITERAL("a/b"), "a%2Fb", 1},
	{BYTES_LITERAL("%"), "%25", 1},
	{BYTES_LITERAL("%2F"), "%252F", 1},
	{BYTES_LITERAL("."), "%2E", 1},
	{BYTES_LITERAL(".."), "%2E.", 1},
	{BYTES_LITERAL("..."), "...", 1},
	{BYTES_LITERAL(".hidden"), ".hidden", 1},
	{BYTES_LITERAL("\n"), "%0A", 1},
	{BYTES_LITERAL("a\tb\x7f"), "a%09b%7F", 1},
	{BYTES_LITERAL("\0"), "%00", 1},
	{BYTES_LITERAL("a\0b"), "a%00b", 1},
	{BYTES_LITERAL("\""), "\"", 1},
	{BYTES_LITERAL("say \"hi\""), "say \"hi\"", 1},
	{BYTES_LITERAL("back\\slash"), "back\\slash", 1},
	{BYTES_LITERAL("\\u0041"), "\\u0041", 1},
	{BYTES_LITERAL("täglich €"), "täglich €", 1},
	{BYTES_LITERAL("-rf"), "-rf", 1},
	{BYTES_LITERAL("outputs.json"), "outputs.json", 1},
	{BYTES_LITERAL("a"), NULL, 255},
	{BYTES_LITERAL("b"), NULL, 256},
	{BYTES_LITERAL("c"), NULL, 300},
	{BYTES_LITERAL("d"), NULL, 5000},
	{BYTES_LITERAL("€"), NULL, 85},
	{BYTES_LITERAL("ü€"), NULL, 60},
	{BYTES_LITERAL("/"), NULL, 79},
	{BYTES_LITERAL("/"), NULL, 85},
	{BYTES_LITERAL("/"), NULL, 86},
	{BYTES_LITERAL("\xf0\x9f\x98\x80"), NULL, 100},
};

#define N_CASES (sizeof(cases) / sizeof(*cases))

static void add_name(struct buf *b, const struct name_case *c)
{
	for (size_t i = 0; i < c->times; i++)
		buf_add_bytes(b, c->name);
}

static void add_path(struct buf *path, const char *folder, struct bytes name, size_t most, const char *suffix)
{
	buf_add_text(path, folder);
	name_encode(path, name, NULL, most);
	buf_add_text(path, suffix);
}

static const char *path_of_case(struct buf *path, const char *folder, const struct name_case *c, size_t most, const char *suffix)
{
	struct buf name = BUF_INIT;

	add_name(&name, c);
	buf_clear(path);
	if (c->entry) {
		buf_add_text(path, folder);
		buf_add_text(path, c->entry);
		buf_add_text(path, suffix);
	} else {
		add_path(path, folder, buf_bytes(&name), most, suffix);
	}
	buf_finish(&name);
	return buf_text(path);
}

/* `{"outputs":{NAME:i,…,"object":{NAME:i,…}},"metrics":[{"name":NAME,…},…]}` */
static void add_members(struct buf *b)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < N_CASES; i++) {
		buf_clear(&name);
		add_name(&name, &cases[i]);
		text_add_json_string(b, buf_bytes(&name));
		buf_add_format(b, ":%zu,", i);
	}
	buf_finish(&name);
}

static void add_metrics(struct buf *b)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < N_CASES; i++) {
		buf_clear(&name);
		add_name(&name, &cases[i]);
		buf_add_text(b, i ? ",{\"name\":" : "{\"name\":");
		text_add_json_string(b, buf_bytes(&name));
		buf_add_format(b, ",\"type\":\"gauge\",\"value\":%zu}", i);
	}
	buf_finish(&name);
}

static void assert_holds(struct fixture *f, const char *path, size_t i)
{
	struct buf expected = BUF_INIT;

	buf_add_format(&expected, "%zu\n", i);
	assert_file_bytes(f, path, buf_bytes(&expected));
	buf_finish(&expected);
}

static void names_of_outputs_keys_and_metrics(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT, path = BUF_INIT, read = BUF_INIT;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/task"));
	buf_add_text(&message, "{\"outputs\":{");
	add_members(&message);
	buf_add_text(&message, "\"object\":{");
	add_members(&message);
	buf_add_text(&message, "\"deep\":{");
	add_members(&message);
	buf_add_text(&message, "\"last\":true}}},\"metrics\":[");
	add_metrics(&message);
	buf_add_text(&message, "]}");
	record_says_bytes(&f, attempt, buf_bytes(&message));
	for (size_t i = 0; i < N_CASES; i++) {
		assert_holds(&f, path_of_case(&path, "/exec/E/task/outputs/", &cases[i], 255, ""), i);
		assert_holds(&f, path_of_case(&path, "/exec/E/task/outputs/object/", &cases[i], 255, ""), i);
		assert_holds(&f, path_of_case(&path, "/exec/E/task/outputs/object/deep/", &cases[i], 255, ""), i);
		buf_clear(&read);
		read_path(&f, path_of_case(&path, "/exec/E/task/metrics/", &cases[i], 250, ".json"), &read);
		assert_true(is_there(&f, path_of_case(&path, "/exec/E/task/metrics/", &cases[i], 250, ".csv")));
		assert_true(is_there(&f, path_of_case(&path, "/metrics/", &cases[i], 250, ".svg")));
	}
	buf_clear(&read);
	list_node(fixture_tree(&f), walk(&f, "/exec/E/task/outputs/object/deep").node, &read);
	buf_clear(&read);
	list_node(fixture_tree(&f), walk(&f, "/metrics").node, &read);
	buf_finish(&message);
	buf_finish(&path);
	buf_finish(&read);
}

/* A value in an identity is C text here, so without NUL. */
static void names_of_values(void **state)
{
	struct fixture f autofixture;
	struct buf path = BUF_INIT, list = BUF_INIT;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < N_CASES; i++) {
		struct buf name = BUF_INIT;

		if (memchr(cases[i].name.data, '\0', cases[i].name.len))
			continue;
		add_name(&name, &cases[i]);
		record_begin(&f, WHO("dev/flow/E/task", buf_text(&name)));
		record_begin(&f, WHO("dev/flow/E/task", "outer", buf_text(&name)));
		assert_file(&f, path_of_case(&path, "/exec/E/task/runs/", &cases[i], 255, "/state"), "RUNNING\n");
		assert_file(&f, path_of_case(&path, "/exec/E/task/runs/outer/runs/", &cases[i], 255, "/state"), "RUNNING\n");
		buf_finish(&name);
	}
	list_node(fixture_tree(&f), walk(&f, "/exec/E/task/runs").node, &list);
	buf_finish(&path);
	buf_finish(&list);
}

static void the_empty_value(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/task", ""));
	assert_list(&f, "/exec/E/task/runs", "%\n");
	assert_file(&f, "/exec/E/task/runs/%/state", "RUNNING\n");
}

/* A task may be called like a fixed entry of its execution's folder. */
static void tasks_called_like_fixed_entries(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/metrics")), "{\"outputs\":{\"a\":1}}");
	record_says(&f, record_begin(&f, WHO("dev/flow/E/state")), "{\"outputs\":{\"a\":2}}");
	record_says(&f, record_begin(&f, WHO("dev/flow/E/warnings")), "{\"outputs\":{\"a\":3}}");
	record_says(&f, record_begin(&f, WHO("dev/flow/E/outputs")), "{\"outputs\":{\"a\":4}}");
	assert_list(&f, "/exec/E",
		    "execution.json\nstate\noutputs.json\nmetrics\nmetrics.json\nwarnings\nreport.html\n%6Detrics\n%73tate\n%"
		    "77arnings\noutputs\n");
	assert_file(&f, "/exec/E/%6Detrics/outputs/a", "1\n");
	assert_file(&f, "/exec/E/%73tate/outputs/a", "2\n");
	assert_file(&f, "/exec/E/%77arnings/outputs/a", "3\n");
	assert_file(&f, "/exec/E/outputs/outputs/a", "4\n");
	assert_file(&f, "/exec/E/outputs.json",
		    "{\"metrics\":{\"vars\":{\"a\":1}},\"state\":{\"vars\":{\"a\":2}},\"warnings\":{\"vars\":{\"a\":3}},\"outputs\":{"
		    "\"vars\":{\"a\":4}}}\n");
}

/* What is no name that the rule makes is not there, also where it decodes to one that is. */
static void other_spellings_are_not_there(void **state)
{
	static const char *const absent[] = {
		"%61", "%2f", "/%2F", "%2F%", "%", ".", "..", "a%", "%2", "a%00", "A",
	};
	struct fixture f autofixture;
	struct entry folder, entry;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/task")), "{\"outputs\":{\"a\":1,\"/\":2,\"o\":{\"a\":1,\"/\":2,\"\\\"\":3}}}");
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		folder = walk(&f, "/exec/E/task/outputs");
		assert_int_equal(tree_lookup(f.tree, folder.node, bytes_of(absent[i]), &entry), 0);
		assert_int_equal(entry.node, 0);
		folder = walk(&f, "/exec/E/task/outputs/o");
		assert_int_equal(tree_lookup(f.tree, folder.node, bytes_of(absent[i]), &entry), 0);
		assert_int_equal(entry.node, 0);
	}
	assert_false(is_there(&f, "/exec/E/task/outputs/o/\\\""));
	assert_true(is_there(&f, "/exec/E/task/outputs/o/\""));
}

/* Names cut to the same beginning differ in their hash. */
static void long_names_that_begin_alike(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT, path = BUF_INIT;

	(void)state;
	fixture_init(&f);
	buf_add_text(&message, "{\"outputs\":{");
	for (int i = 0; i < 50; i++)
		buf_add_format(&message, "%s\"%0400d\":%d", i ? "," : "", i, i);
	buf_add_text(&message, "}}");
	record_says_bytes(&f, record_begin(&f, WHO("dev/flow/E/task")), buf_bytes(&message));
	for (int i = 0; i < 50; i++) {
		char name[512];

		buf_clear(&path);
		add_path(&path, "/exec/E/task/outputs/", bytes_make(name, (size_t)snprintf(name, sizeof(name), "%0400d", i)), 255, "");
		assert_int_equal(path.len, strlen("/exec/E/task/outputs/") + 255);
		assert_holds(&f, buf_text(&path), (size_t)i);
	}
	buf_finish(&message);
	buf_finish(&path);
}

/* 2,000 random names */

#define N_RANDOM 2000

static void add_random_name(struct buf *b)
{
	static const char *const pieces[] = {"/", "%",	 ".",	 "a",	"Z", "\n", "\x7f", "\"", "\\", "é", "€", "\xf0\x9f\x98\x80",
					     " ", "%2F", "\x01", "json"};
	size_t n = (size_t)chance(chance(10) ? 8 : 400);

	for (size_t i = 0; i < n; i++)
		if (chance(20))
			buf_add_text(b, pieces[chance(sizeof(pieces) / sizeof(*pieces))]);
		else
			buf_add_char(b, '\0');
}

static void random_names(void **state)
{
	static struct buf names[N_RANDOM];
	struct fixture f autofixture;
	struct buf message = BUF_INIT, path = BUF_INIT, list = BUF_INIT;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/task"));
	for (size_t i = 0; i < N_RANDOM; i++)
		add_random_name(&names[i]);
	buf_add_text(&message, "{\"outputs\":{\"object\":{");
	for (size_t i = 0; i < N_RANDOM; i++) {
		buf_add_text(&message, i ? "," : "");
		text_add_json_string(&message, buf_bytes(&names[i]));
		buf_add_format(&message, ":%zu", i);
	}
	buf_add_text(&message, "}}}");
	record_says_bytes(&f, attempt, buf_bytes(&message));
	for (size_t i = N_RANDOM; i-- > 0;) {
		size_t last = i;

		/* of the same name twice the last one counts */
		for (size_t j = i + 1; j < N_RANDOM; j++)
			if (bytes_equal(buf_bytes(&names[j]), buf_bytes(&names[i])))
				last = j;
		buf_clear(&path);
		add_path(&path, "/exec/E/task/outputs/object/", buf_bytes(&names[i]), 255, "");
		if (i % 10 == 0 || last != i)
			assert_holds(&f, buf_text(&path), last);
		else
			assert_true(is_there(&f, buf_text(&path)));
	}
	list_node(fixture_tree(&f), walk(&f, "/exec/E/task/outputs/object").node, &list);
	for (size_t i = 0; i < N_RANDOM; i++)
		buf_finish(&names[i]);
	buf_finish(&message);
	buf_finish(&path);
	buf_finish(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_outputs_keys_and_metrics),
		cmocka_unit_test(names_of_values),
		cmocka_unit_test(the_empty_value),
		cmocka_unit_test(tasks_called_like_fixed_entries),
		cmocka_unit_test(other_spellings_are_not_there),
		cmocka_unit_test(long_names_that_begin_alike),
		cmocka_unit_test(random_names),
	};

	return cmocka_run_group_tests_name("tree names", tests, NULL, NULL);
}
