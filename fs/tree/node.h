/*
 * The numbers of nodes. A number says everything about its node, so that no table is kept and a number means the same
 * after a restart:
 *
 *     0 kkkkkkk n xxxxxxxxxxxxxxxxxxxxx eeee…    7 bits kind, 21 bits detail, 34 bits event
 *     1 n oooooooooooooooooooooooooooo  eeee…    28 bits place in an output's value, 34 bits the event that set it
 *
 * The event is what the node stands for (of a folder: what began it; of an output: what set it) or, of a document, its
 * version: the last event that changed it. From the event follows the execution, the run and the name; the detail says
 * what the event cannot: which of the folders above it, which of several growing files. The bit n tells a folder below
 * `attempts/<n>` from the same one below the run's own: the kernel knows a folder by one path only. The number 1 is the
 * root's: kind 0, event 1.
 */
#pragma once

#include "core/store/store.h"
#include "fs/tree/tree.h"

enum node_kind {
	KIND_ROOT,
	/* folders */
	KIND_EXECUTIONS,   /* /exec */
	KIND_EXECUTION,	   /* event: its first */
	KIND_GROUP,	   /* a folder of runs that is no run's own. event: the attempt that made it; detail: depth */
	KIND_RUN,	   /* a run's own folder. event: its attempt; detail: 1 if there are runs below it */
	KIND_RUNS,	   /* `runs`. event, detail: as of KIND_GROUP */
	KIND_ATTEMPTS,	   /* `attempts`. event: the latest attempt */
	KIND_ATTEMPT,	   /* `attempts/<n>`. event: the attempt */
	KIND_OUTPUTS,	   /* `outputs`. event: the attempt */
	KIND_METRICS,	   /* `metrics`. event, detail: the scope's */
	KIND_TAGS,	   /* `metrics/tags`. event, detail: the scope's */
	KIND_TAG,	   /* `tags/<tag>`. event: the scope's first point with that tag; detail: point_detail */
	KIND_TAGGED,	   /* `tags/<tag>/<value>`. the same of the tag with that value */
	KIND_FLOWS,	   /* /flow */
	KIND_NAMESPACE,	   /* event, detail: the scope's */
	KIND_FLOW,	   /* event: its first execution */
	KIND_MEMBERS,	   /* a flow's `exec`. event: the flow */
	KIND_BY_TIME,	   /* `by-time`. event, detail: the scope's */
	KIND_HISTORIES,	   /* a flow's `outputs`. event: the flow */
	KIND_HISTORY_TASK, /* `outputs/<task>`. event: the task's first output in the flow */
	/* links. event: the execution it points to; detail: how many folders up the root is */
	KIND_LINK,
	/* documents. event: the version */
	KIND_README,
	KIND_EXECUTION_JSON,
	KIND_EXECUTION_STATE,
	KIND_EXECUTION_OUTPUTS,
	KIND_GROUP_STATE,   /* detail: depth */
	KIND_GROUP_OUTPUTS, /* detail: depth */
	KIND_ATTEMPT_STATE,
	KIND_ATTEMPT_OUTPUTS,
	KIND_TASKRUN,  /* detail: number of the attempt */
	KIND_SUMMARY,  /* metrics.json. detail: the scope's code */
	KIND_SERIES,   /* metrics/<name>.<format>. detail: point_detail */
	KIND_HISTORY,  /* flow/…/outputs/<task>/<name>.<format>. detail: history_detail */
	KIND_REPORT,   /* report.html */
	KIND_OVERVIEW, /* kestrafs.prom. detail: store_size_pack */
	/* files that grow: event: whose; detail: 0 if it can grow no more, else a number of its own for each lookup */
	KIND_LOG,
	KIND_WARNINGS,
	KIND_EXECUTION_WARNINGS,
	/* a file or folder of an output's value; a number of the second form */
	KIND_VALUE,
	KINDS,
};

/*
 * A helper was lost and the store cannot be written, so its end is no event: documents that show states say KILLED all
 * the same. This bit of the detail marks them; above the kind's own bits (depth, number of the attempt) it is followed
 * by how many are lost, since no version tells two such documents apart.
 */
#define NODE_LOST (UINT32_C(1) << 20)
#define NODE_LOST_COUNT_SHIFT 7
#define NODE_LOST_COUNT_MOST ((UINT32_C(1) << 13) - 1)

/*
 * What a version of a series leaves open: the scope's code (8 bits), the format (3 bits), and which of the tags of the
 * point (of what was SHRUNK: 1) it is about, from 1, 0: about all points (10 bits).
 */
#define DETAIL_TAG_MOST ((UINT32_C(1) << 10) - 1)

static inline uint32_t point_detail(unsigned code, unsigned format, unsigned tag)
{
	return code | format << 8 | tag << 11;
}

static inline unsigned detail_code(uint32_t detail)
{
	return detail & 255;
}

static inline unsigned detail_format(uint32_t detail)
{
	return detail >> 8 & 7;
}

static inline unsigned detail_tag(uint32_t detail)
{
	return detail >> 11;
}

/* Of a history: the format (3 bits) and struct history's last_place (18 bits). */
#define DETAIL_PLACE_MOST ((UINT32_C(1) << 18) - 1)

static inline uint32_t history_detail(unsigned format, uint32_t place)
{
	return format | place << 3;
}

#define NODE_DETAIL_MOST ((UINT32_C(1) << 21) - 1)
#define NODE_PLACE_MOST ((UINT32_C(1) << 28) - 1)

struct node {
	enum node_kind kind;
	uint32_t detail; /* of KIND_VALUE: the place, in bytes from the start of the value */
	event_t event;
	bool numbered; /* a folder below `attempts/<n>` */
};

static inline struct node node_make(enum node_kind kind, uint32_t detail, event_t event)
{
	return (struct node){kind, detail, event, false};
}

#define NODE_EVENT_BITS 34
#define NODE_NUMBERED_FOLDER ((node_t)1 << 55)
#define NODE_NUMBERED_VALUE ((node_t)1 << 62)

static inline node_t node_pack(struct node n)
{
	if (n.kind == KIND_VALUE)
		return (node_t)1 << 63 | (n.numbered ? NODE_NUMBERED_VALUE : 0) | (node_t)n.detail << NODE_EVENT_BITS | n.event;
	if (n.kind == KIND_ROOT)
		return NODE_ROOT;
	return (node_t)n.kind << 56 | (n.numbered ? NODE_NUMBERED_FOLDER : 0) | (node_t)n.detail << NODE_EVENT_BITS | n.event;
}

/** False where the number is none that node_pack makes. */
static inline bool node_unpack(node_t number, struct node *ret)
{
	event_t event = number & EVENT_MAX;

	if (number >> 63) {
		*ret = node_make(KIND_VALUE, (uint32_t)(number >> NODE_EVENT_BITS) & NODE_PLACE_MOST, event);
		ret->numbered = number & NODE_NUMBERED_VALUE;
		return true;
	}
	*ret = node_make((enum node_kind)(number >> 56), (uint32_t)(number >> NODE_EVENT_BITS) & NODE_DETAIL_MOST, event);
	ret->numbered = number & NODE_NUMBERED_FOLDER;
	return number != 0 && ret->kind < KIND_VALUE;
}
