#include "fs/document/document.h"

#include "fs/document/format.h"

#include <errno.h>

static const struct contents documents[KINDS] = {
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
	[KIND_REPORT] = {render_report, size_report},
	[KIND_OVERVIEW] = {render_overview, NULL},
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
	return kind == KIND_SERIES || kind == KIND_HISTORY || (kind < KINDS && documents[kind].render);
}

/* Points and histories are shown in several formats. */
static const struct contents *contents_of(struct node node)
{
	static const struct contents none;
	const struct format *format = node.kind == KIND_HISTORY ? format_at(node.detail & 7) : format_at(detail_format(node.detail));

	if (node.kind != KIND_SERIES && node.kind != KIND_HISTORY)
		return &documents[node.kind];
	if (!format)
		return &none;
	return node.kind == KIND_SERIES ? &format->points : &format->history;
}

int document_render(struct document *d, struct sink *sink)
{
	const struct contents *contents = contents_of(d->node);
	int r = contents->render ? contents->render(d, sink) : -ESTALE;

	return r < 0 ? r : txn_error(d->txn);
}

int document_size(struct document *d, uint64_t *ret_size)
{
	const struct contents *contents = contents_of(d->node);

	return contents->size ? contents->size(d, ret_size) : DOCUMENT_RENDER;
}

#define STORE_SIZE_UNIT 4096
#define STORE_SIZE_BITS 16

uint32_t store_size_pack(uint64_t bytes)
{
	uint64_t units = (bytes + STORE_SIZE_UNIT - 1) / STORE_SIZE_UNIT;
	uint32_t shift = 0;

	for (; units >> STORE_SIZE_BITS; shift++)
		units = (units + 1) / 2;
	return (uint32_t)units | shift << STORE_SIZE_BITS;
}

uint64_t store_size_unpack(uint32_t packed)
{
	return ((uint64_t)(packed & ((1u << STORE_SIZE_BITS) - 1)) << (packed >> STORE_SIZE_BITS)) * STORE_SIZE_UNIT;
}
