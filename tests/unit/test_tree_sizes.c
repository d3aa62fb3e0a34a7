/*
 * Every file of a tree: its size is its contents', however it is read, and what is called .json is one valid document. What is drawn anew
 * for each read of a piece is read at once.
 */
#include "tests/unit/jansson_opinion.h"
#include "tests/unit/tree_model.h"

#include <stdio.h>
#include <stdlib.h>

struct walker {
	struct fixture *f;
	size_t files;
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && !strcmp(name + len - n, suffix);
}

/* Whole, and again in pieces. */
static void read_twice(struct fixture *f, const char *path, const struct entry *entry, struct buf *ret)
{
	struct buf again = BUF_INIT;

	read_node(fixture_tree(f), entry->node, (size_t)2 << 20, ret);
	if (ret->len != entry->attributes.size)
		fail_msg("%s: size says %llu, there are %zu bytes", path, (unsigned long long)entry->attributes.size, ret->len);
	read_node(fixture_tree(f), entry->node, ret->len / (1 + (size_t)chance(20)) + 1, &again);
	assert_bytes(path, buf_bytes(&again), buf_bytes(ret));
	buf_finish(&again);
}

static void check_file(struct walker *walker, const char *path, const struct entry *entry)
{
	const char *name = strrchr(path, '/') + 1;
	struct buf b = BUF_INIT;

	walker->files++;
	if (ends_in(name, ".svg") || ends_in(name, ".prom") || ends_in(name, ".html") || strstr(path, "/tags/"))
		read_twice(walker->f, path, entry, &b);
	else
		read_path(walker->f, path, &b);
	if (ends_in(name, ".json")) {
		if (jansson_reads(buf_bytes(&b)) == OPINION_REFUSED)
			fail_msg("%s is not valid: %s", path, buf_text(&b));
		assert_int_equal(b.data[b.len - 1], '\n');
		assert_true(b.data[0] == '[' || !memchr(b.data, '\n', b.len - 1));
	}
	buf_finish(&b);
}

/* Below `tags` it is all the same, and much: some of it. */
#define TAGS_LOOKED_AT 2

static void check_all(struct walker *walker, const char *path);

static void check_one(struct walker *walker, const char *folder, const char *name)
{
	struct buf path = BUF_INIT;
	struct entry entry;

	buf_add_format(&path, "%s/%s", folder, name);
	entry = walk(walker->f, buf_text(&path));
	if (entry.attributes.type == NODE_FILE)
		check_file(walker, buf_text(&path), &entry);
	else
		assert_true(entry.attributes.size == 0 || entry.attributes.type == NODE_LINK);
	if (entry.attributes.type == NODE_FOLDER)
		check_all(walker, buf_text(&path));
	buf_finish(&path);
}

static bool is_tags(const char *path)
{
	const char *tags = strstr(path, "/metrics/tags");

	return tags && (!tags[13] || (tags[13] == '/' && !strchr(tags + 14, '/')));
}

static void check_all(struct walker *walker, const char *path)
{
	char *rest, *name, *start = NULL;
	struct buf names = BUF_INIT;
	size_t n = 0, i = 0, from = 0;

	list_node(fixture_tree(walker->f), walk(walker->f, path).node, &names);
	rest = start = strdup(buf_text(&names));
	for (const char *at = start; *at; at++)
		n += *at == '\n';
	if (is_tags(path) && n > TAGS_LOOKED_AT)
		from = (size_t)chance(n - TAGS_LOOKED_AT + 1);
	for (; (name = strsep(&rest, "\n")) && *name; i++)
		if (!is_tags(path) || (i >= from && i < from + TAGS_LOOKED_AT))
			check_one(walker, path, name);
	free(start);
	buf_finish(&names);
}

static void every_file_of_a_tree(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct fixture f autofixture;
		struct model *m = model_new();
		struct walker walker = {&f, 0};

		fixture_init(&f);
		for (int step = 0; step < 80; step++)
			model_step(m, &f);
		check_all(&walker, "");
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
			buf_add_format(&message, "%s{\"name\":\"%s\",\"type\":\"counter\",\"value\":%d,\"tags\":{\"k\":\"%s\"}}",
				       k ? "," : "", chance(5) ? "m" : "n", k * i, chance(3) ? "x" : "y,z");
		buf_add_text(&message, "]}");
		record_says_bytes(&f, i % 2 ? a : b, buf_bytes(&message));
		buf_finish(&message);
		if (i == 30)
			a = record_begin(&f, WHO("dev/flow/E/t", "a"));
		if (i == 20)
			check_all(&walker, "");
	}
	check_all(&walker, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_file_of_a_tree), cmocka_unit_test(long_series)};

	return cmocka_run_group_tests_name("tree sizes", tests, NULL, NULL);
}
