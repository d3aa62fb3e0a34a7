/*
 * A node never changes; a name may. Random sequences of what helpers record are compared, after each update, with a
 * model of the whole tree; every node met on the way must read the same bytes ever after, from a tree that remembers
 * nothing too; every name that was given for ever must lead to the same node ever after.
 */
#include "tests/unit/tree_model.h"

#include <stdio.h>
#include <stdlib.h>

/* Every document node met, and what it read. */
struct met {
	node_t node;
	struct bytes contents;
};

/* Every name given for ever; also of what is not there. */
struct kept {
	node_t folder; /* 0: an empty slot */
	char *name;
	node_t node;
};

/* In place of a folder: of this name, a path, the inode number. */
#define INODE ((node_t)UINT64_MAX)

/* Tables: hashed, a power of two long, never more than half full. */
struct memory_of_test {
	struct fixture *f;
	struct met *met;
	size_t n_met, met_size;
	struct kept *kept;
	size_t n_kept, kept_size;
	struct buf read;
};

static size_t slot(const struct memory_of_test *t, node_t node)
{
	size_t i = (size_t)(node * UINT64_C(0x9e3779b97f4a7c15) >> 20) % t->met_size;

	while (t->met[i].node && t->met[i].node != node)
		i = (i + 1) % t->met_size;
	return i;
}

/* Of long ones some are enough: it is all that each version of each is written down otherwise. */
#define LONG ((size_t)20 << 10)

static void remember(struct memory_of_test *t, const char *path, node_t node, struct bytes contents)
{
	struct met *met = &t->met[slot(t, node)];
	char *copy;

	if (met->node) {
		assert_bytes(path, contents, met->contents);
		return;
	}
	if (contents.len > LONG && chance(8))
		return;
	copy = malloc(contents.len + 1);
	assert_non_null(copy);
	memcpy(copy, contents.len ? contents.data : "", contents.len);
	*met = (struct met){node, bytes_make(copy, contents.len)};
	assert_true(++t->n_met < t->met_size / 2);
}

static void keep(struct memory_of_test *t, node_t folder, struct bytes name, node_t node)
{
	uint64_t h = folder * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	for (i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
	i = (size_t)(h >> 20) % t->kept_size;
	while (t->kept[i].folder && (t->kept[i].folder != folder || !bytes_equal(bytes_of(t->kept[i].name), name)))
		i = (i + 1) % t->kept_size;
	if (t->kept[i].folder) {
		if (t->kept[i].node != node)
			fail_msg("%s was given for ever and is another now", t->kept[i].name);
		return;
	}
	t->kept[i] = (struct kept){folder, strndup(name.data, name.len), node};
	assert_true(++t->n_kept < t->kept_size / 2);
}

/* Looks a path up name by name, as the kernel would if it kept nothing, and notes what it might have kept. */
static struct entry look_up(struct memory_of_test *t, const char *path)
{
	struct entry entry = {.node = NODE_ROOT};

	while (*path) {
		size_t len = strcspn(++path, "/");
		node_t folder = entry.node;

		assert_int_equal(tree_lookup(fixture_tree(t->f), folder, bytes_make(path, len), &entry), 0);
		if (entry.keep == KEEP_FOREVER)
			keep(t, folder, bytes_make(path, len), entry.node);
		if (!entry.node)
			fail_msg("%s is missing", path);
		path += len;
	}
	return entry;
}

static void check_names(struct memory_of_test *t, const struct expected *e, const struct entry *entry)
{
	static const char *const absent[] = {"nothing",	  "runs",      "attempts",   "outputs",	    "m.json", "later.json",
					     "later.csv", "later.svg", "later.prom", "tags",	    "a",      "o",
					     "%zz",	  "1",	       "3",	     "taskrun.json"};
	struct entry other;

	list_node(fixture_tree(t->f), entry->node, &t->read);
	assert_bytes(e->path, buf_bytes(&t->read), e->contents);
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		assert_int_equal(tree_lookup(t->f->tree, entry->node, bytes_of(absent[i]), &other), 0);
		if (other.keep == KEEP_FOREVER)
			keep(t, entry->node, bytes_of(absent[i]), other.node);
	}
}

static void check_file(struct memory_of_test *t, const struct expected *e, const struct entry *entry)
{
	read_node(t->f->tree, entry->node, 1 << 20, &t->read);
	if (t->read.len != entry->attributes.size)
		fail_msg("%s: size says %llu, there are %zu bytes", e->path, (unsigned long long)entry->attributes.size, t->read.len);
	if (!entry->attributes.grows)
		remember(t, e->path, entry->node, buf_bytes(&t->read));
	if (!e->opaque)
		assert_bytes(e->path, buf_bytes(&t->read), e->contents);
}

/* A path whose file stays the same one whatever is in it, as cp and tar want it: a task's may be another attempt's later. */
static bool means_the_same(const char *path)
{
	return !strncmp(path, "/metrics", 8) || !strncmp(path, "/flow", 5) ||
	       (!strncmp(path, "/exec/", 6) && !strncmp(path + 8, "/metrics", 8));
}

static void check(void *context, const struct expected *e)
{
	struct memory_of_test *t = context;
	struct entry entry = look_up(t, e->path);

	assert_int_equal(entry.attributes.type, e->folder ? NODE_FOLDER : NODE_FILE);
	if (means_the_same(e->path))
		keep(t, INODE, bytes_of(e->path), (node_t)entry.attributes.inode);
	buf_clear(&t->read);
	if (e->folder)
		check_names(t, e, &entry);
	else
		check_file(t, e, &entry);
}

/* A former version, whole or from somewhere in the middle. */
static void check_met(struct memory_of_test *t, const struct met *met, bool whole)
{
	struct attributes attributes;
	size_t from = (size_t)chance(met->contents.len + 1), len;
	char data[1024];

	assert_int_equal(tree_attributes(fixture_tree(t->f), met->node, &attributes), 0);
	assert_int_equal(attributes.size, met->contents.len);
	assert_int_equal(attributes.keep, KEEP_FOREVER);
	assert_int_equal(tree_read(t->f->tree, met->node, from, data, sizeof(data), &len), 0);
	assert_bytes(
		"a former version's middle", bytes_make(data, len),
		bytes_make(met->contents.data + from, met->contents.len - from < sizeof(data) ? met->contents.len - from : sizeof(data)));
	assert_int_equal(tree_read(t->f->tree, met->node, met->contents.len + (size_t)chance(100000), data, sizeof(data), &len), 0);
	assert_int_equal(len, 0);
	if (!whole)
		return;
	buf_clear(&t->read);
	read_node(t->f->tree, met->node, 1 << (7 + chance(14)), &t->read);
	assert_bytes("a former version", buf_bytes(&t->read), met->contents);
}

static void check_some_met(struct memory_of_test *t)
{
	for (int i = 0; i < 200; i++) {
		const struct met *met = &t->met[chance(t->met_size)];

		if (met->node)
			check_met(t, met, false);
	}
}

static void check_all_met(struct memory_of_test *t)
{
	for (size_t i = 0; i < t->met_size; i++)
		if (t->met[i].node)
			check_met(t, &t->met[i], true);
}

static void check_all_kept(struct memory_of_test *t)
{
	struct entry entry;

	for (size_t i = 0; i < t->kept_size; i++) {
		if (!t->kept[i].folder || t->kept[i].folder == INODE)
			continue;
		assert_int_equal(tree_lookup(fixture_tree(t->f), t->kept[i].folder, bytes_of(t->kept[i].name), &entry), 0);
		if (entry.node != t->kept[i].node)
			fail_msg("%s was given for ever and is another now", t->kept[i].name);
	}
}

static void memory_init_of_test(struct memory_of_test *t, struct fixture *f)
{
	*t = (struct memory_of_test){.f = f, .met_size = 1 << 17, .kept_size = 1 << 16};
	t->met = calloc(t->met_size, sizeof(*t->met));
	t->kept = calloc(t->kept_size, sizeof(*t->kept));
	assert_true(t->met && t->kept);
}

static void memory_finish_of_test(struct memory_of_test *t)
{
	for (size_t i = 0; i < t->met_size; i++)
		free((char *)(uintptr_t)t->met[i].contents.data);
	for (size_t i = 0; i < t->kept_size; i++)
		free(t->kept[i].name);
	free(t->met);
	free(t->kept);
	buf_finish(&t->read);
}

static void random_history(int steps)
{
	struct fixture f autofixture;
	struct model *m = model_new();
	struct memory_of_test t;

	fixture_init(&f);
	memory_init_of_test(&t, &f);
	for (int i = 0; i < steps; i++) {
		model_step(m, &f);
		model_show(m, check, &t);
		check_some_met(&t);
		if (chance(20) == 0)
			fixture_forget(&f);
	}
	fixture_forget(&f);
	check_all_met(&t);
	check_all_kept(&t);
	memory_finish_of_test(&t);
	model_free(m);
}

static void short_histories(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		random_history(40);
}

static void a_long_history(void **state)
{
	(void)state;
	random_history(130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(short_histories), cmocka_unit_test(a_long_history)};

	return cmocka_run_group_tests_name("tree versions", tests, NULL, NULL);
}
