/* The callers' side of the recorder: the queue's bound, and whom to wait for how long. */
#include "core/base/text.h"
#include "core/capture/recorder_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is not recorded yet may take so much memory. */
#define QUEUE_MOST ((size_t)64 << 20)

usec_t monotonic_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (usec_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

void wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, usec_t time)
{
	struct timespec t = {.tv_sec = time / USEC_PER_SEC, .tv_nsec = time % USEC_PER_SEC * 1000};

	pthread_cond_timedwait(cond, lock, &t);
}

/** The store has not answered for so long that nobody waits for it any more. */
static bool recorder_stalled(struct recorder *r)
{
	uint64_t steps = __atomic_load_n(&r->recording.steps, __ATOMIC_RELAXED);

	if (r->busy_since && steps != r->seen) /* it is at work: what takes long is long */
		r->busy_since = monotonic_now();
	r->seen = steps;
	return r->busy_since && monotonic_now() - r->busy_since >= RECORDER_PATIENCE;
}

/** Waits for `answer`, at most until the store counts as stalled. */
static void recorder_wait(struct recorder *r)
{
	usec_t from = r->busy_since ? r->busy_since : monotonic_now();

	wait_until(&r->answer, &r->lock, from + RECORDER_PATIENCE);
}

void recorder_tell(struct recorder *r, const char *why)
{
	struct error line;

	if (r->told)
		return;
	r->told = true;
	error_set(&line, 0, "%s: %s", r->partly ? "not everything recorded" : "nothing recorded", why);
	pthread_mutex_unlock(&r->lock);
	r->plan->trouble(r->plan->context, line.text);
	pthread_mutex_lock(&r->lock);
}

static void recorder_tell_stalled(struct recorder *r)
{
	autobuf struct buf dir = BUF_INIT;
	struct error why;

	text_add_escaped(&dir, bytes_of(r->plan->dir), SIZE_MAX);
	error_set(&why, 0, "the store %s has not answered for 5 s: its disk hangs, or a stopped program holds its lock", buf_text(&dir));
	recorder_tell(r, why.text);
}

void recorder_tell_again(struct recorder *r)
{
	unsigned number = r->recording.number;

	if (r->again || number < 2)
		return;
	r->again = true;
	pthread_mutex_unlock(&r->lock);
	r->plan->again(r->plan->context, number);
	pthread_mutex_lock(&r->lock);
}

static int recorder_spawn(struct recorder *r)
{
	sigset_t all;
	sigset_t before;
	int error;

	sigfillset(&all);
	sigdelset(&all, SIGBUS); /* fault.h */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&r->thread, NULL, recorder_run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static struct recorder *recorder_new(const struct recorder_plan *plan)
{
	struct recorder *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (!r)
		return NULL;
	r->plan = plan;
	r->recording = (struct recording){.plan = plan, .entered = recorder_entered, .context = r};
	r->batch_most = BATCH_FIRST;
	r->result = RECORDER_TROUBLE;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->work, &monotonic);
	pthread_cond_init(&r->answer, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return r;
}

static void recorder_destroy(struct recorder *r)
{
	queue_finish(&r->queue);
	queue_finish(&r->batch);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->work);
	pthread_cond_destroy(&r->answer);
	free(r);
}

enum recorder_answer recorder_start(const struct recorder_plan *plan, struct recorder **ret)
{
	struct recorder *r = recorder_new(plan);
	enum recorder_answer answer;

	*ret = NULL;
	if (!r || recorder_spawn(r) < 0) {
		plan->trouble(plan->context, "nothing recorded: no memory or thread for it");
		if (r)
			recorder_destroy(r);
		return RECORDER_TROUBLE;
	}
	*ret = r;
	pthread_mutex_lock(&r->lock);
	while (!r->started && !recorder_stalled(r))
		recorder_wait(r);
	if (!r->started)
		recorder_tell_stalled(r);
	answer = r->started && !r->done && !r->failed_at ? RECORDER_DONE : r->result;
	r->started = true;
	pthread_mutex_unlock(&r->lock);
	return answer;
}

const char *recorder_error(const struct recorder *r)
{
	return r->recording.error.text;
}

bool recorder_store(struct recorder *r, uint64_t *ret_device, uint64_t *ret_inode)
{
	pthread_mutex_lock(&r->lock);
	*ret_device = r->device;
	*ret_inode = r->inode;
	pthread_mutex_unlock(&r->lock);
	return *ret_inode != 0;
}

static bool recorder_has_room(const struct recorder *r, size_t size)
{
	size_t held = r->queue.bytes + r->batch.bytes;

	return held == 0 || held + size <= QUEUE_MOST;
}

/** False: what is to be added has to be dropped. */
static bool recorder_make_room(struct recorder *r, size_t size)
{
	while (!r->done && !r->ending && !recorder_has_room(r, size)) {
		if (recorder_stalled(r)) {
			recorder_tell_stalled(r);
			return false;
		}
		if (r->failed_at)
			return false;
		recorder_wait(r);
	}
	return !r->done && !r->ending;
}

/** After something was added to a queue that held `before` bytes: the thread is woken once a batch, not once a message. */
static void recorder_added(struct recorder *r, size_t before)
{
	if (!before)
		r->oldest = monotonic_now();
	if (!before || (before < r->batch_most && r->queue.bytes >= r->batch_most))
		pthread_cond_signal(&r->work);
}

void recorder_message(struct recorder *r, const struct message *message)
{
	size_t size = queue_message_size(message);
	usec_t now = clock_now();
	size_t before;

	pthread_mutex_lock(&r->lock);
	if (recorder_make_room(r, size)) {
		before = r->queue.bytes;
		if (queue_add_message(&r->queue, message, now) == 0)
			recorder_added(r, before);
		else
			r->lost++;
	} else {
		r->lost++;
	}
	pthread_mutex_unlock(&r->lock);
}

void recorder_warning(struct recorder *r, struct bytes text)
{
	usec_t now = clock_now();
	size_t before;

	pthread_mutex_lock(&r->lock);
	if (recorder_make_room(r, text.len)) {
		before = r->queue.bytes;
		if (queue_add_warning(&r->queue, text, now) == 0)
			recorder_added(r, before);
	}
	pthread_mutex_unlock(&r->lock);
}

void recorder_pause(struct recorder *r)
{
	usec_t until = monotonic_now() + USEC_PER_SEC;

	pthread_mutex_lock(&r->lock);
	r->paused = true;
	while (r->busy_since && monotonic_now() < until)
		wait_until(&r->answer, &r->lock, until);
	pthread_mutex_unlock(&r->lock);
}

void recorder_resume(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	r->paused = false;
	pthread_cond_signal(&r->work);
	pthread_mutex_unlock(&r->lock);
}

static void recorder_tell_lost(struct recorder *r)
{
	struct error why;

	error_set(&why, 0, "%zu messages found no room to wait for the store", r->lost);
	recorder_tell(r, why.text);
}

enum recorder_answer recorder_finish(struct recorder *r, const struct recorder_end *end)
{
	enum recorder_answer answer = RECORDER_TROUBLE;

	pthread_mutex_lock(&r->lock);
	r->end = *end;
	r->ending = true;
	r->paused = false;
	pthread_cond_signal(&r->work);
	while (!r->done && !recorder_stalled(r))
		recorder_wait(r);
	if (!r->done)
		recorder_tell_stalled(r);
	else if (r->result == RECORDER_DONE && r->lost)
		recorder_tell_lost(r);
	else
		answer = r->result;
	pthread_mutex_unlock(&r->lock);
	return answer;
}

size_t recorder_lost(struct recorder *r)
{
	size_t lost;

	pthread_mutex_lock(&r->lock);
	lost = r->lost;
	pthread_mutex_unlock(&r->lock);
	return lost;
}

bool recorder_free(struct recorder *r)
{
	bool done;

	if (!r)
		return true;
	pthread_mutex_lock(&r->lock);
	done = r->done;
	pthread_mutex_unlock(&r->lock);
	if (!done)
		return false;
	pthread_join(r->thread, NULL);
	if (r->cut_off)
		return false;
	recorder_destroy(r);
	return true;
}
