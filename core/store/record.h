/*
 * Recording: what a capture helper (and an import) does to a store. Each call appends events to the log and brings
 * every index up to date, inside the transaction of store_update; all of one update becomes visible at once. Errors
 * stick to the transaction: after the first one every further call returns it and nothing of the update is kept.
 */
#pragma once

#include "core/base/clock.h"
#include "core/protocol/message.h"
#include "core/store/store.h"

enum state { STATE_NONE, STATE_RUNNING, STATE_SUCCESS, STATE_WARNING, STATE_FAILED, STATE_KILLED, STATES };

/** RUNNING SUCCESS WARNING FAILED KILLED; "" for STATE_NONE. */
const char *state_name(enum state state);
/** STATE_NONE where the word is none of them. */
enum state state_of_name(struct bytes word);

struct label {
	struct bytes key;
	struct bytes value;
};

/** Whose outputs and metrics these are. Ids are grammatical (core/base/ids.h), values and labels valid UTF-8: the caller has checked. */
struct identity {
	struct bytes namespace;
	struct bytes flow;
	struct bytes execution;
	struct bytes task;
	struct bytes taskrun;	    /* empty: that of the run with these values, or a fresh one */
	const struct bytes *values; /* outermost first */
	size_t n_values;
	const struct label *labels; /* of the execution: added to those it has, the later value of a key wins */
	size_t n_labels;
};

/** Nested loops deeper than this are refused: a node number of the mount has 7 bits for the depth. */
#define VALUES_MOST 100

/** Largest run value and label text, in bytes: they are part of every record and line that shows them. */
#define VALUE_LEN_MOST ((size_t)64 << 10)

struct attempt {
	event_t id;	   /* names the attempt in the calls below */
	unsigned number;   /* from 1 */
	char taskrun[151]; /* its task run's id, NUL-terminated */
};

/**
 * Starts an execution (`--begin`): it is RUNNING until it is ended. -EEXIST (with text in `e`): it is there already. Of
 * `who` the first three and the labels count.
 */
int record_execution_begin(struct txn *txn, const struct identity *who, usec_t now, struct error *e);

/**
 * Ends and closes an execution. `state` STATE_NONE: the worst of its runs' (SUCCESS where there are none). A second end
 * changes nothing unless it gives a state, which then replaces the first. -ENOENT: unknown. -EXDEV: of another flow, if
 * `who` names one (namespace not empty).
 */
int record_execution_end(struct txn *txn, const struct identity *who, enum state state, usec_t now, struct error *e);

/**
 * Begins an attempt of the run that `who` names: of a run that is there (the same execution, task and values; without
 * or with its task run id) the next one, else the first of a new run; the execution appears if it is new. The helper's
 * liveness lock (below) is taken before anybody can see the attempt.
 * -EXDEV: the execution belongs to another flow. -ESHUTDOWN: it is closed. Both with text in `e`.
 */
int record_attempt_begin(struct txn *txn, const struct identity *who, usec_t now, struct attempt *ret_attempt, struct error *e);

/** Whether record_attempt_begin would be refused, without changing anything; ret_number (may be NULL): which attempt it would be. */
int record_attempt_check(struct txn *txn, const struct identity *who, unsigned *ret_number, struct error *e);

/**
 * One accepted message, all of its parts; points without a timestamp of their own get `now`. -ESHUTDOWN: the attempt
 * has ended (it was taken for lost).
 */
int record_message(struct txn *txn, event_t attempt, const struct message *message, usec_t now);

/** One line of the run's `warnings` (no newline in it). */
int record_warning(struct txn *txn, event_t attempt, struct bytes text, usec_t now);

/** Ends an attempt for ever. `exit_code` is the helper's own exit status. */
int record_attempt_end(struct txn *txn, event_t attempt, enum state state, int exit_code, usec_t now);

/**
 * Liveness: a helper holds an open-file-description lock on the byte of its attempt in the store's file `alive`. The
 * store takes it in record_attempt_begin and drops it when the attempt's end is committed, or with the process. Whoever
 * notices a running attempt without it calls this: appends the end as KILLED of every such attempt of an execution.
 * *ret_ended (may be NULL) is how many.
 */
int record_lost(struct txn *txn, event_t execution, usec_t now, unsigned *ret_ended);
