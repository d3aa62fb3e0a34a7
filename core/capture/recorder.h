/*
 * The recorder: a thread that owns the store entirely. LMDB's lock on writing has no time-out and a disk can stall, so whoever passes a
 * command's output on never touches the store: it leaves copies in a bounded queue, and the recorder commits them, at least every 50 ms.
 *
 * Trouble with the store is never the job's: it is told once, through `trouble`, and the recorder goes on trying as long as the job runs.
 * What the queue cannot hold meanwhile is dropped and counted. Only three answers of the store are the caller's mistake and are said as
 * "refused" (docs/capture.md).
 */
#pragma once

#include "core/base/message.h"
#include "core/store/record.h"

#include <stdbool.h>

/** How long a store may leave a call unanswered. */
#define RECORDER_PATIENCE (5 * USEC_PER_SEC)

struct recorder;

struct recorder_plan {
	const char *dir; /* NULL: nobody knows where the store is; `no_dir` says why */
	const char *no_dir;
	const struct identity *who;
	bool begin_execution;
	bool attempt;
	bool end_execution;
	bool eager; /* what begins is committed before recorder_start returns */
	/** One line of text, at most once in the recorder's life, from any thread: what is wrong with the store. */
	void (*trouble)(void *context, const char *text);
	/** This is a second or later attempt of its run; at most once, from any thread. */
	void (*again)(void *context, unsigned number);
	void *context;
};

enum recorder_answer {
	RECORDER_DONE,
	RECORDER_TROUBLE, /* the store's: told through the plan */
	RECORDER_REFUSED, /* the caller's: recorder_error */
};

/**
 * Opens the store and asks it whether what is planned may be (and commits the beginning, if the plan is eager). Waits 5 s at most. The
 * plan and what it points to must live as long as the recorder. *ret is NULL only on RECORDER_TROUBLE for want of memory.
 */
enum recorder_answer recorder_start(const struct recorder_plan *plan, struct recorder **ret);

/** Why it was refused, for a person. */
const char *recorder_error(const struct recorder *r);

/** Of the store, if it is open: see store_identity. */
bool recorder_store(struct recorder *r, uint64_t *ret_device, uint64_t *ret_inode);

/**
 * Any thread. Copies; waits only while the queue is full, and no longer than the store has not answered for 5 s. The time of receipt is
 * now.
 */
void recorder_message(struct recorder *r, const struct message *message);
void recorder_warning(struct recorder *r, struct bytes text);

/**
 * Between the two the recorder is in no transaction: so a helper that is stopped holds no lock that others wait for. pause waits 1 s at
 * most.
 */
void recorder_pause(struct recorder *r);
void recorder_resume(struct recorder *r);

struct recorder_end {
	enum state attempt;
	int exit_code;
	enum state execution; /* STATE_NONE: the worst of its runs' */
};

/** Records all that is left and the end, on disk when this returns RECORDER_DONE. Gives up on a store that does not answer for 5 s. */
enum recorder_answer recorder_finish(struct recorder *r, const struct recorder_end *end);

/** How many messages were lost on the way. */
size_t recorder_lost(struct recorder *r);

/**
 * Closes the store. False: the thread hangs in it, or was cut off, and all it points to has to be left as it is: the process must _exit.
 * Accepts NULL.
 */
bool recorder_free(struct recorder *r);
