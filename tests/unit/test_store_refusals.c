/* What recording refuses: by which code, with which words, and that nothing of it is kept. */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <string.h>

static void assert_refused(int r, int code, const struct error *e, const char *text)
{
	assert_int_equal(r, code);
	assert_string_equal(e->text, text);
}

static void an_execution_of_another_flow(void **state)
{
	static const char text[] = "execution E belongs to flow dev/flow, not to dev/other: use that flow or another execution id";
	struct fixture f autofixture;
	struct error e = {""};

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	assert_refused(try_begin(&f, WHO("dev/other/E/t"), NULL, &e), -EXDEV, &e, text);
	assert_refused(try_execution_ends(&f, WHO("dev/other/E"), STATE_NONE, &e), -EXDEV, &e, text);
	assert_int_equal(try_begin(&f, WHO("prod/flow/E/t"), NULL, &e), -EXDEV);
	assert_file(&f, "/exec/E/state", "RUNNING\n");
	assert_false(is_there(&f, "/exec/E/t/attempts"));
}

static void a_closed_execution(void **state)
{
	struct fixture f autofixture;
	struct error e = {""};

	(void)state;
	fixture_init(&f);
	record_ends(&f, record_begin(&f, WHO("dev/flow/E/t")), STATE_SUCCESS, 0);
	record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
	assert_refused(try_begin(&f, WHO("dev/flow/E/t"), NULL, &e), -ESHUTDOWN, &e,
		       "execution E is closed: it takes no more runs: begin another execution");
	assert_refused(try_begin(&f, WHO("dev/flow/E/another"), NULL, &e), -ESHUTDOWN, &e,
		       "execution E is closed: it takes no more runs: begin another execution");
	assert_false(is_there(&f, "/exec/E/another"));
}

static void an_execution_that_is_there(void **state)
{
	struct fixture f autofixture;
	struct error e = {""};

	(void)state;
	fixture_init(&f);
	record_execution_begins(&f, WHO("dev/flow/E"));
	assert_refused(try_execution_begins(&f, WHO("dev/flow/E"), &e), -EEXIST, &e,
		       "execution E exists already: choose another id, or leave it out to get a fresh one");
	assert_int_equal(try_execution_begins(&f, WHO("dev/other/E"), &e), -EEXIST);
}

static void an_execution_that_is_not_there(void **state)
{
	struct fixture f autofixture;
	struct error e = {""};

	(void)state;
	fixture_init(&f);
	assert_refused(try_execution_ends(&f, WHO("//E"), STATE_FAILED, &e), -ENOENT, &e,
		       "execution E is unknown: nothing was recorded for it in this store");
	assert_false(is_there(&f, "/exec/E"));
}

/* The longest ids make a text that is whole, or cut without breaking. */
static void the_longest_ids(void **state)
{
	char one[420] = "", other[420] = "";
	struct fixture f autofixture;
	struct error e = {""};

	(void)state;
	fixture_init(&f);
	memset(one, 'a', 150);
	one[150] = '/';
	memset(one + 151, 'b', 100);
	one[251] = '/';
	memset(one + 252, 'c', 150);
	memcpy(other, one, sizeof(one));
	other[151] = 'x';
	record_execution_begins(&f, &(struct who){.path = one});
	assert_int_equal(try_execution_ends(&f, &(struct who){.path = other}, STATE_NONE, &e), -EXDEV);
	assert_true(strlen(e.text) < sizeof(e.text));
	assert_memory_equal(e.text, "execution cccc", 14);
}

static void an_attempt_that_has_ended(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	assert_int_equal(try_says(&f, attempt,
				  BYTES_LITERAL("{\"outputs\":{\"a\":1},\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":1}]}")),
			 -ESHUTDOWN);
	assert_int_equal(try_warns(&f, attempt, "late"), -ESHUTDOWN);
	assert_int_equal(try_ends(&f, attempt, STATE_FAILED, 1), -ESHUTDOWN);
	assert_file(&f, "/exec/E/t/outputs.json", "{}\n");
	assert_file(&f, "/exec/E/t/warnings", "");
	assert_file(&f, "/exec/E/t/state", "SUCCESS\n");
	assert_list(&f, "/metrics", "");
}

static void an_attempt_that_never_was(void **state)
{
	static const event_t unknown[] = {0, 1, 3, 1000, EVENT_MAX};
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t")); /* event 1 is the execution, 2 the attempt */
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		assert_int_equal(try_says(&f, unknown[i], BYTES_LITERAL("{\"outputs\":{\"a\":1}}")), -ENOENT);
		assert_int_equal(try_warns(&f, unknown[i], "x"), -ENOENT);
		assert_int_equal(try_ends(&f, unknown[i], STATE_SUCCESS, 0), -ENOENT);
	}
}

/* record_attempt_check says what record_attempt_begin would, and changes nothing. */
struct check {
	struct identity who;
	unsigned number;
	struct error error;
};

static int do_check(struct txn *txn, void *context)
{
	struct check *check = context;

	return record_attempt_check(txn, &check->who, &check->number, &check->error);
}

static void checked_beforehand(void **state)
{
	static const struct identity who = {.namespace = BYTES_LITERAL("dev"),
					    .flow = BYTES_LITERAL("flow"),
					    .execution = BYTES_LITERAL("E"),
					    .task = BYTES_LITERAL("t")};
	struct fixture f autofixture;
	struct check *check;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	check = recorder_memory(f.recorder, sizeof(*check));
	*check = (struct check){.who = who};
	assert_int_equal(recorder_update(f.recorder, do_check, check), 0);
	assert_int_equal(check->number, 1);
	assert_list(&f, "/exec", "");
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	check = recorder_memory(f.recorder, sizeof(*check));
	*check = (struct check){.who = who};
	assert_int_equal(recorder_update(f.recorder, do_check, check), 0);
	assert_int_equal(check->number, 2);
	assert_false(is_there(&f, "/exec/E/t/attempts"));
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
	check = recorder_memory(f.recorder, sizeof(*check));
	*check = (struct check){.who = who};
	assert_refused(recorder_update(f.recorder, do_check, check), -ESHUTDOWN, &check->error,
		       "execution E is closed: it takes no more runs: begin another execution");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_execution_of_another_flow),
		cmocka_unit_test(a_closed_execution),
		cmocka_unit_test(an_execution_that_is_there),
		cmocka_unit_test(an_execution_that_is_not_there),
		cmocka_unit_test(the_longest_ids),
		cmocka_unit_test(an_attempt_that_has_ended),
		cmocka_unit_test(an_attempt_that_never_was),
		cmocka_unit_test(checked_beforehand),
	};

	return cmocka_run_group_tests_name("store refusals", tests, NULL, NULL);
}
