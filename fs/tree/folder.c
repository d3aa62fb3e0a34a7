#include "fs/tree/folder.h"

#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static int stale(struct txn *txn)
{
	return txn_error(txn) ? txn_error(txn) : -ESTALE;
}

/* The root, and what speaks of all that it shows. */
static int open_root(struct folder *f)
{
	f->scope = f->root;
	return 0;
}

static int in_execution(struct folder *f, event_t execution)
{
	f->execution = execution;
	f->scope = scope_of(SCOPE_EXECUTION, execution);
	return 0;
}

/* A group is made by an attempt, which tells the execution. */
static int in_group(struct folder *f, struct scope group)
{
	struct attempt_record maker;
	struct group g;

	f->scope = group;
	if (!group_get(f->txn, group, &g) || !attempt_get(f->txn, group.event, &maker))
		return stale(f->txn);
	f->execution = maker.execution;
	return 0;
}

static int in_attempt(struct folder *f, event_t attempt)
{
	f->attempt = attempt;
	if (!attempt_get(f->txn, attempt, &f->record))
		return stale(f->txn);
	f->execution = f->record.execution;
	f->scope = scope_of(SCOPE_ATTEMPT, attempt);
	return 0;
}

static int in_scope(struct folder *f, struct scope scope)
{
	if (scope_is_group(scope))
		return in_group(f, scope);
	if (scope.code == SCOPE_EXECUTION)
		return in_execution(f, scope.event);
	if (scope.code == SCOPE_ATTEMPT)
		return in_attempt(f, scope.event);
	f->scope = scope;
	return scope_is_collection(scope) ? 0 : -ESTALE;
}

/* Nodes whose event and detail are a scope's. */
static int open_scope(struct folder *f)
{
	return in_scope(f, scope_of(f->node.detail, f->node.event));
}

static int open_flow(struct folder *f)
{
	return in_scope(f, scope_of(SCOPE_FLOW, f->node.event));
}

static int open_execution(struct folder *f)
{
	return in_execution(f, f->node.event);
}

static int open_group(struct folder *f)
{
	return in_group(f, scope_group(f->node.event, f->node.detail));
}

static int open_attempt(struct folder *f)
{
	return in_attempt(f, f->node.event);
}

static int open_run(struct folder *f)
{
	int r = open_attempt(f);

	f->scope = scope_group(f->record.group_event, f->record.depth);
	return r;
}

/* Nodes whose event is one in the scope: an output tells its flow, a point its scope. */
static int open_by_event(struct folder *f, unsigned code)
{
	struct scope scope;
	int r = version_scope(f->txn, code, f->node.event, &scope);

	return r < 0 ? r : in_scope(f, scope);
}

static int open_history_task(struct folder *f)
{
	return open_by_event(f, SCOPE_FLOW);
}

static int open_tagged(struct folder *f)
{
	return open_by_event(f, detail_code(f->node.detail));
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
	[KIND_ROOT] = open_root,
	[KIND_EXECUTIONS] = open_root,
	[KIND_EXECUTION] = open_execution,
	[KIND_GROUP] = open_group,
	[KIND_RUN] = open_run,
	[KIND_RUNS] = open_group,
	[KIND_ATTEMPTS] = open_attempt,
	[KIND_ATTEMPT] = open_attempt,
	[KIND_OUTPUTS] = open_attempt,
	[KIND_METRICS] = open_scope,
	[KIND_TAGS] = open_scope,
	[KIND_TAG] = open_tagged,
	[KIND_TAGGED] = open_tagged,
	[KIND_FLOWS] = open_root,
	[KIND_NAMESPACE] = open_scope,
	[KIND_FLOW] = open_flow,
	[KIND_MEMBERS] = open_flow,
	[KIND_BY_TIME] = open_scope,
	[KIND_HISTORIES] = open_flow,
	[KIND_HISTORY_TASK] = open_history_task,
	[KIND_VALUE] = open_value,
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
