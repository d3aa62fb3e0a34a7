/*
 * The indexes are a fold over the log: the events of a store with a random history, applied one by one to an empty
 * store, make every table again, byte for byte. However they are cut into transactions.
 */
#include "tests/unit/tree_model.h"

#include "core/store/index.h"
#include "core/store/kv.h"

#include <stdio.h>
#include <stdlib.h>

static struct store *open_store(const char *dir, enum store_access access)
{
	struct error e = {""};
	struct store *s;

	if (store_open(dir, access, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

/* Events from `from` on, `most` of them, from one store to another. */
struct copy {
	struct store *from, *to;
	struct txn *source;
	event_t next;
	unsigned most;
	bool end;
};

static int apply(struct txn *txn, void *context)
{
	struct copy *copy = context;
	autocursor struct cursor log = {0};
	struct event event;
	event_t number, next = copy->next;

	cursor_init(&log, copy->source, TABLE_EVENTS);
	for (unsigned i = 0; i < copy->most; i++) {
		if (!(i ? log_next(&log, &number, &event) : log_seek(&log, next, &number, &event))) {
			copy->end = true;
			break;
		}
		assert_int_equal(log_append(txn, &event), number);
		index_apply(txn, number, &event);
		next = number + 1;
	}
	copy->next = next;
	return txn_error(txn);
}

static int read_source(struct txn *txn, void *context)
{
	struct copy *copy = context;

	copy->source = txn;
	return store_update(copy->to, STORE_SOON, apply, copy);
}

static void rebuild(struct store *from, struct store *to)
{
	struct copy copy = {.from = from, .to = to, .next = 1};

	while (!copy.end) {
		copy.most = 1 + (unsigned)chance(500);
		assert_int_equal(store_view(from, read_source, &copy), 0);
	}
}

struct comparison {
	struct store *other;
	struct txn *one;
};

/* The time a store was made is its own. */
static bool is_own(enum table table, struct bytes key)
{
	return table == TABLE_META && bytes_equal(key, BYTES_LITERAL("format"));
}

static void compare_table(struct txn *one, struct txn *other, enum table table)
{
	autocursor struct cursor a = {0}, b = {0};
	uint64_t rows = 0;
	bool more;

	assert_int_equal(kv_count(one, table), kv_count(other, table));
	cursor_init(&a, one, table);
	cursor_init(&b, other, table);
	more = cursor_seek(&a, bytes_make("", 1));
	assert_int_equal(more, cursor_seek(&b, bytes_make("", 1)));
	while (more) {
		rows++;
		assert_bytes(table_name(table), a.key, b.key);
		if (!is_own(table, a.key))
			assert_bytes(table_name(table), a.value, b.value);
		more = cursor_next(&a);
		assert_int_equal(more, cursor_next(&b));
	}
	assert_int_equal(rows, kv_count(one, table));
}

static int compare_with(struct txn *other, void *context)
{
	struct comparison *comparison = context;

	for (int table = 0; table < TABLES; table++)
		compare_table(comparison->one, other, (enum table)table);
	return 0;
}

static int compare(struct txn *one, void *context)
{
	struct comparison *comparison = context;

	comparison->one = one;
	assert_true(kv_count(one, TABLE_EVENTS) > 200);
	return store_view(comparison->other, compare_with, comparison);
}

static void indexes_are_a_fold_over_the_log(void **state)
{
	for (int i = 0; i < 5; i++) {
		struct fixture f autofixture, again autofixture;
		struct model *m = model_new();
		struct store *one, *other;

		(void)state;
		fixture_init(&f);
		fixture_init(&again);
		for (int step = 0; step < 200; step++)
			model_step(m, &f);
		one = open_store(f.dir, STORE_OPEN);
		other = open_store(again.dir, STORE_OPEN);
		rebuild(one, other);
		assert_int_equal(store_view(one, compare, &(struct comparison){.other = other}), 0);
		store_close(one);
		store_close(other);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(indexes_are_a_fold_over_the_log)};

	return cmocka_run_group_tests_name("store fold", tests, NULL, NULL);
}
