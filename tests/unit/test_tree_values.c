/* Outputs as files: what each JSON value becomes, read in windows of every size. */
#include "tests/unit/store_fixture.h"

#include "core/base/text.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *json;
	const char *file; /* NULL: a folder with these names */
	const char *names;
} cases[] = {
	{"\"\"", "\n", NULL},
	{"\"text\"", "text\n", NULL},
	{"\"two\\nlines\\n\"", "two\nlines\n\n", NULL},
	{"\"quote \\\" slash \\/ back \\\\ \\t\\b\\f\\r \\u0001\\u001f\"", "quote \" slash / back \\ \t\b\f\r \x01\x1f\n", NULL},
	{"\"\\u00e9\\u20ac\\ud83d\\ude00\\u007f\"", "é€\xf0\x9f\x98\x80\x7f\n", NULL},
	{"3.65", "3.65\n", NULL},
	{"1e2", "1e2\n", NULL},
	{"-0", "-0\n", NULL},
	{"1e400", "1e400\n", NULL},
	{"123456789012345678901234567890", "123456789012345678901234567890\n", NULL},
	{"true", "true\n", NULL},
	{"false", "false\n", NULL},
	{"null", "null\n", NULL},
	{"[]", "", NULL},
	{"[ ]", "", NULL},
	{"[1,\"a\",null,true]", "1\na\nnull\ntrue\n", NULL},
	{"[\"\"]", "\n", NULL},
	{"[\"a b\",\"\\t\",\"é\",\"\\\"\"]", "a b\n\t\né\n\"\n", NULL},
	{"[\"two\\nlines\",\"nul\\u0000\",\"plain\\r\"]", "\"two\\nlines\"\n\"nul\\u0000\"\nplain\r\n", NULL},
	{"[[1, 2], {\"a\" : [ \"b\" ]}, []]", "[1,2]\n{\"a\":[\"b\"]}\n[]\n", NULL},
	{"[\"\\\\n\",\"a\\\\\"]", "\\n\na\\\n", NULL},
	{"{}", NULL, ""},
	{"{\"a\":1,\"b\":{}}", NULL, "a\nb\n"},
	{"{\"b\":{},\"a\":[],\"b\":2}", NULL, "b\na\n"},
};

static void each_type(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&message);
		buf_add_format(&message, "{\"outputs\":{\"o\":%s,\"in\":{\"x\":[%s],\"o\":%s}}}", cases[i].json, cases[i].json,
			       cases[i].json);
		record_says_bytes(&f, attempt, buf_bytes(&message));
		if (cases[i].file) {
			assert_file(&f, "/exec/E/t/outputs/o", cases[i].file);
			assert_file(&f, "/exec/E/t/outputs/in/o", cases[i].file);
		} else {
			assert_list(&f, "/exec/E/t/outputs/o", cases[i].names);
			assert_list(&f, "/exec/E/t/outputs/in/o", cases[i].names);
		}
	}
	buf_finish(&message);
}

static void nested_objects_are_folders(void **state)
{
	struct fixture f autofixture;
	struct entry entry;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t")),
		    "{\"outputs\":{\"o\":{\"a\":{\"b\":{\"c\":\"deep\"},\"\":0},\"list\":[{\"x\":1}],\"n\":null,\"k\\\"\\\\\":{\"z\":[1,2]}"
		    "}}}");
	assert_list(&f, "/exec/E/t/outputs/o", "a\nlist\nn\nk\"\\\n");
	assert_list(&f, "/exec/E/t/outputs/o/a", "b\n%\n");
	assert_file(&f, "/exec/E/t/outputs/o/a/b/c", "deep\n");
	assert_file(&f, "/exec/E/t/outputs/o/a/%", "0\n");
	assert_file(&f, "/exec/E/t/outputs/o/list", "{\"x\":1}\n");
	assert_file(&f, "/exec/E/t/outputs/o/k\"\\/z", "1\n2\n");
	assert_file(&f, "/exec/E/t/outputs.json",
		    "{\"o\":{\"a\":{\"b\":{\"c\":\"deep\"},\"\":0},\"list\":[{\"x\":1}],\"n\":null,\"k\\\"\\\\\":{\"z\":[1,2]}}}\n");
	assert_int_equal(tree_walk(fixture_tree(&f), BYTES_LITERAL("/exec/E/t/outputs/o/list/x"), &entry), -ENOTDIR);
}

/* 511 brackets within the message's own. */
static void as_deep_as_a_message_may_be(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT, path = BUF_INIT;

	(void)state;
	fixture_init(&f);
	buf_add_text(&message, "{\"outputs\":{\"a\":");
	buf_add_text(&path, "/exec/E/t/outputs/a");
	for (int i = 0; i < 509; i++) {
		buf_add_text(&message, "{\"a\":");
		buf_add_text(&path, "/a");
	}
	buf_add_text(&message, "\"here\"");
	for (int i = 0; i < 509; i++)
		buf_add_char(&message, '}');
	buf_add_text(&message, "}}");
	record_says_bytes(&f, record_begin(&f, WHO("dev/flow/E/t")), buf_bytes(&message));
	assert_file(&f, buf_text(&path), "here\n");
	buf_finish(&message);
	buf_finish(&path);
}

/* Windows */

static void add_random_text(struct buf *b, size_t len)
{
	static const char *const pieces[] = {"\n", "\"", "\\", "\x01", "a", "€", "\t", "\x1f", "/", "plain text of some length", "\x7f"};

	while (b->len < len)
		if (chance(30))
			buf_add_text(b, pieces[chance(sizeof(pieces) / sizeof(*pieces))]);
		else
			buf_add_char(b, '\0');
}

static void assert_windows(struct fixture *f, const char *path, struct bytes expected, size_t size)
{
	struct entry entry = walk(f, path);
	char data[4096];
	size_t len;

	for (size_t from = 0; from < expected.len; from += 1 + (size_t)chance(size)) {
		size_t here = expected.len - from < size ? expected.len - from : size;

		assert_int_equal(tree_read(fixture_tree(f), entry.node, from, data, size, &len), 0);
		assert_bytes(path, bytes_make(data, len), bytes_make(expected.data + from, here));
	}
}

/* Escapes meet the end of a window at each of their bytes; what a read left off is taken up by the next, by another or by none. */
static void long_strings(void **state)
{
	struct fixture f autofixture;
	struct buf text = BUF_INIT, message = BUF_INIT;

	(void)state;
	fixture_init(&f);
	add_random_text(&text, 30000);
	buf_add_text(&message, "{\"outputs\":{\"s\":");
	text_add_json_string(&message, buf_bytes(&text));
	buf_add_text(&message, ",\"o\":{\"k\":");
	text_add_json_string(&message, buf_bytes(&text));
	buf_add_text(&message, "}}}");
	record_says_bytes(&f, record_begin(&f, WHO("dev/flow/E/t")), buf_bytes(&message));
	buf_add_char(&text, '\n');
	assert_file_bytes(&f, "/exec/E/t/outputs/s", buf_bytes(&text));
	for (size_t size = 1; size <= 4096; size = size * 2 + 1)
		assert_windows(&f, size % 3 ? "/exec/E/t/outputs/s" : "/exec/E/t/outputs/o/k", buf_bytes(&text), size);
	buf_finish(&text);
	buf_finish(&message);
}

/* The file of an array, by the rule's words. */
static void add_element(struct buf *json, struct buf *file, size_t i)
{
	struct buf text = BUF_INIT;

	if (i)
		buf_add_char(json, ',');
	if (i % 4 == 0) {
		buf_add_format(json, "{\"n\":%zu}", i);
		buf_add_format(file, "{\"n\":%zu}\n", i);
		return;
	}
	add_random_text(&text, (size_t)chance(i % 50 ? 60 : 6000));
	text_add_json_string(json, buf_bytes(&text));
	if (text.len && (memchr(text.data, '\n', text.len) || memchr(text.data, '\0', text.len)))
		text_add_json_string(file, buf_bytes(&text));
	else
		buf_add_bytes(file, buf_bytes(&text));
	buf_add_char(file, '\n');
	buf_finish(&text);
}

static void long_arrays(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT, file = BUF_INIT;

	(void)state;
	fixture_init(&f);
	buf_add_text(&message, "{\"outputs\":{\"a\":[");
	for (size_t i = 0; i < 1000; i++)
		add_element(&message, &file, i);
	buf_add_text(&message, "]}}");
	record_says_bytes(&f, record_begin(&f, WHO("dev/flow/E/t")), buf_bytes(&message));
	assert_file_bytes(&f, "/exec/E/t/outputs/a", buf_bytes(&file));
	for (size_t size = 3; size <= 4096; size = size * 3 + 1)
		assert_windows(&f, "/exec/E/t/outputs/a", buf_bytes(&file), size);
	buf_finish(&message);
	buf_finish(&file);
}

/* Listing a large object takes time in proportion to it: 30,000 members, in pieces as the kernel asks for them. */
static bool stop_after(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	uint64_t *at = context;

	(void)name;
	(void)type;
	(void)inode;
	if (at[1]-- == 0)
		return false;
	at[0] = next;
	at[2]++;
	return true;
}

static void large_objects(void **state)
{
	struct fixture f autofixture;
	struct buf message = BUF_INIT;
	struct entry folder;
	uint64_t at[3] = {0};
	bool end = false;
	enum keep keep;
	usec_t before;

	(void)state;
	fixture_init(&f);
	buf_add_text(&message, "{\"outputs\":{\"o\":{\"in\":{");
	for (int i = 0; i < 30000; i++)
		buf_add_format(&message, "%s\"key_%d\":\"some value of some length %d\"", i ? "," : "", i, i);
	buf_add_text(&message, "}}}}");
	record_says_bytes(&f, record_begin(&f, WHO("dev/flow/E/t")), buf_bytes(&message));
	folder = walk(&f, "/exec/E/t/outputs/o/in");
	before = clock_now();
	while (!end) {
		at[1] = 100;
		assert_int_equal(tree_list(f.tree, folder.node, at[0], stop_after, at, &keep, &end), 0);
	}
	assert_int_equal(at[2], 30000);
	assert_true(clock_now() - before < 5 * USEC_PER_SEC);
	assert_file(&f, "/exec/E/t/outputs/o/in/key_29999", "some value of some length 29999\n");
	buf_finish(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type),
		cmocka_unit_test(nested_objects_are_folders),
		cmocka_unit_test(as_deep_as_a_message_may_be),
		cmocka_unit_test(long_strings),
		cmocka_unit_test(long_arrays),
		cmocka_unit_test(large_objects),
	};

	return cmocka_run_group_tests_name("tree values", tests, NULL, NULL);
}
