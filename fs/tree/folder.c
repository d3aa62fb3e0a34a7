#include "fs/tree/folder.h"

#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static int stale(struct txn *txn)
{
	return txn_error(txn) ? txn_error(txn) : -ESTALE;
}

static int open_nothing(struct folder *f)
{
	f->scope = scope_of(SCOPE_ROOT, 0);
	return 0;
}

static int open_execution(struct folder *f)
{
	f->execution = f->node.event;
	f->scope = scope_of(SCOPE_EXECUTION, f->node.event);
	return 0;
}

/* A group is made by an attempt, which tells the execution. */
static int open_group(struct folder *f)
{
	struct attempt_record maker;
	struct group g;

	f->scope = scope_group(f->node.event, f->node.detail);
	if (!group_get(f->txn, f->scope, &g) || !attempt_get(f->txn, f->node.event, &maker))
		return stale(f->txn);
	f->execution = maker.execution;
	return 0;
}

static int open_attempt(struct folder *f)
{
	f->attempt = f->node.event;
	if (!attempt_get(f->txn, f->attempt, &f->record))
		return stale(f->txn);
	f->execution = f->record.execution;
	f->scope = scope_of(SCOPE_ATTEMPT, f->attempt);
	return 0;
}

static int open_run(struct folder *f)
{
	int r = open_attempt(f);

	f->scope = scope_group(f->record.group_event, f->record.depth);
	return r;
}

static int open_metrics(struct folder *f)
{
	unsigned code = f->node.detail;

	if (code == SCOPE_ROOT)
		return open_nothing(f);
	if (code == SCOPE_EXECUTION)
		return open_execution(f);
	if (code == SCOPE_ATTEMPT)
		return open_attempt(f);
	if (code < SCOPE_GROUP)
		return -ESTALE;
	f->node.detail = code - SCOPE_GROUP;
	return open_group(f);
}

/* An output's value: a folder if it is an object. */
static int open_value(struct folder *f)
{
	struct event event;
	int r = value_from_node(f->txn, f->node, &f->value);

	if (r < 0)
		return r;
	if (value_type(f->value) != NODE_FOLDER)
		return -ENOTDIR;
	if (!log_read(f->txn, f->node.event, &event) || !attempt_get(f->txn, event.about, &f->record))
		return stale(f->txn);
	f->attempt = event.about;
	f->execution = f->record.execution;
	return 0;
}

static int (*const openers[KINDS])(struct folder *f) = {
	[KIND_ROOT] = open_nothing,    [KIND_EXECUTIONS] = open_nothing, [KIND_EXECUTION] = open_execution, [KIND_GROUP] = open_group,
	[KIND_RUN] = open_run,	       [KIND_RUNS] = open_group,	 [KIND_ATTEMPTS] = open_attempt,    [KIND_ATTEMPT] = open_attempt,
	[KIND_OUTPUTS] = open_attempt, [KIND_METRICS] = open_metrics,	 [KIND_VALUE] = open_value,
};

int folder_open(struct folder *f)
{
	struct execution e;
	int r;

	if (!openers[f->node.kind])
		return -ENOTDIR;
	r = openers[f->node.kind](f);
	if (r < 0 || !f->execution)
		return r;
	if (!execution_get(f->txn, f->execution, &e))
		return stale(f->txn);
	f->closed = e.closed;
	return 0;
}

void folder_mark_child(const struct folder *f, struct child *child)
{
	child->node.numbered = child->type == NODE_FOLDER && (f->node.numbered || f->node.kind == KIND_ATTEMPT);
}

bool folder_ended(const struct folder *f)
{
	return f->attempt && f->record.end;
}

bool folder_final(const struct folder *f)
{
	return f->closed && folder_ended(f);
}
