/*
 * The transactions of one recording: its beginning, batches of what was printed, its end. No threads here: the recorder calls these from
 * its own.
 */
#pragma once

#include "core/capture/queue.h"
#include "core/capture/recorder.h"

struct recording {
	const struct recorder_plan *plan;
	struct store *store; /* NULL until it is open */
	usec_t began;	     /* by the wall clock */
	bool begun;	     /* what the plan begins is committed */
	unsigned number;     /* of the attempt, as far as is known; 0: not known */
	struct attempt attempt;
	struct error error; /* of the last call that failed */
	bool refused;	    /* that call was the caller's mistake */
	bool final;	    /* no later call can do better */
	uint64_t steps;	    /* records applied, in this commit or one before: grows while one is at work. Atomic: others look at it */

	/**
	 * Called whenever the store's lock has been got, which may have taken its time: the last moment to say what is to be recorded. It
	 * may add to the batch that is being committed, and returns the end if that is all there will be, else NULL. May be called again
	 * in the same commit.
	 */
	const struct recorder_end *(*entered)(void *context);
	void *context;
};

/**
 * Opens the store and asks whether the plan may begin, or begins it if it is eager. 0, or a negative errno with `error`, `refused` and
 * `final` set.
 */
int recording_open(struct recording *g);

/**
 * One transaction: the beginning if it is not committed yet, then `batch`, then the end if `entered` said so: *ret_ended, and then all of
 * the recording is on disk whatever the durability. 0 or a negative errno as above: then nothing of it was committed and all of it can be
 * tried again.
 */
int recording_commit(struct recording *g, const struct queue *batch, enum durability durability, bool *ret_ended);

void recording_close(struct recording *g);
