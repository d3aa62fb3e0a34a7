/*
 * The map: small ones grow, alone and with others at work; where there is no room for a larger one that is an error and
 * no more; the file is as long as its pages.
 */
#include "tests/unit/store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Records outputs of 1 MiB each until there are `n`; each its own update. */
static void record_megabytes(struct fixture *f, event_t attempt, int from, int n)
{
	struct buf b = BUF_INIT;

	for (int i = from; i < from + n; i++) {
		buf_clear(&b);
		buf_add_format(&b, "{\"outputs\":{\"o%d\":\"%01048576d\"}}", i, i);
		record_says_bytes(f, attempt, buf_bytes(&b));
	}
	buf_finish(&b);
}

static void assert_megabytes(struct fixture *f, int n)
{
	for (int i = 0; i < n; i += 7) {
		struct buf b = BUF_INIT;
		char path[64];

		snprintf(path, sizeof(path), "/exec/E/t/outputs/o%d", i);
		read_node(fixture_tree(f), walk(f, path).node, 1 << 20, &b);
		assert_int_equal(b.len, 1048577);
		assert_int_equal(atoi(buf_text(&b)), i);
		buf_finish(&b);
	}
}

static void a_small_map_grows(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	setenv("KESTRAFS_MAP_SIZE", "16777216", 1);
	fixture_init(&f);
	attempt = record_begin(&f, WHO("dev/flow/E/t"));
	record_megabytes(&f, attempt, 0, 60);
	assert_megabytes(&f, 60);
	unsetenv("KESTRAFS_MAP_SIZE");
}

/* All of one update is recorded again after the map has grown: nothing twice, nothing missing, the lock of the attempt held. */

struct batch {
	struct identity who;
	struct attempt attempt;
};

static int do_batch(struct txn *txn, void *context)
{
	struct batch *batch = context;
	struct buf value = BUF_INIT;
	int r = record_attempt_begin(txn, &batch->who, FIXTURE_START, &batch->attempt, NULL);

	buf_add_format(&value, "\"%02097152d\"", 0);
	for (int i = 0; !r && i < 20; i++) {
		char name[8];
		struct output output = {bytes_make(name, (size_t)snprintf(name, sizeof(name), "o%d", i)), buf_bytes(&value)};
		struct metric metric = {.name = BYTES_LITERAL("m"), .type = METRIC_COUNTER, .value = 1};

		r = record_message(txn, batch->attempt.id, &(struct message){&output, 1, &metric, 1, NULL, 0}, FIXTURE_START);
	}
	buf_finish(&value);
	return r;
}

static void an_update_larger_than_the_map(void **state)
{
	static const struct identity who = {.namespace = BYTES_LITERAL("dev"),
					    .flow = BYTES_LITERAL("flow"),
					    .execution = BYTES_LITERAL("E"),
					    .task = BYTES_LITERAL("t")};
	struct fixture f autofixture;
	struct batch *batch;
	struct buf b = BUF_INIT;

	(void)state;
	setenv("KESTRAFS_MAP_SIZE", "16777216", 1);
	fixture_init(&f);
	batch = recorder_memory(f.recorder, sizeof(*batch));
	batch->who = who;
	assert_int_equal(recorder_update(f.recorder, do_batch, batch), 0);
	assert_int_equal(batch->attempt.number, 1);
	assert_int_equal(batch->attempt.id, 2);
	assert_file(&f, "/exec/E/t/state", "RUNNING\n");
	assert_list(&f, "/exec/E/t/outputs", "o0\no1\no2\no3\no4\no5\no6\no7\no8\no9\no10\no11\no12\no13\no14\no15\no16\no17\no18\no19\n");
	read_path(&f, "/metrics.json", &b);
	assert_non_null(strstr(buf_text(&b), "\"count\":20,"));
	buf_finish(&b);
	unsetenv("KESTRAFS_MAP_SIZE");
}

/*
 * One process has a small map and the other none to speak of: each must follow what the other has made of the file, in
 * reading and in writing.
 */
static void a_file_that_outgrows_the_map(void **state)
{
	struct fixture f autofixture;
	struct recorder *small, *large;
	event_t first, second;

	(void)state;
	setenv("KESTRAFS_MAP_SIZE", "16777216", 1);
	fixture_init(&f);
	small = f.recorder;
	first = record_begin(&f, WHO("dev/flow/E/t"));
	assert_megabytes(&f, 0); /* the tree has its map too */
	assert_list(&f, "/exec", "E\n");
	unsetenv("KESTRAFS_MAP_SIZE");
	large = f.recorder = recorder_new(f.dir);
	second = record_begin(&f, WHO("dev/flow/E/u"));
	record_megabytes(&f, first, 0, 40);
	record_says(&f, second, "{\"outputs\":{\"a\":1}}");
	assert_megabytes(&f, 40);
	f.recorder = small;
	record_megabytes(&f, first, 40, 5);
	assert_megabytes(&f, 45);
	f.recorder = large;
	record_megabytes(&f, first, 45, 40);
	f.recorder = small;
	record_says(&f, first, "{\"outputs\":{\"last\":true}}");
	assert_megabytes(&f, 85);
	assert_file(&f, "/exec/E/t/outputs/last", "true\n");
	recorder_free(large);
}

/* Where address space or the file's size is limited, an update fails with that error; the store stays as it was, readable and writable. */

static void in_a_child(void (*function)(const char *dir), const char *dir)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		function(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define CHECK(condition)                                                                \
	do                                                                              \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                       \
		}                                                                       \
	while (0)

static int do_begin(struct txn *txn, void *context)
{
	struct batch *batch = context;

	return record_attempt_begin(txn, &batch->who, FIXTURE_START, &batch->attempt, NULL);
}

static int do_nothing(struct txn *txn, void *context)
{
	(void)txn;
	(void)context;
	return 0;
}

static void fill_until_refused(struct store *s, int expected, int also)
{
	struct batch batch = {.who = {.namespace = BYTES_LITERAL("dev"),
				      .flow = BYTES_LITERAL("flow"),
				      .execution = BYTES_LITERAL("E"),
				      .task = BYTES_LITERAL("t")}};
	int r = 0;

	for (int i = 0; !r && i < 100; i++)
		r = store_update(s, STORE_SOON, do_batch, &batch);
	if (r != expected && r != also)
		fprintf(stderr, "failed with %d\n", r);
	CHECK(r == expected || r == also);
	CHECK(store_view(s, do_nothing, NULL) == 0);
	CHECK(store_update(s, STORE_SOON, do_begin, &batch) == 0);
	r = store_update(s, STORE_SOON, do_batch, &batch);
	CHECK(r == expected || r == also);
	CHECK(store_view(s, do_nothing, NULL) == 0);
}

static void with_little_address_space(const char *dir)
{
	struct rlimit limit = {512 << 20, 512 << 20};
	struct store *s;

	setenv("KESTRAFS_MAP_SIZE", "67108864", 1);
	CHECK(store_open(dir, STORE_CREATE, &s, NULL) == 0);
	CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
	fill_until_refused(s, -ENOMEM, -ENOMEM);
	store_close(s);
}

static void with_a_limit_on_files(const char *dir)
{
	struct rlimit limit = {100 << 20, 100 << 20};
	struct store *s;

	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(store_open(dir, STORE_CREATE, &s, NULL) == 0);
	fill_until_refused(s, -EFBIG, -EIO); /* LMDB makes EIO of a write that was short */
	store_close(s);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMITS_ADDRESS_SPACE 0
#else
#define LIMITS_ADDRESS_SPACE 1
#endif

static void limits(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	in_a_child(with_a_limit_on_files, f.dir);
	if (LIMITS_ADDRESS_SPACE) /* a sanitizer needs terabytes of its own */
		in_a_child(with_little_address_space, f.dir);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/after")), "{\"outputs\":{\"a\":1}}");
	assert_file(&f, "/exec/E/after/outputs/a", "1\n");
}

/*
 * A file shorter than its pages is taken for one that was cut: it must never be so by itself, whatever a transaction
 * gave back of what it took.
 */

struct burst {
	struct identity who;
	char execution[16];
	int attempts;
};

static int do_burst(struct txn *txn, void *context)
{
	struct burst *burst = context;
	event_t ids[3000];
	int r = 0;

	for (int i = 0; !r && i < burst->attempts; i++) {
		char task[16];
		struct identity who = burst->who;
		struct attempt attempt;

		who.task = bytes_make(task, (size_t)snprintf(task, sizeof(task), "t%d", i % 5));
		r = record_attempt_begin(txn, &who, FIXTURE_START, &attempt, NULL);
		ids[i] = attempt.id;
	}
	for (int i = 0; !r && i < burst->attempts; i++)
		r = record_attempt_end(txn, ids[i], STATE_SUCCESS, 0, FIXTURE_START);
	return r;
}

static void the_file_is_as_long_as_its_pages(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 40; i++) {
		struct burst *burst = recorder_memory(f.recorder, sizeof(*burst));

		snprintf(burst->execution, sizeof(burst->execution), "E%d", i);
		burst->who = (struct identity){
			.namespace = BYTES_LITERAL("dev"), .flow = BYTES_LITERAL("flow"), .execution = bytes_of(burst->execution)};
		burst->attempts = 1 + (int)chance(i % 4 ? 300 : 3000);
		assert_int_equal(recorder_update(f.recorder, do_burst, burst), 0);
		fixture_forget(&f);
		fixture_tree(&f); /* opens it anew */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_map_grows),
		cmocka_unit_test(an_update_larger_than_the_map),
		cmocka_unit_test(a_file_that_outgrows_the_map),
		cmocka_unit_test(limits),
		cmocka_unit_test(the_file_is_as_long_as_its_pages),
	};

	return cmocka_run_group_tests_name("store map", tests, NULL, NULL);
}
