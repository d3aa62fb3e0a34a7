/* Every file of a tree: its size is its contents', however it is read, and what is called .json is one valid document. */
#include "tests/unit/jansson_opinion.h"
#include "tests/unit/tree_model.h"

#include <stdio.h>

struct walker {
	struct fixture *f;
	size_t files;
};

static void check(void *context, const char *path, const struct entry *entry)
{
	struct walker *walker = context;
	const char *name = strrchr(path, '/') + 1;
	struct buf b = BUF_INIT;
	size_t len = strlen(name);

	if (entry->attributes.type == NODE_FOLDER) {
		assert_int_equal(entry->attributes.size, 0);
		return;
	}
	walker->files++;
	read_path(walker->f, path, &b);
	if (len > 5 && !strcmp(name + len - 5, ".json")) {
		if (jansson_reads(buf_bytes(&b)) == OPINION_REFUSED)
			fail_msg("%s is not valid: %s", path, buf_text(&b));
		assert_int_equal(b.data[b.len - 1], '\n');
		assert_true(b.data[0] == '[' || !memchr(b.data, '\n', b.len - 1));
	}
	buf_finish(&b);
}

static void every_file_of_a_tree(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct fixture f autofixture;
		struct model *m = model_new();
		struct walker walker = {&f, 0};

		fixture_init(&f);
		for (int step = 0; step < 150; step++)
			model_step(m, &f);
		walk_all(&f, "", check, &walker);
		assert_true(walker.files > 100);
		model_free(m);
	}
}

/* 5,000 points of two runs in turn, with a retry in between: windows anywhere. */
static void long_series(void **state)
{
	struct fixture f autofixture;
	struct walker walker = {&f, 0};
	event_t a, b;

	(void)state;
	fixture_init(&f);
	a = record_begin(&f, WHO("dev/flow/E/t", "a"));
	b = record_begin(&f, WHO("dev/flow/E/t", "b"));
	for (int i = 0; i < 50; i++) {
		struct buf message = BUF_INIT;

		buf_add_text(&message, "{\"metrics\":[");
		for (int k = 0; k < 100; k++)
			buf_add_format(&message, "%s{\"name\":\"%s\",\"type\":\"counter\",\"value\":%d}", k ? "," : "",
				       chance(5) ? "m" : "n", k * i);
		buf_add_text(&message, "]}");
		record_says_bytes(&f, i % 2 ? a : b, buf_bytes(&message));
		buf_finish(&message);
		if (i == 30)
			a = record_begin(&f, WHO("dev/flow/E/t", "a"));
		if (i % 10 == 0)
			walk_all(&f, "", check, &walker);
	}
	walk_all(&f, "", check, &walker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_of_a_tree), cmocka_unit_test(long_series)};

	return cmocka_run_group_tests_name("tree sizes", tests, NULL, NULL);
}
