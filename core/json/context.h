/*
 * What other programs say about the run in JSON: the execution context that newer Kestra writes, and the list of values that a helper
 * hands to the helpers inside it. Read with jansson: nothing of it is kept digit for digit.
 */
#pragma once

#include "core/base/buf.h"

#include <stdbool.h>

enum context_part {
	CONTEXT_NAMESPACE, /* flow.namespace */
	CONTEXT_FLOW,	   /* flow.id */
	CONTEXT_EXECUTION, /* execution.id */
	CONTEXT_TASK,	   /* task.id */
	CONTEXT_TASKRUN,   /* taskrun.id */
	CONTEXT_VALUE,	   /* taskrun.value */
	CONTEXT_PARTS,
};

struct context {
	struct buf parts[CONTEXT_PARTS]; /* UTF-8, may hold NUL; empty where the context does not say */
};

/** A larger context is none. */
#define CONTEXT_SIZE_MOST ((size_t)64 << 20)

/** Reads the JSON text of a context into `c` (overwritten; to be finished in any case). 0; -EINVAL: not a JSON object; -ENOMEM. */
int context_read(struct context *c, struct bytes json);

/** The same from its base64 (RFC 4648; line ends and missing padding are tolerated). */
int context_read_base64(struct context *c, struct bytes base64);

/** The same from a file; also -ENOENT and what else the system says, -EFBIG. */
int context_read_file(struct context *c, const char *path);

void context_finish(struct context *c);

/**
 * Reads a JSON array of strings. Each is appended to `ret_texts` and its length, a size_t, to `ret_lengths`. 0; -EINVAL: it is something
 * else; -ENOMEM.
 */
int context_read_list(struct bytes json, struct buf *ret_texts, struct buf *ret_lengths);
