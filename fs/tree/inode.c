/*
 * Inode numbers as stat shows them: the number that a node's first version would have, so that a file keeps its own
 * while what it shows changes. Programs that copy (`cp`, `tar`, `rsync`) compare it before and after they open a file.
 */
#include "core/store/history.h"
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/document/document.h"
#include "fs/tree/folder.h"

static node_t as(enum node_kind kind, uint32_t detail, event_t event)
{
	return node_pack(node_make(kind, detail, event));
}

/* A run's folder shows its latest attempt under another node each time, but stays the folder of its group. */
static uint64_t of_run(struct txn *txn, struct node n)
{
	struct attempt_record a;

	return attempt_get(txn, n.event, &a) ? as(KIND_GROUP, a.depth, a.group_event) : node_pack(n);
}

static uint64_t of_execution(struct txn *txn, struct node n)
{
	event_t execution;

	return version_execution(txn, n.event, &execution) == 0 ? as(n.kind, 0, execution) : node_pack(n);
}

static uint64_t of_group(struct txn *txn, struct node n)
{
	unsigned depth = document_detail(n);
	struct scope scope;

	return version_scope(txn, SCOPE_GROUP + depth, n.event, &scope) == 0 ? as(n.kind, depth, scope.event) : node_pack(n);
}

static uint64_t of_attempt(struct txn *txn, struct node n)
{
	event_t attempt;

	return version_attempt(txn, n.event, &attempt) == 0 ? as(n.kind, 0, attempt) : node_pack(n);
}

static uint64_t of_taskrun(struct txn *txn, struct node n)
{
	struct attempt_record a;
	event_t attempt;

	if (version_attempt(txn, n.event, &attempt) < 0 || !attempt_numbered(txn, attempt, document_detail(n), &attempt, &a))
		return node_pack(n);
	return as(n.kind, 0, attempt);
}

static uint64_t of_summary(struct txn *txn, struct node n)
{
	struct scope scope;

	return version_scope(txn, detail_code(n.detail), n.event, &scope) == 0 ? as(n.kind, n.detail, scope.event) : node_pack(n);
}

/* The tag's place is that in the first point with it. */
static uint64_t of_series(struct txn *txn, struct node n)
{
	struct document d = {.txn = txn, .node = n};
	unsigned code = detail_code(n.detail), format = detail_format(n.detail), place = 0;
	struct series_id id;
	struct event point;
	struct series s;
	event_t first;

	if (series_of_node(&d, &id, &s) < 0 || series_first(&d, &first) < 0 || !log_read(txn, first, &point))
		return node_pack(n);
	if (tag_is(&id.tag))
		place = tag_place(point.point.tags, &id.tag);
	return as(n.kind, point_detail(code, format, place), first);
}

static uint64_t of_history(struct txn *txn, struct node n)
{
	event_t history;

	return history_of_version(txn, n.event, n.detail >> 3, &history) ? as(n.kind, n.detail & 7, history) : node_pack(n);
}

static uint64_t of_overview(struct txn *txn, struct node n)
{
	(void)txn;
	return as(n.kind, 0, 0);
}

/* Each lookup of a growing file has a node of its own. */
static uint64_t of_lines(struct txn *txn, struct node n)
{
	(void)txn;
	return as(n.kind, 0, n.event);
}

static uint64_t (*const rules[KINDS])(struct txn *txn, struct node n) = {
	[KIND_RUN] = of_run,
	[KIND_EXECUTION_JSON] = of_execution,
	[KIND_EXECUTION_STATE] = of_execution,
	[KIND_EXECUTION_OUTPUTS] = of_execution,
	[KIND_GROUP_STATE] = of_group,
	[KIND_GROUP_OUTPUTS] = of_group,
	[KIND_ATTEMPT_STATE] = of_attempt,
	[KIND_ATTEMPT_OUTPUTS] = of_attempt,
	[KIND_TASKRUN] = of_taskrun,
	[KIND_SUMMARY] = of_summary,
	[KIND_SERIES] = of_series,
	[KIND_HISTORY] = of_history,
	[KIND_REPORT] = of_execution,
	[KIND_OVERVIEW] = of_overview,
	[KIND_LOG] = of_lines,
	[KIND_WARNINGS] = of_lines,
	[KIND_EXECUTION_WARNINGS] = of_lines,
};

uint64_t inode_of(struct txn *txn, struct node node)
{
	return rules[node.kind] ? rules[node.kind](txn, node) : node_pack(node);
}
