/*
 * Who this run is: options first, then the KESTRA_* variables, then the execution context that newer Kestra writes (docs/capture.md, "Who
 * is this run?"). An option hides what was inherited below it: --task that another task's run and value are not mistaken for this one's.
 */
#pragma once

#include "core/base/ids.h"
#include "core/capture/options.h"
#include "core/json/context.h"

#define VARIABLE_NAMESPACE "KESTRA_NAMESPACE"
#define VARIABLE_FLOW "KESTRA_FLOW_ID"
#define VARIABLE_EXECUTION "KESTRA_EXECUTION_ID"
#define VARIABLE_TASK "KESTRA_TASK_ID"
#define VARIABLE_TASKRUN "KESTRA_TASKRUN_ID"
#define VARIABLE_VALUE "KESTRA_TASKRUN_VALUE"

/**
 * Set by a helper for the helpers inside it: all values as a JSON array, `[]` where there are none. KESTRA_TASKRUN_VALUE holds only one,
 * and cannot say that it is empty. Where it is set the variables above are the whole identity, and no context is asked.
 */
#define VARIABLE_VALUES "KESTRAFS_TASKRUN_VALUES"

struct run_identity {
	struct identity who; /* points into the rest, into the options, and into the environment */
	struct context context;
	struct buf texts;	      /* of inherited values */
	struct bytes *list;	      /* of inherited values */
	struct bytes one;	      /* the same, of a single one */
	char fresh[ID_FRESH_LEN + 1]; /* an execution's new id */
};

/**
 * Finds and checks the identity that the options' mode needs. 0; or -EINVAL, and one line per thing that is missing or ungrammatical in
 * `ret_wrong`, each with its newline; or -ENOMEM. `ret` is to be finished in any case, and must not be moved.
 */
int identity_find(const struct options *o, struct run_identity *ret, struct buf *ret_wrong);
void identity_finish(struct run_identity *r);
