/* Opening a store: one that is not there, not ours to read, cut short, from the future; its files' modes; its descriptors. */
#include "tests/unit/store_fixture.h"

#include "core/store/codec.h"
#include "core/store/kv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void assert_opens(const char *dir, enum store_access access, int code, const char *text)
{
	struct error e = {""};
	struct store *s = NULL;
	int r = store_open(dir, access, &s, &e);

	if (r != code)
		fail_msg("opened with %d (%s), expected %d", r, e.text, code);
	if (r == 0)
		store_close(s);
	else if (!strstr(e.text, text))
		fail_msg("says: %s", e.text);
}

/* Helpers open to record, mounts to read: each is refused alike. */
static void assert_refused(const char *dir, int code, const char *text)
{
	assert_opens(dir, STORE_OPEN, code, text);
	assert_opens(dir, STORE_CREATE, code, text);
}

/* A store with something in it that nobody has open. */
static void make_store(struct fixture *f)
{
	fixture_init(f);
	record_says(f, record_begin(f, WHO("dev/flow/E/t")), "{\"outputs\":{\"a\":1}}");
	recorder_free(f->recorder);
	f->recorder = NULL;
}

static void path_in(const struct fixture *f, const char *name, char ret[64])
{
	snprintf(ret, 64, "%s/%s", f->dir, name);
}

static void one_that_is_not_there(void **state)
{
	struct fixture f autofixture;
	char path[64];
	struct stat st;

	(void)state;
	make_store(&f);
	path_in(&f, "below/and/deeper", path);
	assert_opens(path, STORE_OPEN, -ENOENT, "there is none yet");
	assert_int_equal(stat(path, &st), -1);
	assert_opens(path, STORE_CREATE, 0, "");
	assert_opens(path, STORE_OPEN, 0, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	path_in(&f, "empty", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_opens(path, STORE_OPEN, -ENOENT, "there is none yet");
	path_in(&f, "alive/no", path);
	assert_refused(path, -ENOTDIR, "it is no folder");
}

/* A helper that was killed while it made the store leaves files of no contents: none yet, and the next helper makes it. */
static void one_that_was_not_finished(void **state)
{
	struct fixture f autofixture;
	char path[64], file[80];
	int fd;

	(void)state;
	make_store(&f);
	path_in(&f, "unfinished", path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_opens(path, STORE_OPEN, -ENOENT, "there is none yet");
	assert_opens(path, STORE_CREATE, 0, "");
	assert_opens(path, STORE_OPEN, 0, "");
}

static void one_that_is_cut_short(void **state)
{
	static const long cuts[] = {1, 100, 4095, 4096, 8191, 8192, 12288, 20000, -4096, -1};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct fixture f autofixture;
		char path[64];
		struct stat st;

		make_store(&f);
		path_in(&f, "data.mdb", path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, cuts[i] < 0 ? st.st_size + cuts[i] : cuts[i]), 0);
		assert_refused(f.dir, -EUCLEAN, "damaged or cut short");
	}
}

static void one_that_is_something_else(void **state)
{
	struct fixture f autofixture;
	char path[64], noise[16384];
	int fd;

	(void)state;
	make_store(&f);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)chance(256);
	path_in(&f, "data.mdb", path);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, noise, sizeof(noise)), sizeof(noise));
	close(fd);
	assert_refused(f.dir, -EUCLEAN, "damaged or cut short");
}

static int raise_format(struct txn *txn, void *context)
{
	struct buf b = BUF_INIT;

	(void)context;
	put_varint(&b, 1000);
	put_u64(&b, 0);
	kv_put(txn, TABLE_META, BYTES_LITERAL("format"), buf_bytes(&b));
	buf_finish(&b);
	return txn_error(txn);
}

static void one_from_the_future(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	assert_int_equal(recorder_update(f.recorder, raise_format, NULL), 0);
	recorder_free(f.recorder);
	f.recorder = NULL;
	assert_refused(f.dir, -EMEDIUMTYPE, "written by a newer version of kestrafs: update this one");
}

/* A folder shared by a group: what is made in it is the group's to read and write, whoever makes it and with whatever umask. */
static void a_shared_folder(void **state)
{
	static const struct {
		mode_t folder, file;
	} modes[] = {{02770, 0660}, {0700, 0600}, {02750, 0640}, {0777, 0666}};
	static const char *const files[] = {"data.mdb", "lock.mdb", "alive"};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct fixture f autofixture;
		char path[64], file[80];
		mode_t before = umask(077);
		struct stat st;

		make_store(&f);
		path_in(&f, "shared", path);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(chown(path, (uid_t)-1, geteuid() ? getegid() : 12345), 0);
		assert_int_equal(chmod(path, modes[i].folder), 0);
		assert_opens(path, STORE_CREATE, 0, "");
		for (size_t k = 0; k < 3; k++) {
			snprintf(file, sizeof(file), "%s/%s", path, files[k]);
			assert_int_equal(stat(file, &st), 0);
			assert_int_equal(st.st_mode & 07777, modes[i].file);
			assert_int_equal(st.st_gid, geteuid() ? getegid() : 12345);
		}
		umask(before);
	}
}

/* A command that a helper runs must not get the store's descriptors. */
static void descriptors_are_closed_on_exec(void **state)
{
	struct fixture f autofixture;
	struct dirent *entry;
	struct store *s;
	size_t ours = 0;
	DIR *fds;

	(void)state;
	make_store(&f);
	assert_int_equal(store_open(f.dir, STORE_CREATE, &s, NULL), 0);
	fds = opendir("/proc/self/fd");
	assert_non_null(fds);
	while ((entry = readdir(fds))) {
		char path[300], target[300];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0 || strncmp(target, f.dir, strlen(f.dir)) != 0)
			continue;
		ours++;
		if (!(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC))
			fail_msg("%.*s is open across exec", (int)len, target);
	}
	closedir(fds);
	store_close(s);
	assert_true(ours >= 4);
}

/* Eight helpers at once */

#define WRITERS 8
#define UPDATES 200

struct numbered {
	struct identity who;
	char task[16];
	struct attempt attempt;
	int i;
};

static int do_begin(struct txn *txn, void *context)
{
	struct numbered *n = context;

	return record_attempt_begin(txn, &n->who, FIXTURE_START, &n->attempt, NULL);
}

static int do_point(struct txn *txn, void *context)
{
	struct numbered *n = context;
	struct metric metric = {.name = BYTES_LITERAL("m"), .type = METRIC_COUNTER, .value = n->i};
	struct message message = {.metrics = &metric, .n_metrics = 1};

	return record_message(txn, n->attempt.id, &message, FIXTURE_START);
}

static int do_end(struct txn *txn, void *context)
{
	struct numbered *n = context;

	return record_attempt_end(txn, n->attempt.id, STATE_SUCCESS, 0, FIXTURE_START);
}

static void record_alone(const char *dir, int writer)
{
	struct numbered n = {.who = {.namespace = BYTES_LITERAL("dev"), .flow = BYTES_LITERAL("flow"), .execution = BYTES_LITERAL("E")}};
	struct store *s;
	int r = store_open(dir, STORE_CREATE, &s, NULL);

	snprintf(n.task, sizeof(n.task), "t%d", writer);
	n.who.task = bytes_of(n.task);
	if (!r)
		r = store_update(s, STORE_SOON, do_begin, &n);
	for (n.i = 1; !r && n.i < UPDATES - 1; n.i++)
		r = store_update(s, STORE_SOON, do_point, &n);
	if (!r)
		r = store_update(s, STORE_SYNC, do_end, &n);
	if (!r)
		store_close(s);
	_exit(r ? 1 : 0);
}

static void many_writers_at_once(void **state)
{
	struct fixture f autofixture;
	struct buf b = BUF_INIT;
	pid_t pids[WRITERS];
	char dir[64];
	int status;

	(void)state;
	make_store(&f);
	path_in(&f, "new", dir);
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			record_alone(dir, i);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(tree_new(dir, NULL, &f.tree, NULL), 0);
	read_path(&f, "/metrics.json", &b);
	/* 8 times 1 + 2 + … + 198 */
	assert_non_null(
		strstr(buf_text(&b), "{\"m\":{\"type\":\"counter\",\"count\":1584,\"sum\":157608,\"avg\":99.5,\"min\":1,\"max\":198,"));
	for (int i = 0; i < WRITERS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/exec/E/t%d/metrics.json", i);
		buf_clear(&b);
		read_path(&f, path, &b);
		assert_non_null(strstr(buf_text(&b), "\"count\":198,\"sum\":19701,"));
	}
	assert_file(&f, "/exec/E/state", "SUCCESS\n");
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_not_there),
		cmocka_unit_test(one_that_was_not_finished),
		cmocka_unit_test(one_that_is_cut_short),
		cmocka_unit_test(one_that_is_something_else),
		cmocka_unit_test(one_from_the_future),
		cmocka_unit_test(a_shared_folder),
		cmocka_unit_test(descriptors_are_closed_on_exec),
		cmocka_unit_test(many_writers_at_once),
	};

	return cmocka_run_group_tests_name("store open", tests, NULL, NULL);
}
