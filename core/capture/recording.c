#include "core/capture/recording.h"
#include "core/base/text.h"
#include "core/store/place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/** What store_update is told when a transaction was only a question. */
#define JUST_ASKING (-ECANCELED)

struct transaction {
	struct recording *g;
	const struct queue *batch; /* NULL: only a beginning */

	/* Set anew by each run of the function: the store may run it more than once. */
	const struct recorder_end *end;
	struct attempt attempt;
	unsigned number;
	struct error error;
	bool refused;
};

static void transaction_enter(struct transaction *t)
{
	t->attempt = t->g->attempt;
	t->number = t->g->number;
	t->error = (struct error){0};
	t->refused = false;
	t->end = t->g->entered(t->g->context);
}

/** The store's three ways of saying that the call was wrong; -ENOENT is one only where an execution is ended. */
static int transaction_judge(struct transaction *t, int error)
{
	t->refused = error == -EXDEV || error == -ESHUTDOWN || error == -EEXIST;
	return error;
}

static int write_begin(struct txn *txn, struct transaction *t)
{
	const struct recorder_plan *plan = t->g->plan;
	int error = 0;

	if (plan->begin_execution)
		error = record_execution_begin(txn, plan->who, t->g->began, &t->error);
	if (!error && plan->attempt) {
		error = record_attempt_begin(txn, plan->who, t->g->began, &t->attempt, &t->error);
		t->number = t->attempt.number;
	}
	return transaction_judge(t, error);
}

struct record_writer {
	struct recording *g;
	struct txn *txn;
	event_t attempt;
};

static int write_record(const struct record *record, void *context)
{
	struct record_writer *w = context;

	__atomic_add_fetch(&w->g->steps, 1, __ATOMIC_RELAXED);
	if (record->kind == RECORD_WARNING)
		return record_warning(w->txn, w->attempt, record->warning, record->time);
	return record_message(w->txn, w->attempt, &record->message, record->time);
}

static int write_batch(struct txn *txn, struct transaction *t)
{
	struct record_writer w = {t->g, txn, t->attempt.id};
	int error = queue_each(t->batch, write_record, &w);

	if (error == -ESHUTDOWN)
		error_set(&t->error, error, "the run has been taken for ended by another program (was this one stopped?)");
	return error;
}

static int write_end(struct txn *txn, struct transaction *t)
{
	const struct recorder_plan *plan = t->g->plan;
	usec_t now = clock_now();
	int error = 0;

	if (plan->attempt)
		error = record_attempt_end(txn, t->attempt.id, t->end->attempt, t->end->exit_code, now);
	if (!error && plan->end_execution) {
		error = transaction_judge(t, record_execution_end(txn, plan->who, t->end->execution, now, &t->error));
		t->refused = t->refused || error == -ENOENT;
	}
	return error;
}

static int write_transaction(struct txn *txn, void *context)
{
	struct transaction *t = context;
	int error = 0;

	transaction_enter(t);
	if (!t->g->begun)
		error = write_begin(txn, t);
	if (!error && t->batch)
		error = write_batch(txn, t);
	if (!error && t->batch && t->end)
		error = write_end(txn, t);
	return error;
}

static int ask(struct txn *txn, void *context)
{
	struct transaction *t = context;
	int error;

	transaction_enter(t);
	error = transaction_judge(t, record_attempt_check(txn, t->g->plan->who, &t->number, &t->error));
	return error ? error : JUST_ASKING;
}

/** What can be done about it, where that is not said by the error itself. */
static const char *advice(int error)
{
	static const struct {
		int error;
		const char *text;
	} rows[] = {
		{-ENOSPC, ": make room there"},
		{-EDQUOT, ": make room there"},
		{-EACCES, ": see who may write it, or choose another with --store"},
		{-EPERM, ": see who may write it, or choose another with --store"},
		{-EROFS, ": choose another with --store"},
		{-EUCLEAN, ": look at it with kestrafs-store check"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].error == error)
			return rows[i].text;
	}
	return "";
}

/** Notes how a call of the store went; one without a text of its own gets the system's. */
static int recording_note(struct recording *g, const struct transaction *t, int error)
{
	autobuf struct buf dir = BUF_INIT;

	g->refused = error && t->refused;
	g->final = g->refused || error == -ESHUTDOWN;
	if (!error)
		return 0;
	g->error = t->error;
	if (g->error.text[0] == '\0') {
		text_add_escaped(&dir, bytes_of(g->plan->dir), SIZE_MAX);
		error_set(&g->error, error, "the store %s: %s%s", buf_text(&dir), strerror(-error), advice(error));
	}
	return error;
}

static int recording_update(struct recording *g, enum durability durability, int (*function)(struct txn *, void *), struct transaction *t)
{
	int error = store_update(g->store, durability, function, t);

	if (error == JUST_ASKING)
		error = 0;
	if (!error)
		g->number = t->number;
	return recording_note(g, t, error);
}

/** The first transaction of an eager plan. One that ends nothing later is whole with it, and so on disk. */
static int recording_begin(struct recording *g)
{
	bool whole = !g->plan->attempt && !g->plan->end_execution;
	struct transaction t = {.g = g};
	int error = recording_update(g, whole ? STORE_SYNC : STORE_SOON, write_transaction, &t);

	if (error)
		return error;
	g->attempt = t.attempt;
	g->begun = true;
	return 0;
}

/** To end an execution is no reason to make a store. */
static int recording_refuse_unknown(struct recording *g)
{
	struct bytes id = g->plan->who->execution;

	g->refused = true;
	return error_set(&g->error, -ENOENT, "execution %.*s is unknown: there is no store %s yet", (int)id.len, id.data, g->plan->dir);
}

int recording_open(struct recording *g)
{
	bool begins = g->plan->begin_execution || g->plan->attempt;
	struct transaction question = {.g = g};
	int error;

	g->began = clock_now();
	g->final = true; /* a store that could not be opened stays closed: see store.h */
	if (!g->plan->dir)
		return error_set(&g->error, -ENOENT, "%s", g->plan->no_dir);
	if (!begins && !store_exists(g->plan->dir))
		return recording_refuse_unknown(g);
	error = store_open(g->plan->dir, STORE_CREATE, &g->store, &g->error);
	if (error)
		return error;
	g->final = false;
	if (!begins)
		return 0;
	return g->plan->eager ? recording_begin(g) : recording_update(g, STORE_SOON, ask, &question);
}

/**
 * Whether the data file stands where it stood. One that was deleted under us takes commits as if nothing had happened, and nobody will
 * ever see them.
 */
static bool recording_stands(const struct recording *g)
{
	autobuf struct buf path = BUF_INIT;
	uint64_t device;
	uint64_t inode;
	struct stat file;

	buf_add_format(&path, "%s/%s", g->plan->dir, STORE_DATA);
	store_identity(g->store, &device, &inode);
	if (!buf_text(&path) || stat(path.data, &file) < 0)
		return false;
	return file.st_dev == device && file.st_ino == inode;
}

static int recording_check(struct recording *g)
{
	autobuf struct buf dir = BUF_INIT;

	if (recording_stands(g))
		return 0;
	g->final = true;
	text_add_escaped(&dir, bytes_of(g->plan->dir), SIZE_MAX);
	return error_set(&g->error, -ENOENT, "the store %s was deleted or replaced meanwhile", buf_text(&dir));
}

static int change_nothing(struct txn *txn, void *context)
{
	(void)txn;
	(void)context;
	return 0;
}

int recording_commit(struct recording *g, const struct queue *batch, enum durability durability, bool *ret_ended)
{
	struct transaction t = {.g = g, .batch = batch};
	int error = recording_update(g, durability, write_transaction, &t);

	*ret_ended = !error && t.end;
	if (error)
		return error;
	g->attempt = t.attempt;
	g->begun = true;
	/* the end came while the store's lock was waited for: a commit that changes nothing brings the last one to disk */
	if (*ret_ended && durability == STORE_SOON)
		error = recording_update(g, STORE_SYNC, change_nothing, &t);
	return *ret_ended && !error ? recording_check(g) : error;
}

void recording_close(struct recording *g)
{
	store_close(g->store);
	g->store = NULL;
}
