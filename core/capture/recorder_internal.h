/* The recorder's state, which its thread (recorder_thread.c) and its callers (recorder.c) share under one lock. */
#pragma once

#include "core/capture/recorder.h"
#include "core/capture/recording.h"

#include <pthread.h>

/* A batch should take about as long as messages wait; its size follows how fast the store was. In bytes of the queue. */
#define BATCH_FIRST ((size_t)1 << 20)

struct recorder {
	struct recording recording; /* the thread's alone until it is done */
	const struct recorder_plan *plan;
	pthread_t thread;
	usec_t entered; /* when the store's lock was got last; the thread's alone */

	pthread_mutex_t lock;
	pthread_cond_t work;   /* for the thread: there is something to record, or the end has come */
	pthread_cond_t answer; /* for everybody else: something of the below has changed */
	struct queue queue;
	struct queue batch; /* taken from the queue, being committed or to be tried again */
	size_t batch_most;  /* bytes */
	usec_t oldest;	    /* when the first record of the queue came */
	usec_t begin_by;    /* when the beginning is to be committed at the latest */
	usec_t busy_since;  /* the store has been asked and has not answered since then; 0: it has */
	uint64_t seen;	    /* recording.steps, when somebody looked last */
	usec_t failed_at;   /* the last commit failed then; 0: it did not */
	bool started;
	bool paused;
	bool ending;
	bool done;    /* the thread touches nothing any more */
	bool cut_off; /* by a SIGBUS: what the store held is lost to us */
	bool told;    /* plan->trouble was called */
	bool again;   /* plan->again was called */
	bool partly;  /* something has been committed */
	size_t lost;  /* messages */
	enum recorder_answer result;
	uint64_t device;
	uint64_t inode;
	struct recorder_end end;
};

usec_t monotonic_now(void);

/** Waits until `time` of the monotonic clock at most. */
void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, usec_t time);

/** Both are called with the lock held, and let go of it while the plan's owner is told. `why` ends the line; the callee tells once. */
void recorder_tell(struct recorder *r, const char *why);
void recorder_tell_again(struct recorder *r);

/** struct recording's `entered`: the context is the recorder. */
const struct recorder_end *recorder_entered(void *context);

/** The thread's function; its context is the recorder. */
void *recorder_run(void *context);
