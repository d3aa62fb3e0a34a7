#include "fs/document/document.h"

#include <errno.h>

static const struct {
	int (*render)(struct document *d, struct sink *sink);
	int (*size)(struct document *d, uint64_t *ret_size); /* NULL: by rendering */
} documents[KINDS] = {
	[KIND_README] = {render_readme, NULL},
	[KIND_EXECUTION_JSON] = {render_execution_json, NULL},
	[KIND_EXECUTION_STATE] = {render_execution_state, NULL},
	[KIND_EXECUTION_OUTPUTS] = {render_execution_outputs, NULL},
	[KIND_GROUP_STATE] = {render_group_state, NULL},
	[KIND_GROUP_OUTPUTS] = {render_group_outputs, NULL},
	[KIND_ATTEMPT_STATE] = {render_attempt_state, NULL},
	[KIND_ATTEMPT_OUTPUTS] = {render_attempt_outputs, NULL},
	[KIND_TASKRUN] = {render_taskrun, NULL},
	[KIND_SUMMARY] = {render_summary, NULL},
	[KIND_SERIES] = {render_series, size_series},
	[KIND_LOG] = {render_lines, size_lines},
	[KIND_WARNINGS] = {render_lines, size_lines},
	[KIND_EXECUTION_WARNINGS] = {render_lines, size_lines},
	[KIND_VALUE] = {render_value, NULL},
};

bool document_shows_lost(struct node node)
{
	return node.kind != KIND_VALUE && node.kind != KIND_LOG && node.kind != KIND_WARNINGS && node.kind != KIND_EXECUTION_WARNINGS &&
	       (node.detail & NODE_LOST);
}

uint32_t document_detail(struct node node)
{
	if (!document_shows_lost(node))
		return node.detail;
	if (node.kind == KIND_TASKRUN)
		return node.detail & ~NODE_LOST;
	return node.detail & ((1u << NODE_LOST_COUNT_SHIFT) - 1);
}

bool document_is(enum node_kind kind)
{
	return kind < KINDS && documents[kind].render;
}

int document_render(struct document *d, struct sink *sink)
{
	int r = documents[d->node.kind].render(d, sink);

	return r < 0 ? r : txn_error(d->txn);
}

int document_size(struct document *d, uint64_t *ret_size)
{
	struct sink sink = sink_counting();
	int r;

	if (documents[d->node.kind].size)
		return documents[d->node.kind].size(d, ret_size);
	r = document_render(d, &sink);
	*ret_size = sink.at;
	return r;
}
