/* States: of runs, of folders of runs, of executions; what begins and what ends them. */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <stdio.h>

static const char *const words[] = {"", "RUNNING", "SUCCESS", "WARNING", "FAILED", "KILLED"};

/* The states of three runs, STATE_NONE where there is none, and what all of them come to. */
static const struct {
	enum state runs[3];
	enum state all;
} orders[] = {
	{{STATE_RUNNING}, STATE_RUNNING},
	{{STATE_SUCCESS}, STATE_SUCCESS},
	{{STATE_WARNING}, STATE_WARNING},
	{{STATE_FAILED}, STATE_FAILED},
	{{STATE_KILLED}, STATE_KILLED},
	{{STATE_SUCCESS, STATE_WARNING}, STATE_WARNING},
	{{STATE_WARNING, STATE_KILLED}, STATE_KILLED},
	{{STATE_KILLED, STATE_FAILED}, STATE_FAILED},
	{{STATE_FAILED, STATE_WARNING, STATE_KILLED}, STATE_FAILED},
	{{STATE_KILLED, STATE_SUCCESS, STATE_WARNING}, STATE_KILLED},
	{{STATE_FAILED, STATE_RUNNING}, STATE_RUNNING},
	{{STATE_RUNNING, STATE_KILLED, STATE_SUCCESS}, STATE_RUNNING},
};

static void assert_word(struct fixture *f, const char *path, enum state state)
{
	char expected[16];

	snprintf(expected, sizeof(expected), "%s\n", words[state]);
	assert_file(f, path, expected);
}

static void the_worst_counts(void **state)
{
	static const char *const values[] = {"a", "b", "c"};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct fixture f autofixture;

		fixture_init(&f);
		for (int run = 0; run < 3 && orders[i].runs[run]; run++) {
			event_t attempt = record_begin(&f, WHO("dev/flow/E/t", values[run]));

			if (orders[i].runs[run] != STATE_RUNNING)
				record_ends(&f, attempt, orders[i].runs[run], 0);
		}
		assert_word(&f, "/exec/E/state", orders[i].all);
		assert_word(&f, "/exec/E/t/state", orders[i].all);
		assert_word(&f, "/exec/E/t/runs/a/state", orders[i].runs[0]);
		record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
		if (orders[i].all != STATE_RUNNING)
			assert_word(&f, "/exec/E/state", orders[i].all);
	}
}

/* A run's state is its latest attempt's. */
static void the_latest_attempt_counts(void **state)
{
	struct fixture f autofixture;
	event_t first, second;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, WHO("dev/flow/E/t", "a"));
	record_ends(&f, first, STATE_FAILED, 1);
	assert_word(&f, "/exec/E/state", STATE_FAILED);
	second = record_begin(&f, WHO("dev/flow/E/t", "a"));
	assert_word(&f, "/exec/E/state", STATE_RUNNING);
	assert_word(&f, "/exec/E/t/runs/a/state", STATE_RUNNING);
	assert_word(&f, "/exec/E/t/runs/a/attempts/1/state", STATE_FAILED);
	record_ends(&f, second, STATE_SUCCESS, 0);
	assert_word(&f, "/exec/E/state", STATE_SUCCESS);
	assert_word(&f, "/exec/E/t/state", STATE_SUCCESS);
}

/* The former attempt ends after the latest has begun: it tells nothing of the run any more. */
static void a_former_attempt_that_ends_late(void **state)
{
	struct fixture f autofixture;
	event_t first, second;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, WHO("dev/flow/E/t"));
	second = record_begin(&f, WHO("dev/flow/E/t"));
	record_ends(&f, second, STATE_SUCCESS, 0);
	assert_word(&f, "/exec/E/state", STATE_SUCCESS);
	record_ends(&f, first, STATE_FAILED, 1);
	assert_word(&f, "/exec/E/state", STATE_SUCCESS);
	assert_word(&f, "/exec/E/t/attempts/1/state", STATE_FAILED);
	assert_word(&f, "/exec/E/t/state", STATE_SUCCESS);
}

static void a_begun_execution_runs_until_its_end(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_execution_begins(&f, WHO("dev/flow/E"));
	assert_word(&f, "/exec/E/state", STATE_RUNNING);
	record_ends(&f, record_begin(&f, WHO("dev/flow/E/t")), STATE_WARNING, 0);
	assert_word(&f, "/exec/E/state", STATE_RUNNING);
	assert_word(&f, "/exec/E/t/state", STATE_WARNING);
	record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
	assert_word(&f, "/exec/E/state", STATE_WARNING);
}

/* States given by ends, in turn, after a run that failed; and the state then. */
static const struct {
	enum state given[3];
	enum state state;
} ends[] = {
	{{STATE_NONE}, STATE_FAILED},
	{{STATE_SUCCESS}, STATE_SUCCESS},
	{{STATE_KILLED}, STATE_KILLED},
	{{STATE_NONE, STATE_WARNING}, STATE_WARNING},
	{{STATE_SUCCESS, STATE_FAILED}, STATE_FAILED},
	{{STATE_WARNING, STATE_WARNING, STATE_SUCCESS}, STATE_SUCCESS},
};

static void a_later_end_with_a_state_replaces_the_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct fixture f autofixture;

		fixture_init(&f);
		record_ends(&f, record_begin(&f, WHO("dev/flow/E/t")), STATE_FAILED, 1);
		for (int end = 0; end < 3 && (end == 0 || ends[i].given[end]); end++)
			record_execution_ends(&f, WHO("dev/flow/E"), ends[i].given[end]);
		assert_word(&f, "/exec/E/state", ends[i].state);
		record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
		assert_word(&f, "/exec/E/state", ends[i].state);
	}
}

static void an_execution_of_no_runs(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_execution_begins(&f, WHO("dev/flow/E"));
	record_execution_ends(&f, WHO("//E"), STATE_NONE);
	assert_word(&f, "/exec/E/state", STATE_SUCCESS);
	assert_file(
		&f, "/exec/E/execution.json",
		"{\"id\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"labels\":[],\"state\":{\"current\":\"SUCCESS\",\"histories\":["
		"{\"state\":\"CREATED\",\"date\":\"2026-11-22T10:00:00.000000Z\"},{\"state\":\"RUNNING\",\"date\":\"2026-11-22T10:00:00."
		"000000Z\"},"
		"{\"state\":\"SUCCESS\",\"date\":\"2026-11-22T10:00:01.000000Z\"}],\"duration\":\"PT1.000000S\","
		"\"startDate\":\"2026-11-22T10:00:00.000000Z\",\"endDate\":\"2026-11-22T10:00:01.000000Z\"},\"taskRunList\":[]}\n");
}

/* A closed execution's run that still goes on may end it worse, unless its end gave a state. */
static void a_run_that_ends_after_its_execution(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	record_ends(&f, record_begin(&f, WHO("dev/flow/E/done")), STATE_SUCCESS, 0);
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
	assert_word(&f, "/exec/E/state", STATE_SUCCESS);
	assert_word(&f, "/exec/E/t/state", STATE_RUNNING);
	record_says(&f, attempt, "{\"outputs\":{\"a\":1}}");
	assert_file(&f, "/exec/E/t/outputs/a", "1\n");
	record_ends(&f, attempt, STATE_FAILED, 1);
	assert_word(&f, "/exec/E/state", STATE_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_counts),
		cmocka_unit_test(the_latest_attempt_counts),
		cmocka_unit_test(a_former_attempt_that_ends_late),
		cmocka_unit_test(a_begun_execution_runs_until_its_end),
		cmocka_unit_test(a_later_end_with_a_state_replaces_the_first),
		cmocka_unit_test(an_execution_of_no_runs),
		cmocka_unit_test(a_run_that_ends_after_its_execution),
	};

	return cmocka_run_group_tests_name("store states", tests, NULL, NULL);
}
