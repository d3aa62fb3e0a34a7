#include "tests/unit/store_fixture.h"

#include "core/protocol/parser.h"

#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define MEMORY_SIZE ((size_t)256 << 20)

/* Lives in the memory that both processes see, at the same address. */
struct recorder {
	sem_t asked, answered;
	pid_t pid;
	char dir[32];
	size_t used;					 /* of the memory */
	int (*function)(struct txn *txn, void *context); /* NULL: end */
	void *context;
	int result;
};

/* The recorder's process */

static _Noreturn void serve(struct recorder *r)
{
	struct store *s;
	struct error e = {""};

	if (store_open(r->dir, STORE_CREATE, &s, &e) < 0) {
		fprintf(stderr, "recorder: %s\n", e.text);
		_exit(1);
	}
	for (;;) {
		sem_post(&r->answered);
		while (sem_wait(&r->asked) < 0)
			;
		if (!r->function)
			break;
		r->result = store_update(s, STORE_SOON, r->function, r->context);
	}
	store_close(s);
	_exit(0);
}

static bool answer(struct recorder *r)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	while (sem_timedwait(&r->answered, &until) < 0)
		if (errno != EINTR)
			return false;
	return true;
}

struct recorder *recorder_new(const char *dir)
{
	struct recorder *r = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pid_t pid;

	assert_true(r != MAP_FAILED);
	sem_init(&r->asked, 1, 0);
	sem_init(&r->answered, 1, 0);
	snprintf(r->dir, sizeof(r->dir), "%s", dir);
	r->used = sizeof(*r);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(r);
	}
	r->pid = pid;
	assert_true(answer(r));
	return r;
}

static void reap(struct recorder *r)
{
	waitpid(r->pid, NULL, 0);
	munmap(r, MEMORY_SIZE);
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	r->function = NULL;
	sem_post(&r->asked);
	reap(r);
}

void recorder_kill(struct recorder *r)
{
	kill(r->pid, SIGKILL);
	reap(r);
}

pid_t recorder_pid(const struct recorder *r)
{
	return r->pid;
}

void *recorder_memory(struct recorder *r, size_t size)
{
	void *memory = (char *)r + (r->used + 15) / 16 * 16;

	r->used = (r->used + 15) / 16 * 16 + size;
	assert_true(r->used <= MEMORY_SIZE);
	return memory;
}

int recorder_update(struct recorder *r, int (*function)(struct txn *txn, void *context), void *context)
{
	r->function = function;
	r->context = context;
	sem_post(&r->asked);
	assert_true(answer(r));
	return r->result;
}

/* The fixture */

void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/kestrafs-test-XXXXXX", .now = FIXTURE_START};
	assert_non_null(mkdtemp(f->dir));
	f->recorder = recorder_new(f->dir);
}

void fixture_finish(struct fixture *f)
{
	char command[64];

	fixture_forget(f);
	recorder_free(f->recorder);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	if (*f->dir && system(command))
		fprintf(stderr, "%s is left\n", f->dir);
}

struct tree *fixture_tree(struct fixture *f)
{
	struct error e = {""};

	if (!f->tree && tree_new(f->dir, NULL, &f->tree, &e) < 0)
		fail_msg("%s", e.text);
	return f->tree;
}

void fixture_forget(struct fixture *f)
{
	tree_free(f->tree);
	f->tree = NULL;
}

/* Requests. All of one stands in the recorder's memory, which is given back when it is answered. */

#define LABELS_MOST 8

struct request {
	struct identity who;
	struct bytes values[8];
	struct label labels[LABELS_MOST];
	event_t attempt_id;
	struct bytes text;
	enum state state;
	int exit_code;
	usec_t now;
	struct txn *txn; /* while messages are read */
	int result;

	struct attempt attempt;
	struct error error;
};

static struct bytes shared(struct fixture *f, struct bytes text)
{
	char *copy = recorder_memory(f->recorder, text.len + 1);

	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return bytes_make(copy, text.len);
}

static struct bytes part(struct bytes *rest, char end)
{
	const char *at = rest->len ? memchr(rest->data, end, rest->len) : NULL;
	struct bytes found = bytes_make(rest->data, at ? (size_t)(at - rest->data) : rest->len);
	size_t taken = found.len + (at != NULL);

	*rest = bytes_make(rest->data + taken, rest->len - taken);
	return found;
}

static void set_labels(struct fixture *f, struct request *q, const char *text)
{
	struct bytes rest = shared(f, bytes_of(text ? text : ""));

	while (rest.len) {
		struct label *label = &q->labels[q->who.n_labels++];

		assert_true(q->who.n_labels <= LABELS_MOST);
		label->key = part(&rest, '=');
		label->value = part(&rest, ',');
	}
	q->who.labels = q->labels;
}

static struct request *request_new(struct fixture *f, const struct who *who)
{
	struct request *q = recorder_memory(f->recorder, sizeof(*q));
	struct bytes rest;

	*q = (struct request){.now = f->now};
	f->now += USEC_PER_SEC;
	if (!who)
		return q;
	rest = shared(f, bytes_of(who->path));
	q->who.namespace = part(&rest, '/');
	q->who.flow = part(&rest, '/');
	q->who.execution = part(&rest, '/');
	q->who.task = rest;
	q->who.taskrun = shared(f, bytes_of(who->taskrun ? who->taskrun : ""));
	while (q->who.n_values < 8 && who->values[q->who.n_values]) {
		q->values[q->who.n_values] = shared(f, bytes_of(who->values[q->who.n_values]));
		q->who.n_values++;
	}
	q->who.values = q->values;
	set_labels(f, q, who->labels);
	return q;
}

static int ask(struct fixture *f, struct request *q, int (*function)(struct txn *txn, void *context), struct error *e)
{
	int r = recorder_update(f->recorder, function, q);

	if (e)
		*e = q->error;
	f->recorder->used = sizeof(*f->recorder);
	return r;
}

static int do_begin(struct txn *txn, void *context)
{
	struct request *q = context;

	return record_attempt_begin(txn, &q->who, q->now, &q->attempt, &q->error);
}

int try_begin(struct fixture *f, const struct who *who, struct attempt *ret, struct error *e)
{
	struct request *q = request_new(f, who);
	int r = ask(f, q, do_begin, e);

	if (ret)
		*ret = q->attempt;
	return r;
}

event_t record_begin(struct fixture *f, const struct who *who)
{
	struct attempt attempt;
	struct error e = {""};

	if (try_begin(f, who, &attempt, &e) < 0)
		fail_msg("%s", e.text);
	return attempt.id;
}

static void on_message(void *context, const struct message *message)
{
	struct request *q = context;

	if (!q->result)
		q->result = record_message(q->txn, q->attempt_id, message, q->now);
}

static void on_warning(void *context, struct bytes text)
{
	struct request *q = context;

	fprintf(stderr, "a test's message: %.*s\n", (int)text.len, text.data);
	q->result = -EBADMSG;
}

static int do_says(struct txn *txn, void *context)
{
	struct request *q = context;
	const struct parser_handler handler = {on_message, on_warning, q};
	struct bytes rest = q->text;
	bool hint_given = false;
	struct parser *p;

	q->txn = txn;
	q->result = parser_new("stdout", DIALECT_DOC, MESSAGE_MAX_DEFAULT, &hint_given, &handler, &p);
	if (q->result < 0)
		return q->result;
	while (rest.len) {
		struct bytes line = part(&rest, '\n');

		parser_feed(p, "::", 2);
		parser_feed(p, line.data, line.len);
		parser_feed(p, "::\n", 3);
	}
	parser_end(p);
	parser_free(p);
	return q->result;
}

int try_says(struct fixture *f, event_t attempt, struct bytes messages)
{
	struct request *q = request_new(f, NULL);

	q->attempt_id = attempt;
	q->text = shared(f, messages);
	return ask(f, q, do_says, NULL);
}

void record_says_bytes(struct fixture *f, event_t attempt, struct bytes messages)
{
	assert_int_equal(try_says(f, attempt, messages), 0);
}

void record_says(struct fixture *f, event_t attempt, const char *messages)
{
	record_says_bytes(f, attempt, bytes_of(messages));
}

static int do_warns(struct txn *txn, void *context)
{
	struct request *q = context;

	return record_warning(txn, q->attempt_id, q->text, q->now);
}

int try_warns(struct fixture *f, event_t attempt, const char *text)
{
	struct request *q = request_new(f, NULL);

	q->attempt_id = attempt;
	q->text = shared(f, bytes_of(text));
	return ask(f, q, do_warns, NULL);
}

void record_warns(struct fixture *f, event_t attempt, const char *text)
{
	assert_int_equal(try_warns(f, attempt, text), 0);
}

static int do_ends(struct txn *txn, void *context)
{
	struct request *q = context;

	return record_attempt_end(txn, q->attempt_id, q->state, q->exit_code, q->now);
}

int try_ends(struct fixture *f, event_t attempt, enum state state, int exit_code)
{
	struct request *q = request_new(f, NULL);

	q->attempt_id = attempt;
	q->state = state;
	q->exit_code = exit_code;
	return ask(f, q, do_ends, NULL);
}

void record_ends(struct fixture *f, event_t attempt, enum state state, int exit_code)
{
	assert_int_equal(try_ends(f, attempt, state, exit_code), 0);
}

static int do_execution_begins(struct txn *txn, void *context)
{
	struct request *q = context;

	return record_execution_begin(txn, &q->who, q->now, &q->error);
}

int try_execution_begins(struct fixture *f, const struct who *who, struct error *e)
{
	return ask(f, request_new(f, who), do_execution_begins, e);
}

void record_execution_begins(struct fixture *f, const struct who *who)
{
	assert_int_equal(try_execution_begins(f, who, NULL), 0);
}

static int do_execution_ends(struct txn *txn, void *context)
{
	struct request *q = context;

	return record_execution_end(txn, &q->who, q->state, q->now, &q->error);
}

int try_execution_ends(struct fixture *f, const struct who *who, enum state state, struct error *e)
{
	struct request *q = request_new(f, who);

	q->state = state;
	return ask(f, q, do_execution_ends, e);
}

void record_execution_ends(struct fixture *f, const struct who *who, enum state state)
{
	assert_int_equal(try_execution_ends(f, who, state, NULL), 0);
}

/* Reading */

void assert_bytes(const char *what, struct bytes actual, struct bytes expected)
{
	size_t same = 0;

	if (bytes_equal(actual, expected))
		return;
	while (same < actual.len && same < expected.len && actual.data[same] == expected.data[same])
		same++;
	fail_msg("%s differs from byte %zu on (%zu bytes, expected %zu):\n  is        %.*s\n  should be %.*s", what, same, actual.len,
		 expected.len, (int)(actual.len > 2000 ? 2000 : actual.len), actual.data ? actual.data : "",
		 (int)(expected.len > 2000 ? 2000 : expected.len), expected.data ? expected.data : "");
}

void read_node(struct tree *tree, node_t node, size_t piece, struct buf *ret)
{
	char *data = malloc(piece);
	uint64_t offset = 0;
	size_t len;

	assert_non_null(data);
	do {
		assert_int_equal(tree_read(tree, node, offset, data, piece, &len), 0);
		buf_add(ret, data, len);
		offset += len;
	} while (len == piece);
	free(data);
	assert_int_equal(buf_error(ret), 0);
}

struct entry walk(struct fixture *f, const char *path)
{
	struct entry entry;
	int r = tree_walk(fixture_tree(f), bytes_of(path), &entry);

	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	return entry;
}

bool is_there(struct fixture *f, const char *path)
{
	struct entry entry;
	int r = tree_walk(fixture_tree(f), bytes_of(path), &entry);

	if (r < 0 && r != -ENOENT)
		fail_msg("%s: %s", path, strerror(-r));
	return r == 0;
}

#define PIECE_MOST ((size_t)128 << 10)

static void check_pieces(struct fixture *f, const char *path, const struct entry *entry, struct bytes whole)
{
	const size_t pieces[] = {1, 7, 100, 4096};
	struct buf again = BUF_INIT;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		if (whole.len / pieces[i] > 2000)
			continue;
		buf_clear(&again);
		read_node(fixture_tree(f), entry->node, pieces[i], &again);
		assert_bytes(path, buf_bytes(&again), whole);
	}
	buf_finish(&again);
}

/* Windows anywhere, also across and behind the end. */
static void check_windows(struct fixture *f, const char *path, const struct entry *entry, struct bytes whole)
{
	char data[512];
	size_t len;

	for (int i = 0; i < 20; i++) {
		size_t from = (size_t)chance(whole.len + 3), size = (size_t)chance(sizeof(data)) + 1;
		size_t here = from < whole.len ? whole.len - from : 0;

		if (here > size)
			here = size;
		assert_int_equal(tree_read(fixture_tree(f), entry->node, from, data, size, &len), 0);
		assert_bytes(path, bytes_make(data, len), bytes_make(whole.data + (here ? from : 0), here));
	}
}

void read_path(struct fixture *f, const char *path, struct buf *ret)
{
	struct entry entry = walk(f, path);

	if (entry.attributes.type == NODE_LINK) {
		assert_int_equal(tree_link(fixture_tree(f), entry.node, ret), 0);
		assert_int_equal(ret->len, entry.attributes.size);
		return;
	}
	assert_int_equal(entry.attributes.type, NODE_FILE);
	read_node(fixture_tree(f), entry.node, PIECE_MOST, ret);
	if (ret->len != entry.attributes.size)
		fail_msg("%s: size says %llu, there are %zu bytes", path, (unsigned long long)entry.attributes.size, ret->len);
	check_pieces(f, path, &entry, buf_bytes(ret));
	check_windows(f, path, &entry, buf_bytes(ret));
}

void assert_file_bytes(struct fixture *f, const char *path, struct bytes expected)
{
	struct buf b = BUF_INIT;

	read_path(f, path, &b);
	assert_bytes(path, buf_bytes(&b), expected);
	buf_finish(&b);
}

void assert_file(struct fixture *f, const char *path, const char *expected)
{
	assert_file_bytes(f, path, bytes_of(expected));
}

/* Listing */

struct name_list {
	struct buf names; /* a byte for the type, the inode, the name, a NUL */
	uint64_t next;
	size_t n, most;
};

static bool add_name(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct name_list *list = context;

	(void)inode;
	if (list->n == list->most)
		return false;
	list->n++;
	list->next = next;
	buf_add_char(&list->names, (char)type);
	buf_add(&list->names, &inode, sizeof(inode));
	buf_add_bytes(&list->names, name);
	buf_add_char(&list->names, '\0');
	return true;
}

/* All names, `most` a call. */
static void gather(struct tree *tree, node_t folder, size_t most, struct name_list *list)
{
	bool end = false;
	enum keep keep;

	*list = (struct name_list){.most = most};
	while (!end) {
		list->n = 0;
		assert_int_equal(tree_list(tree, folder, list->next, add_name, list, &keep, &end), 0);
		assert_true(end || list->n > 0);
	}
}

static void check_names(struct tree *tree, node_t folder, struct bytes names, struct buf *ret)
{
	for (const char *at = names.data; at < names.data + names.len;) {
		enum node_type type = (enum node_type) * at;
		struct bytes name = bytes_of(at + 1 + sizeof(uint64_t));
		struct entry entry;
		uint64_t inode;

		assert_true(name.len > 0 && name.len <= 255);
		assert_int_equal(tree_lookup(tree, folder, name, &entry), 0);
		if (!entry.node)
			fail_msg("%.*s is listed but cannot be looked up", (int)name.len, name.data);
		memcpy(&inode, at + 1, sizeof(inode));
		assert_int_equal(entry.attributes.type, type);
		assert_int_equal(entry.attributes.inode, inode);
		buf_add_bytes(ret, name);
		buf_add_char(ret, '\n');
		at = name.data + name.len + 1;
	}
}

void list_node(struct tree *tree, node_t folder, struct buf *ret)
{
	struct name_list all, piecewise;

	gather(tree, folder, SIZE_MAX, &all);
	if (all.names.len < 20000) {
		gather(tree, folder, 3, &piecewise);
		assert_bytes("a listing in pieces", buf_bytes(&piecewise.names), buf_bytes(&all.names));
		buf_finish(&piecewise.names);
	}
	check_names(tree, folder, buf_bytes(&all.names), ret);
	buf_finish(&all.names);
}

void assert_list(struct fixture *f, const char *path, const char *expected)
{
	struct buf b = BUF_INIT;
	struct entry entry = walk(f, path);

	list_node(fixture_tree(f), entry.node, &b);
	assert_bytes(path, buf_bytes(&b), bytes_of(expected));
	buf_finish(&b);
}

void walk_all(struct fixture *f, const char *path, void (*visit)(void *context, const char *path, const struct entry *entry), void *context)
{
	struct buf names = BUF_INIT;
	struct entry entry = walk(f, path);
	struct bytes rest;

	list_node(fixture_tree(f), entry.node, &names);
	rest = buf_bytes(&names);
	while (rest.len) {
		struct bytes name = part(&rest, '\n');
		struct buf below = BUF_INIT;

		buf_add_text(&below, path);
		buf_add_char(&below, '/');
		buf_add_bytes(&below, name);
		entry = walk(f, buf_text(&below));
		visit(context, buf_text(&below), &entry);
		if (entry.attributes.type == NODE_FOLDER)
			walk_all(f, buf_text(&below), visit, context);
		buf_finish(&below);
	}
	buf_finish(&names);
}

/* Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators": SplitMix64. */
uint64_t chance(uint64_t below)
{
	static uint64_t state;
	const char *seed = getenv("KESTRAFS_TEST_SEED");
	uint64_t z;

	if (!state)
		state = seed ? strtoull(seed, NULL, 10) * 1000003 + 1 : 1;
	z = state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}
