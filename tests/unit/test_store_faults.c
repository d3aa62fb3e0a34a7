/*
 * Memory that runs out, at every allocation in turn, while a store is opened, recorded into and read: an error comes
 * back and never other bytes, nothing leaks, the store is whole after.
 */
#include "core/store/record.h"
#include "core/store/store.h"
#include "fs/tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/fail_alloc.h"

/* Recording */

#define START (INT64_C(1795341600) * USEC_PER_SEC)

struct scene {
	char dir[32];
	char execution[16];
	struct attempt first, second;
	bool done;
};

static struct identity who_of(const struct scene *scene, const char *task, const struct bytes *values, size_t n_values)
{
	static const struct label labels[] = {{BYTES_LITERAL("team"), BYTES_LITERAL("data")}, {BYTES_LITERAL("k"), BYTES_LITERAL("v")}};

	return (struct identity){
		.namespace = BYTES_LITERAL("dev"),
		.flow = BYTES_LITERAL("flow"),
		.execution = bytes_of(scene->execution),
		.task = bytes_of(task),
		.values = values,
		.n_values = n_values,
		.labels = labels,
		.n_labels = 2,
	};
}

static int say(struct txn *txn, event_t attempt)
{
	static const struct tag tags[] = {{BYTES_LITERAL("a"), BYTES_LITERAL("1")}};
	static const struct output outputs[] = {{BYTES_LITERAL("o"), BYTES_LITERAL("{\"k\\\"/\":[1,\"two\\nlines\"],\"s\":\"a\\tb\"}")},
						{BYTES_LITERAL("a/b"), BYTES_LITERAL("\"text \\\" with escapes\"")}};
	static const struct metric metrics[] = {{BYTES_LITERAL("m\""), METRIC_TIMER, 1.5, tags, 1, false, 0},
						{BYTES_LITERAL("n"), METRIC_GAUGE, 2, NULL, 0, true, START}};
	static const struct log_line logs[] = {{LOG_LEVEL_INFO, BYTES_LITERAL("said\n")}};

	return record_message(txn, attempt, &(struct message){outputs, 2, metrics, 2, logs, 1}, START);
}

static int do_first(struct txn *txn, void *context)
{
	static const struct bytes values[] = {BYTES_LITERAL("v/w"), BYTES_LITERAL("x")};
	struct scene *scene = context;
	struct identity with = who_of(scene, "t", values, 2), without = who_of(scene, "t", NULL, 0);
	int r = record_attempt_begin(txn, &without, START, &scene->first, NULL);

	if (!r)
		r = say(txn, scene->first.id);
	if (!r)
		r = record_attempt_begin(txn, &with, START, &scene->second, NULL);
	if (!r)
		r = say(txn, scene->second.id);
	if (!r)
		r = record_warning(txn, scene->second.id, BYTES_LITERAL("stdout line 1: no"), START);
	return r;
}

/* A retry, which takes points out of folders; ends. */
static int do_second(struct txn *txn, void *context)
{
	static const struct bytes values[] = {BYTES_LITERAL("v/w"), BYTES_LITERAL("x")};
	struct scene *scene = context;
	struct identity with = who_of(scene, "t", values, 2), none = who_of(scene, "", NULL, 0);
	int r = record_attempt_begin(txn, &with, START, &scene->second, NULL);

	if (!r)
		r = say(txn, scene->second.id);
	if (!r)
		r = record_attempt_end(txn, scene->second.id, STATE_SUCCESS, 0, START);
	if (!r)
		r = record_attempt_end(txn, scene->first.id, STATE_FAILED, 1, START);
	if (!r)
		r = record_execution_end(txn, &none, STATE_NONE, START, NULL);
	return r;
}

static int record(struct scene *scene)
{
	struct store *s;
	int r = store_open(scene->dir, STORE_CREATE, &s, NULL);

	if (r < 0)
		return r;
	r = store_update(s, STORE_SOON, do_first, scene);
	if (!r)
		r = store_update(s, STORE_SOON, do_second, scene);
	store_close(s);
	return r;
}

/* Reading: all of an execution's files as one text, names in front */

struct reading {
	struct tree *tree;
	struct buf *ret;
};

static int read_all(struct tree *tree, node_t folder, struct buf *ret);

struct names {
	struct buf names;
	uint64_t next;
};

static bool add_name(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct names *names = context;

	(void)type;
	(void)inode;
	buf_add_bytes(&names->names, name);
	buf_add_char(&names->names, '\0');
	names->next = next;
	return true;
}

static int read_file(struct tree *tree, const struct entry *entry, struct buf *ret)
{
	char data[64];
	uint64_t offset = 0;
	size_t len;
	int r;

	if (entry->attributes.type == NODE_LINK)
		return tree_link(tree, entry->node, ret);
	do {
		r = tree_read(tree, entry->node, offset, data, sizeof(data), &len);
		if (r < 0)
			return r;
		buf_add(ret, data, len);
		offset += len;
	} while (len == sizeof(data));
	if (!entry->attributes.grows)
		assert_int_equal(offset, entry->attributes.size);
	return buf_error(ret);
}

static int read_entry(struct tree *tree, node_t folder, struct bytes name, struct buf *ret)
{
	struct entry entry;
	int r = tree_lookup(tree, folder, name, &entry);

	if (r < 0)
		return r;
	assert_true(entry.node);
	buf_add_bytes(ret, name);
	buf_add_char(ret, '\n');
	return entry.attributes.type == NODE_FOLDER ? read_all(tree, entry.node, ret) : read_file(tree, &entry, ret);
}

static int read_all(struct tree *tree, node_t folder, struct buf *ret)
{
	struct names names = {BUF_INIT, 0};
	bool end = false;
	enum keep keep;
	int r = 0;

	while (!r && !end)
		r = tree_list(tree, folder, names.next, add_name, &names, &keep, &end);
	if (!r)
		r = buf_error(&names.names);
	for (const char *at = names.names.data; !r && at < names.names.data + names.names.len; at += strlen(at) + 1)
		r = read_entry(tree, folder, bytes_of(at), ret);
	buf_finish(&names.names);
	return r;
}

/* "" for all of the tree. */
static int read_path(const char *dir, const char *path, struct buf *ret)
{
	struct entry entry;
	struct tree *tree;
	int r = tree_new(dir, NULL, &tree, NULL);

	if (r < 0)
		return r;
	r = tree_walk(tree, bytes_of(path), &entry);
	if (!r)
		r = read_all(tree, entry.node, ret);
	tree_free(tree);
	return r;
}

/* The tests */

static void make_dir(struct scene *scene)
{
	*scene = (struct scene){.dir = "/tmp/kestrafs-test-XXXXXX", .execution = "E"};
	assert_non_null(mkdtemp(scene->dir));
}

static void remove_dir(const struct scene *scene)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", scene->dir);
	assert_int_equal(system(command), 0);
}

/* Each try is an execution of its own, so that what an update that failed has left would be seen. */
static void recording(void **state)
{
	struct scene scene;
	bool failed = true;

	(void)state;
	make_dir(&scene);
	for (int all = 0; all < 2; all++, failed = true)
		for (size_t nth = 0; failed; nth++) {
			struct buf b = BUF_INIT;
			char path[32];
			int r, there;

			snprintf(scene.execution, sizeof(scene.execution), "E%d-%zu", all, nth);
			faults_begin(nth, all);
			r = record(&scene);
			failed = faults_end();
			assert_int_equal(r, failed ? -ENOMEM : 0);
			snprintf(path, sizeof(path), "/exec/%s", scene.execution);
			there = read_path(scene.dir, path, &b);
			assert_true(there == 0 || (failed && there == -ENOENT));
			if (r == 0)
				assert_non_null(strstr(buf_text(&b), "state\nFAILED\n"));
			buf_finish(&b);
		}
	remove_dir(&scene);
}

static void reading(void **state)
{
	struct buf expected = BUF_INIT, b = BUF_INIT;
	struct scene scene;
	bool failed = true, same;

	(void)state;
	make_dir(&scene);
	assert_int_equal(record(&scene), 0);
	assert_int_equal(read_path(scene.dir, "", &expected), 0);
	assert_int_equal(buf_error(&expected), 0);
	for (size_t nth = 0; failed; nth++) {
		int r;

		faults_begin(nth, false);
		r = read_path(scene.dir, "", &b);
		/* what is only remembered to save work may be forgotten without a word, if all is read as it is */
		same = b.len == expected.len && memcmp(b.data, expected.data, b.len) == 0;
		buf_finish(&b);
		failed = faults_end();
		if (r == 0 && !same)
			fail_msg("allocation %zu failed and nobody said so", nth);
		assert_true(r == 0 || (failed && r == -ENOMEM));
	}
	assert_int_equal(read_path(scene.dir, "", &b), 0);
	assert_int_equal(b.len, expected.len);
	assert_memory_equal(b.data, expected.data, b.len);
	buf_finish(&b);
	buf_finish(&expected);
	remove_dir(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(recording), cmocka_unit_test(reading)};

	return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
