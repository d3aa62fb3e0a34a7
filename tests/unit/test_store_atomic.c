/*
 * All of an update is kept or nothing: whatever it had recorded when it failed, every table is as before, and the
 * numbers and locks it took are free.
 */
#include "tests/unit/store_fixture.h"

#include "core/store/kv.h"

#include <errno.h>

/* All keys and values of a store, one after another. */
static int dump(struct txn *txn, void *context)
{
	struct buf *b = context;

	buf_clear(b);
	for (int table = 0; table < TABLES; table++) {
		autocursor struct cursor c = {0};

		cursor_init(&c, txn, (enum table)table);
		for (bool more = cursor_seek(&c, bytes_make("", 1)); more; more = cursor_next(&c)) {
			buf_add_format(b, "%s %zu %zu ", table_name((enum table)table), c.key.len, c.value.len);
			buf_add_bytes(b, c.key);
			buf_add_bytes(b, c.value);
		}
	}
	return buf_error(b);
}

/* An update of many parts, that fails after so many of them: by what it returns, or by an error that sticks to the transaction. */
struct parts {
	const struct identity *who;
	int left;
	bool sticky;
	event_t first;
};

static bool is_enough(struct parts *parts)
{
	return parts->left-- <= 0;
}

static int fails(struct txn *txn, const struct parts *parts)
{
	if (!parts->sticky)
		return -ECANCELED;
	txn_fail(txn, -ECANCELED);
	return 0;
}

static int do_parts(struct txn *txn, void *context)
{
	static const struct tag tag = {BYTES_LITERAL("a"), BYTES_LITERAL("b")};
	static const struct output output = {BYTES_LITERAL("new output"), BYTES_LITERAL("[1,2]")};
	static const struct metric metric = {BYTES_LITERAL("new metric"), METRIC_TIMER, 3.25, &tag, 1, false, 0};
	static const struct message message = {&output, 1, &metric, 1, NULL, 0};
	struct parts parts = *(struct parts *)context;
	event_t attempts[20];

	for (int i = 0; i < 20; i++) {
		struct attempt attempt;

		if (is_enough(&parts))
			return fails(txn, &parts);
		if (record_attempt_begin(txn, parts.who, FIXTURE_START, &attempt, NULL) < 0)
			return -EBADMSG;
		attempts[i] = attempt.id;
		((struct parts *)context)->first = attempts[0];
		if (is_enough(&parts))
			return fails(txn, &parts);
		record_message(txn, attempts[i], &message, FIXTURE_START);
		if (is_enough(&parts))
			return fails(txn, &parts);
		record_warning(txn, attempts[i], BYTES_LITERAL("warning"), FIXTURE_START);
		if (i % 2)
			record_attempt_end(txn, attempts[i / 2], STATE_SUCCESS, 0, FIXTURE_START);
	}
	return fails(txn, &parts);
}

static void an_update_that_fails_leaves_nothing(void **state)
{
	static const struct bytes values[] = {BYTES_LITERAL("v")};
	static const struct identity who[] = {
		{.namespace = BYTES_LITERAL("dev"),
		 .flow = BYTES_LITERAL("flow"),
		 .execution = BYTES_LITERAL("E1"),
		 .task = BYTES_LITERAL("t")},
		{.namespace = BYTES_LITERAL("a"),
		 .flow = BYTES_LITERAL("new_one"),
		 .execution = BYTES_LITERAL("N"),
		 .task = BYTES_LITERAL("t"),
		 .values = values,
		 .n_values = 1},
	};
	struct fixture f autofixture;
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct parts parts;
	event_t first = 0;
	struct store *s;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E1/t"));
	recorder_free(f.recorder);
	f.recorder = NULL;
	assert_int_equal(store_open(f.dir, STORE_CREATE, &s, NULL), 0);
	assert_int_equal(store_view(s, dump, &before), 0);
	assert_true(before.len > 300);
	for (int i = 0; i < 120; i++) {
		parts = (struct parts){.who = &who[i % 2], .left = i / 2, .sticky = i % 4 / 2};
		assert_int_equal(store_update(s, i % 3 ? STORE_SOON : STORE_SYNC, do_parts, &parts), -ECANCELED);
		assert_int_equal(store_view(s, dump, &after), 0);
		assert_bytes("the store after an update that failed", buf_bytes(&after), buf_bytes(&before));
		if (i % 2 == 0 && parts.first) {
			assert_true(!first || first == parts.first);
			first = parts.first;
		}
	}
	store_close(s);
	buf_finish(&before);
	buf_finish(&after);
}

/* Two processes take the same numbers in turn: the lock of an attempt that was dropped is free at once. */
static int do_take(struct txn *txn, void *context)
{
	static const struct identity who = {.namespace = BYTES_LITERAL("dev"),
					    .flow = BYTES_LITERAL("flow"),
					    .execution = BYTES_LITERAL("E"),
					    .task = BYTES_LITERAL("t")};
	struct attempt attempt;
	int r = record_attempt_begin(txn, &who, FIXTURE_START, &attempt, NULL);

	(void)context;
	return r ? r : -ECANCELED;
}

static void numbers_and_locks_are_free_again(void **state)
{
	struct fixture f autofixture;
	struct recorder *other;

	(void)state;
	fixture_init(&f);
	other = recorder_new(f.dir);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(recorder_update(f.recorder, do_take, NULL), -ECANCELED);
		assert_int_equal(recorder_update(other, do_take, NULL), -ECANCELED);
	}
	assert_int_equal(record_begin(&f, WHO("dev/flow/E/t")), 2);
	assert_file(&f, "/exec/E/t/state", "RUNNING\n");
	recorder_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_update_that_fails_leaves_nothing),
					   cmocka_unit_test(numbers_and_locks_are_free_again)};

	return cmocka_run_group_tests_name("store atomic", tests, NULL, NULL);
}
