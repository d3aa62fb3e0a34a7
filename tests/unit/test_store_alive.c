/*
 * Who is alive: a helper that is gone without a word is seen as KILLED by whoever looks next; one that lives, or is
 * stopped, is left in peace; nobody waits for a writer that is stopped.
 */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* The fixture's recorder is gone, by SIGKILL or (`quietly`) by its end; another takes its place. */
static void lose_recorder(struct fixture *f, bool quietly)
{
	if (quietly)
		recorder_free(f->recorder);
	else
		recorder_kill(f->recorder);
	f->recorder = recorder_new(f->dir);
}

static void a_helper_that_is_killed(void **state)
{
	struct fixture f autofixture;
	struct buf b = BUF_INIT;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/t", "a"));
	record_says(&f, attempt, "{\"outputs\":{\"a\":1}}");
	assert_file(&f, "/exec/E/state", "RUNNING\n");
	assert_file(&f, "/exec/E/t/runs/a/state", "RUNNING\n");
	lose_recorder(&f, false);
	assert_file(&f, "/exec/E/t/runs/a/state", "KILLED\n");
	assert_file(&f, "/exec/E/t/state", "KILLED\n");
	assert_file(&f, "/exec/E/state", "KILLED\n");
	assert_file(&f, "/exec/E/t/runs/a/outputs/a", "1\n");
	read_path(&f, "/exec/E/t/runs/a/taskrun.json", &b);
	assert_non_null(strstr(buf_text(&b), "\"state\":{\"current\":\"KILLED\""));
	assert_null(strstr(buf_text(&b), "exitCode"));
	assert_non_null(strstr(buf_text(&b), "\"outputs\":{\"vars\":{\"a\":1}}"));
	assert_int_equal(try_says(&f, attempt, BYTES_LITERAL("{\"outputs\":{\"a\":2}}")), -ESHUTDOWN);
	buf_finish(&b);
}

/* Whatever is looked up first below the execution finds it. */
static void whatever_is_looked_up_first(void **state)
{
	static const struct {
		const char *path, *shows;
	} firsts[] = {
		{"/exec/E/state", "KILLED\n"},
		{"/exec/E/execution.json", "\"current\":\"KILLED\""},
		{"/exec/E/t/state", "KILLED\n"},
		{"/exec/E/t/taskrun.json", "\"current\":\"KILLED\""},
		{"/exec/E/t/attempts/1/state", "KILLED\n"},
		{"/exec/E/t/attempts/2/taskrun.json", "\"current\":\"KILLED\""},
		{"/exec/E/loop/state", "KILLED\n"},
		{"/exec/E/loop/runs/v/state", "KILLED\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
		struct fixture f autofixture;
		struct buf b = BUF_INIT;

		fixture_init(&f);
		record_begin(&f, WHO("dev/flow/E/t"));
		record_begin(&f, WHO("dev/flow/E/t"));
		record_begin(&f, WHO("dev/flow/E/loop", "v"));
		lose_recorder(&f, i % 2);
		read_path(&f, firsts[i].path, &b);
		assert_non_null(strstr(buf_text(&b), firsts[i].shows));
		assert_null(strstr(buf_text(&b), "\"current\":\"RUNNING\""));
		buf_finish(&b);
	}
}

static void a_helper_that_lives(void **state)
{
	struct fixture f autofixture;
	struct recorder *first;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/t", "lives"));
	first = f.recorder;
	f.recorder = recorder_new(f.dir);
	record_begin(&f, WHO("dev/flow/E/t", "dies"));
	lose_recorder(&f, false);
	assert_file(&f, "/exec/E/t/runs/lives/state", "RUNNING\n");
	assert_file(&f, "/exec/E/t/runs/dies/state", "KILLED\n");
	assert_file(&f, "/exec/E/state", "RUNNING\n");
	kill(recorder_pid(first), SIGSTOP);
	assert_file(&f, "/exec/E/t/runs/lives/state", "RUNNING\n");
	kill(recorder_pid(first), SIGCONT);
	recorder_free(f.recorder);
	f.recorder = first;
	record_says(&f, attempt, "{\"outputs\":{\"a\":1}}");
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	assert_file(&f, "/exec/E/t/runs/lives/state", "SUCCESS\n");
	assert_file(&f, "/exec/E/state", "KILLED\n");
}

/* What was lost is retried: the new attempt is the run's. */
static void a_retry_after_a_loss(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	lose_recorder(&f, false);
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	assert_file(&f, "/exec/E/t/state", "RUNNING\n");
	assert_file(&f, "/exec/E/t/attempts/1/state", "KILLED\n");
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	assert_file(&f, "/exec/E/state", "SUCCESS\n");
}

/* The end of an execution ends what was lost in it too. */
static void the_end_of_an_execution_with_a_loss(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	lose_recorder(&f, false);
	record_execution_ends(&f, WHO("dev/flow/E"), STATE_NONE);
	assert_file(&f, "/exec/E/state", "KILLED\n");
	assert_file(&f, "/exec/E/t/state", "KILLED\n");
}

/* Nodes met while it ran still read what they read then. */
static void former_versions_of_a_lost_run(void **state)
{
	struct fixture f autofixture;
	struct entry running;
	struct buf b = BUF_INIT;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	running = walk(&f, "/exec/E/t/state");
	lose_recorder(&f, false);
	assert_file(&f, "/exec/E/t/state", "KILLED\n");
	read_node(f.tree, running.node, 100, &b);
	assert_bytes("state", buf_bytes(&b), BYTES_LITERAL("RUNNING\n"));
	buf_finish(&b);
}

/* A writer that is stopped in the middle of an update holds the store's only writer lock. */

static int stop_here(struct txn *txn, void *context)
{
	(void)txn;
	(void)context;
	raise(SIGSTOP);
	return 0;
}

static pid_t stop_a_writer(const char *dir)
{
	pid_t pid = fork();
	struct store *s;
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		if (store_open(dir, STORE_OPEN, &s, NULL) == 0)
			store_update(s, STORE_SOON, stop_here, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	return pid;
}

static double seconds_to_read(struct fixture *f, const char *path, const char *expected)
{
	usec_t before = clock_now();
	struct entry entry = walk(f, path);
	struct buf b = BUF_INIT;
	usec_t after = clock_now();

	read_node(f->tree, entry.node, 1000, &b);
	assert_int_equal(b.len, entry.attributes.size);
	assert_bytes(path, buf_bytes(&b), bytes_of(expected));
	buf_finish(&b);
	return (double)(after - before) / USEC_PER_SEC;
}

static void a_writer_that_is_stopped(void **state)
{
	struct fixture f autofixture;
	event_t attempt;
	pid_t stopped;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/lost/t"));
	record_begin(&f, WHO("dev/flow/lost/u"));
	lose_recorder(&f, false);
	attempt = record_begin(&f, WHO("dev/flow/fine/t"));
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	stopped = stop_a_writer(f.dir);
	assert_true(seconds_to_read(&f, "/exec/fine/t/state", "SUCCESS\n") < 0.5);
	assert_true(seconds_to_read(&f, "/exec/lost/state", "KILLED\n") < 1.5);
	assert_true(seconds_to_read(&f, "/exec/lost/t/state", "KILLED\n") < 2.5);
	assert_true(seconds_to_read(&f, "/exec/fine/t/state", "SUCCESS\n") < 0.5);
	kill(stopped, SIGCONT);
	waitpid(stopped, NULL, 0);
	assert_true(seconds_to_read(&f, "/exec/lost/t/state", "KILLED\n") < 1.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_helper_that_is_killed),
		cmocka_unit_test(whatever_is_looked_up_first),
		cmocka_unit_test(a_helper_that_lives),
		cmocka_unit_test(a_retry_after_a_loss),
		cmocka_unit_test(the_end_of_an_execution_with_a_loss),
		cmocka_unit_test(former_versions_of_a_lost_run),
		cmocka_unit_test(a_writer_that_is_stopped),
	};

	return cmocka_run_group_tests_name("store alive", tests, NULL, NULL);
}
