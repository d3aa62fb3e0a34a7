/* The thread that owns the store: when it commits, how much at once, and what it makes of a commit that failed. */
#include "core/base/text.h"
#include "core/capture/fault.h"
#include "core/capture/recorder_internal.h"

/* How long a message may wait for company, and a beginning for the first message. Both leave the commit itself a part of the 50 ms. */
#define MESSAGE_DELAY (20 * USEC_PER_SEC / 1000)
#define BEGIN_DELAY (35 * USEC_PER_SEC / 1000)

/* After a commit that failed. */
#define RETRY_DELAY USEC_PER_SEC

#define BATCH_LEAST ((size_t)128 << 10)
#define BATCH_MOST ((size_t)16 << 20)
#define BATCH_TIME (25 * USEC_PER_SEC / 1000)

const struct recorder_end *recorder_entered(void *context)
{
	struct recorder *r = context;
	bool last;

	pthread_mutex_lock(&r->lock);
	r->entered = monotonic_now();
	r->busy_since = r->entered;
	queue_take(&r->queue, r->batch_most, &r->batch);
	r->oldest = r->entered;
	last = r->ending && !r->queue.first;
	pthread_mutex_unlock(&r->lock);
	return last ? &r->end : NULL;
}

/** Nothing more will be recorded: what is left is lost. */
static void recorder_give_up(struct recorder *r)
{
	r->lost += r->queue.messages + r->batch.messages;
	queue_finish(&r->queue);
	queue_finish(&r->batch);
	r->result = r->recording.refused ? RECORDER_REFUSED : RECORDER_TROUBLE;
	r->done = true;
}

/**
 * What was refused is the caller's to say, if it is still waiting for that; what failed in another way may go better with the first
 * batch.
 */
static void recorder_opened(struct recorder *r, int error)
{
	if (error && (!r->recording.refused || r->started))
		recorder_tell(r, r->recording.error.text);
	if (error && r->recording.final)
		recorder_give_up(r);
	else if (error)
		r->failed_at = monotonic_now();
	else if (r->recording.begun)
		recorder_tell_again(r); /* else when it is: what cannot begin is no attempt */
}

static void recorder_open(struct recorder *r)
{
	int error;

	pthread_mutex_lock(&r->lock);
	r->busy_since = monotonic_now();
	pthread_mutex_unlock(&r->lock);
	error = recording_open(&r->recording);
	pthread_mutex_lock(&r->lock);
	r->busy_since = 0;
	r->partly = r->recording.begun;
	r->begin_by = monotonic_now() + BEGIN_DELAY;
	if (r->recording.store)
		store_identity(r->recording.store, &r->device, &r->inode);
	recorder_opened(r, error);
	r->started = true;
	pthread_cond_broadcast(&r->answer);
	pthread_mutex_unlock(&r->lock);
}

static usec_t earlier(usec_t a, usec_t b)
{
	return a < b ? a : b;
}

/** When the next commit is due, by the monotonic clock. */
static usec_t recorder_due(const struct recorder *r)
{
	bool begins = r->plan->begin_execution || r->plan->attempt;
	usec_t due = INT64_MAX;

	if (r->paused)
		return INT64_MAX;
	if (r->ending)
		return 0;
	if (r->failed_at)
		return r->failed_at + RETRY_DELAY;
	if (r->queue.bytes >= r->batch_most)
		return 0;
	if (r->queue.bytes)
		due = r->oldest + MESSAGE_DELAY;
	return begins && !r->recording.begun ? earlier(due, r->begin_by) : due;
}

static void recorder_await(struct recorder *r)
{
	for (;;) {
		usec_t due = recorder_due(r);

		if (due == INT64_MAX)
			pthread_cond_wait(&r->work, &r->lock);
		else if (due > monotonic_now())
			wait_until(&r->work, &r->lock, due);
		else
			return;
	}
}

static void recorder_adapt(struct recorder *r, usec_t took)
{
	if (took > BATCH_TIME && r->batch_most > BATCH_LEAST)
		r->batch_most /= 2;
	else if (took < BATCH_TIME / 3 && r->batch.bytes > r->batch_most / 2 && r->batch_most < BATCH_MOST)
		r->batch_most *= 2;
}

/** One transaction, and what it means for the state. False: there is nothing left to do. */
static bool recorder_settle(struct recorder *r, int error, bool last)
{
	r->busy_since = 0;
	if (!error) {
		recorder_adapt(r, monotonic_now() - r->entered);
		queue_finish(&r->batch);
		r->failed_at = 0;
		r->partly = true;
		recorder_tell_again(r);
		if (last) {
			r->result = RECORDER_DONE;
			r->done = true;
		}
	} else {
		r->failed_at = monotonic_now();
		if (!r->recording.refused || !r->ending || r->plan->attempt)
			recorder_tell(r, r->recording.error.text);
		if (r->recording.final || r->ending)
			recorder_give_up(r);
	}
	pthread_cond_broadcast(&r->answer);
	return !r->done;
}

static bool recorder_turn(struct recorder *r)
{
	enum durability durability;
	bool ended;
	int error;

	recorder_await(r);
	r->busy_since = monotonic_now();
	durability = r->ending ? STORE_SYNC : STORE_SOON;
	pthread_mutex_unlock(&r->lock);
	error = recording_commit(&r->recording, &r->batch, durability, &ended);
	pthread_mutex_lock(&r->lock);
	return recorder_settle(r, error, ended);
}

static void recorder_work(void *context)
{
	struct recorder *r = context;

	recorder_open(r);
	pthread_mutex_lock(&r->lock);
	while (!r->done && recorder_turn(r))
		;
	pthread_mutex_unlock(&r->lock);
	recording_close(&r->recording);
}

/** What the store's code held when it was cut off stays where it is: nothing of it can be trusted. */
static void recorder_cut_off(struct recorder *r)
{
	autobuf struct buf dir = BUF_INIT;
	struct error why;

	text_add_escaped(&dir, bytes_of(r->plan->dir), SIZE_MAX);
	error_set(&why, 0, "the store %s: its disk is full or broken, or a file in it was cut short", buf_text(&dir));
	pthread_mutex_lock(&r->lock);
	r->busy_since = 0;
	r->cut_off = true;
	r->recording.refused = false;
	recorder_tell(r, why.text);
	recorder_give_up(r);
	r->started = true;
	pthread_cond_broadcast(&r->answer);
	pthread_mutex_unlock(&r->lock);
}

void *recorder_run(void *context)
{
	if (!fault_guard(recorder_work, context))
		recorder_cut_off(context);
	return NULL;
}
