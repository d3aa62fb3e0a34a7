#include "core/capture/notices.h"
#include "core/base/buf.h"
#include "core/capture/options.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 1

struct notices {
	struct sink *err;
	bool quiet;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct buf pending; /* whole lines */
	bool running;	    /* there is a thread */
	bool ending;
	bool done; /* it has printed everything */
};

void say(const char *format, ...)
{
	struct error line;
	autobuf struct buf text = BUF_INIT;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line.text, sizeof(line.text), format, arguments);
	va_end(arguments);
	buf_add_format(&text, PROGRAM ": %s\n", line.text);
	if (!buf_error(&text) && write(STDERR_FILENO, text.data, text.len) < 0)
		return; /* nobody is left to be told */
}

struct notices *notices_new(struct sink *err, bool quiet)
{
	struct notices *n = calloc(1, sizeof(*n));
	pthread_condattr_t monotonic;

	if (!n)
		return NULL;
	n->err = err;
	n->quiet = quiet;
	pthread_mutex_init(&n->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&n->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return n;
}

static void *notices_run(void *context)
{
	struct notices *n = context;

	pthread_mutex_lock(&n->lock);
	while (n->pending.len || !n->ending) {
		autobuf struct buf lines = n->pending;

		n->pending = BUF_INIT;
		if (!lines.len) {
			pthread_cond_wait(&n->changed, &n->lock);
			continue;
		}
		pthread_mutex_unlock(&n->lock);
		sink_say(n->err, buf_bytes(&lines));
		pthread_mutex_lock(&n->lock);
	}
	n->done = true;
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

static bool notices_start(struct notices *n)
{
	sigset_t all;
	sigset_t before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&n->thread, NULL, notices_run, n) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void notices_add(struct notices *n, struct bytes text)
{
	if (n->quiet)
		return;
	pthread_mutex_lock(&n->lock);
	buf_add_text(&n->pending, PROGRAM ": ");
	buf_add_bytes(&n->pending, text);
	buf_add_char(&n->pending, '\n');
	if (buf_error(&n->pending))
		buf_clear(&n->pending);
	if (!n->running)
		n->running = notices_start(n);
	pthread_cond_broadcast(&n->changed);
	pthread_mutex_unlock(&n->lock);
}

bool notices_end(struct notices *n)
{
	struct timespec until;
	int late = 0;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_SECONDS;
	pthread_mutex_lock(&n->lock);
	n->ending = true;
	pthread_cond_broadcast(&n->changed);
	while (n->running && !n->done && !late)
		late = pthread_cond_timedwait(&n->changed, &n->lock, &until);
	done = !n->running || n->done;
	pthread_mutex_unlock(&n->lock);
	if (done && n->running)
		pthread_join(n->thread, NULL);
	return done;
}

void notices_free(struct notices *n)
{
	if (!n)
		return;
	buf_finish(&n->pending);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->changed);
	free(n);
}
