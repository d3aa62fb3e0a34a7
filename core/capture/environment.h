/* The environment that COMMAND gets: ours, and who the run is, so that a helper inside inherits it. */
#pragma once

#include "core/base/buf.h"
#include "core/store/record.h"

/** The chain of helpers around this one that pass output on, `device:inode:stdout,stderr` of each, `;` between (nested.h). */
#define VARIABLE_OUTER "KESTRAFS_CAPTURE"

struct environment {
	struct buf text;    /* NAME=VALUE, each with its NUL */
	struct buf offsets; /* size_t: where each begins in `text` */
	struct buf dropped; /* const char *: names that are left out of ours */
	char **list;	    /* what is handed to COMMAND; NULL until environment_build */
};

/** NAME=VALUE in place of what NAME was; a value that holds NUL, or NULL data, leaves NAME out. */
void environment_set(struct environment *env, const char *name, struct bytes value);

/** The run under the names that identity.h reads. */
void environment_set_identity(struct environment *env, const struct identity *who);

/** Makes env->list, which points into `env` and into our own environment. 0 or -ENOMEM. */
int environment_build(struct environment *env);
void environment_finish(struct environment *env);
