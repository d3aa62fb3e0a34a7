/*
 * report.html and the pictures are what they are for ever: whatever is recorded later, a node reads the same bytes, in
 * pieces as at once, and has the size that was told, from a tree that remembers nothing too.
 */
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who loop_one = {.path = "dev/flow/E/loop", .values = {"one"}};
static const struct who loop_two = {.path = "dev/flow/E/loop", .values = {"two"}};
static const struct who plain = {.path = "dev/flow/E/plain", .labels = "team=data"};

struct kept {
	const char *path;
	node_t node;
	uint64_t size;
	struct buf contents;
};

#define KEPT_MOST 128

struct keeper {
	struct fixture f;
	struct kept kept[KEPT_MOST];
	size_t n;
};

/* Files that this is about; those that are not there yet are passed over. */
static const char *const paths[] = {
	"/exec/E/report.html",
	"/exec/E/metrics/m.svg",
	"/flow/dev/flow/metrics/m.svg",
	"/metrics/m.svg",
	"/exec/E/metrics/tags/part/a/m.svg",
	"/flow/dev/flow/outputs/loop/o.svg",
};

static void keep_one(struct keeper *k, const char *path)
{
	struct entry entry = walk(&k->f, path);
	struct kept *kept = &k->kept[k->n];

	for (size_t i = 0; i < k->n; i++)
		if (k->kept[i].node == entry.node)
			return;
	assert_true(k->n < KEPT_MOST);
	*kept = (struct kept){.path = path, .node = entry.node, .size = entry.attributes.size};
	read_node(fixture_tree(&k->f), entry.node, 1 << 17, &kept->contents);
	assert_int_equal(kept->contents.len, kept->size);
	k->n++;
}

static void keep_all(struct keeper *k)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (is_there(&k->f, paths[i]))
			keep_one(k, paths[i]);
}

/* Each after its tree has forgotten everything: its size first, then its bytes in pieces that fit nothing. */
static void check_one(struct keeper *k, const struct kept *kept)
{
	struct attributes attributes;
	autobuf struct buf again = BUF_INIT;

	fixture_forget(&k->f);
	assert_int_equal(tree_attributes(fixture_tree(&k->f), kept->node, &attributes), 0);
	assert_int_equal(attributes.size, kept->size);
	read_node(fixture_tree(&k->f), kept->node, kept->size < (64 << 10) ? 4099 : 150001, &again);
	assert_bytes(kept->path, buf_bytes(&again), buf_bytes(&kept->contents));
}

static void finish(struct keeper *k)
{
	for (size_t i = 0; i < k->n; i++)
		check_one(k, &k->kept[i]);
	for (size_t i = 0; i < k->n; i++)
		buf_finish(&k->kept[i].contents);
	fixture_finish(&k->f);
}

static bool holds(const struct kept *kept, const char *text)
{
	return memmem(kept->contents.data, kept->contents.len, text, strlen(text)) != NULL;
}

static void every_version_stays_what_it_was(void **state)
{
	struct keeper k = {0};
	event_t one, two, again;

	(void)state;
	fixture_init(&k.f);
	one = record_begin(&k.f, &loop_one);
	keep_all(&k);
	two = record_begin(&k.f, &loop_two);
	keep_all(&k);
	record_says(&k.f, one, "{\"outputs\":{\"o\":1,\"text\":\"a<b\"}}");
	keep_all(&k);
	record_says(&k.f, one, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"part\":\"a\",\"z\":\"1\"}}]}");
	keep_all(&k);
	record_says(&k.f, two, "{\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":2,\"tags\":{\"z\":\"1\",\"part\":\"a\"}}]}");
	keep_all(&k);
	record_warns(&k.f, two, "something");
	keep_all(&k);
	record_says(&k.f, two, "{\"outputs\":{\"o\":2.5}}\n{\"outputs\":{\"o\":3}}");
	keep_all(&k);
	record_ends(&k.f, one, STATE_FAILED, 3);
	keep_all(&k);
	again = record_begin(&k.f, &loop_one);
	keep_all(&k);
	record_says(&k.f, again, "{\"outputs\":{\"o\":7}}\n{\"metrics\":[{\"name\":\"m\",\"type\":\"timer\",\"value\":4}]}");
	keep_all(&k);
	record_warns(&k.f, again, "something else");
	record_ends(&k.f, again, STATE_SUCCESS, 0);
	record_ends(&k.f, two, STATE_SUCCESS, 0);
	keep_all(&k);
	again = record_begin(&k.f, &plain);
	record_ends(&k.f, again, STATE_WARNING, 0);
	record_execution_ends(&k.f, &plain, STATE_NONE);
	keep_all(&k);
	assert_true(k.n > 25);
	assert_false(holds(&k.kept[0], "two"));
	finish(&k);
}

static void says_points(struct keeper *k, event_t attempt, unsigned n)
{
	autobuf struct buf text = BUF_INIT;

	for (unsigned i = 0; i < n; i++)
		buf_add_format(&text, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":%u,\"tags\":{\"part\":\"%c\"}}]}\n", i,
			       "abc"[i % 3]);
	record_says_bytes(&k->f, attempt, buf_bytes(&text));
}

static void sizes_are_fixed_from_the_first_point_too_many(void **state)
{
	struct keeper k = {0};
	event_t one;

	(void)state;
	fixture_init(&k.f);
	one = record_begin(&k.f, &loop_one);
	says_points(&k, one, 10000);
	keep_all(&k);
	assert_int_equal(k.n, 5);
	assert_true(k.kept[0].size < (1 << 20) && k.kept[1].size != (64 << 10));
	says_points(&k, one, 1);
	keep_all(&k);
	assert_int_equal(k.n, 10);
	assert_int_equal(k.kept[5].size, 1 << 20);
	assert_int_equal(k.kept[6].size, 64 << 10);
	assert_true(k.kept[9].size != (64 << 10)); /* of a third of them */
	record_ends(&k.f, one, STATE_SUCCESS, 0);
	keep_all(&k);
	finish(&k);
}

/* One run more than a page of fixed size shows, with names that take the most room there is. */
static void a_page_of_fixed_size_has_room_for_the_worst(void **state)
{
	autobuf struct buf text = BUF_INIT;
	struct keeper k = {0};
	char value[2000];

	(void)state;
	fixture_init(&k.f);
	memset(value, '<', sizeof(value));
	value[sizeof(value) - 1] = 0;
	for (unsigned i = 0; i < 202; i++) {
		char name[16];
		event_t run;

		snprintf(name, sizeof(name), "%u", i);
		memcpy(value, name, strlen(name));
		run = record_begin(&k.f, WHO("dev/flow/E/loop", value, value, value, value, value));
		buf_clear(&text);
		for (unsigned n = 0; n < 4; n++) {
			buf_add_format(&text, "{\"outputs\":{\"%s%u\":\"%s\"}}\n", value, n, value);
			buf_add_format(&text,
				       "{\"metrics\":[{\"name\":\"%s%u\",\"type\":\"gauge\",\"value\":1e-300,\"tags\":{\"%s\":\"%s\"}}]}\n",
				       value, n, value, value);
		}
		record_says_bytes(&k.f, run, buf_bytes(&text));
		record_warns(&k.f, run, value);
		if (i == 201)
			says_points(&k, run, 10001);
		record_ends(&k.f, run, STATE_SUCCESS, 0);
	}
	keep_all(&k);
	assert_int_equal(k.kept[0].size, 1 << 20);
	assert_true(holds(&k.kept[0], "More task runs are in"));
	assert_true(holds(&k.kept[0], "More outputs are in"));
	assert_true(holds(&k.kept[0], "More metrics are in"));
	assert_true(holds(&k.kept[0], "<figure>"));
	assert_true(holds(&k.kept[0], "</html>"));
	finish(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_stays_what_it_was),
		cmocka_unit_test(sizes_are_fixed_from_the_first_point_too_many),
		cmocka_unit_test(a_page_of_fixed_size_has_room_for_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
