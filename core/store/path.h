/*
 * Where a run's folder is: the task, then one component per value (`runs/<outer>/runs/<inner>`). A run whose values
 * were another run's before (a twin) bears the hash of its task run id behind its last component; without values it is
 * a component of its own, the hash alone.
 */
#pragma once

#include "core/store/event.h"

struct run_path {
	struct bytes task;
	struct bytes values[VALUES_MOST];
	unsigned n_values;
	struct bytes twin; /* the task run id of a twin, else empty */
};

/** Of an attempt's event; of an identity. `twin` as in struct run_path. */
void run_path_of_event(const struct event *attempt, struct run_path *ret);
void run_path_of_identity(const struct identity *who, struct bytes twin, struct run_path *ret);

/** Depth of the run's own folder: the task's is 0. */
unsigned run_path_depth(const struct run_path *path);

/** Appends the entry of the component at `depth` in the folder above it. */
void run_path_entry(const struct run_path *path, unsigned depth, struct buf *ret);

/** Appends what stands for that component as a key in documents: the value as it is (but for one that looks like a twin's: its `%` as `%25`), and a twin's hash. */
void run_path_key(const struct run_path *path, unsigned depth, struct buf *ret);

/** The entries of an execution's folder that are no tasks; a task called so is encoded. */
extern const char *const run_path_fixed[];
