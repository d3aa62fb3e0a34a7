#include "fs/tree/reaper.h"

#include "core/base/clock.h"
#include "core/store/record.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE_MS 1000

struct reaper {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool started, stop, busy;
	bool left; /* behind: the thread cleans up once the store lets it go */
	struct store *store;
	event_t execution; /* to look at, 0: none */
	bool stuck;	   /* somebody has waited for it in vain: nobody else does until it is back */
	uint64_t done;	   /* how many were looked at, and how that went */
	int result;
};

struct job {
	event_t execution;
};

static int end_lost(struct txn *txn, void *context)
{
	struct job *job = context;

	return record_lost(txn, job->execution, clock_now(), NULL);
}

static void destroy(struct reaper *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *work(void *context)
{
	struct reaper *r = context;
	bool left;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		struct job job = {r->execution};
		struct store *store = r->store;
		int result;

		if (!job.execution) {
			pthread_cond_wait(&r->changed, &r->lock);
			continue;
		}
		r->busy = true;
		pthread_mutex_unlock(&r->lock);
		result = store_update(store, STORE_SOON, end_lost, &job);
		pthread_mutex_lock(&r->lock);
		r->busy = r->stuck = false;
		r->execution = 0;
		r->result = result;
		r->done++;
		pthread_cond_broadcast(&r->changed);
	}
	left = r->left;
	pthread_mutex_unlock(&r->lock);
	if (left) {
		store_close(r->store);
		destroy(r);
	}
	return NULL;
}

int reaper_new(struct reaper **ret)
{
	struct reaper *r = calloc(1, sizeof(*r));
	pthread_condattr_t monotonic;

	if (!r)
		return -ENOMEM;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*ret = r;
	return 0;
}

static struct timespec deadline(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += PATIENCE_MS / 1000;
	return t;
}

bool reaper_free(struct reaper *r)
{
	bool stuck;

	if (!r)
		return true;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	stuck = r->left = r->busy;
	if (stuck)
		pthread_detach(r->thread);
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	if (stuck)
		return false;
	if (r->started)
		pthread_join(r->thread, NULL);
	destroy(r);
	return true;
}

bool reaper_run(struct reaper *r, struct store *s, event_t execution)
{
	struct timespec until = deadline();
	uint64_t done;
	bool ended = false;
	int error;

	if (!store_writable(s))
		return false;
	pthread_mutex_lock(&r->lock);
	if (!r->started)
		r->started = pthread_create(&r->thread, NULL, work, r) == 0;
	error = r->stuck ? ETIMEDOUT : 0;
	while (r->execution && !error) /* somebody else's is on its way */
		error = pthread_cond_timedwait(&r->changed, &r->lock, &until);
	if (r->started && !error) {
		r->store = s;
		r->execution = execution;
		done = r->done;
		pthread_cond_broadcast(&r->changed);
		while (r->done == done && !error)
			error = pthread_cond_timedwait(&r->changed, &r->lock, &until);
		ended = r->done != done && r->result == 0;
	}
	r->stuck = error && r->execution;
	pthread_mutex_unlock(&r->lock);
	return ended;
}
