#include "core/capture/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Fits the second-level cache: what was read is still there when it is written and parsed. */
#define PIECE_SIZE ((size_t)128 << 10)

/* What a stream that has no size of its own (a terminal) may hold back. */
#define LEFT_MOST ((size_t)1 << 20)

struct stream {
	struct stream_plan plan;
	pthread_t thread;
	bool stopping; /* the command has ended: only what it had written is still of interest */
	size_t left;   /* of that, how much at most */
	bool lend;     /* both ends are pipes, as far as is known */
	bool discard;  /* our output is of no use, but the command's does not end for that */
	char piece[PIECE_SIZE];
};

enum { WATCH_SOURCE, WATCH_OUTPUT, WATCH_STOP, WATCHES };

/**
 * The command has ended. Somebody else may hold its end of the pipe, and go on writing: what is in the pipe now is all that can be the
 * command's.
 */
static void stream_stop(struct stream *s)
{
	int size = fcntl(s->plan.source, F_GETPIPE_SZ);

	s->stopping = true;
	s->left = size > 0 ? (size_t)size : LEFT_MOST;
}

/** Whether there is something to read now (or the end). */
static bool stream_ready(const struct stream *s)
{
	struct pollfd p = {.fd = s->plan.source, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/** Waits for the next piece. False: the stream is at its end. */
static bool stream_wait(struct stream *s)
{
	struct pollfd p[WATCHES] = {
		[WATCH_SOURCE] = {.fd = s->plan.source, .events = POLLIN},
		[WATCH_OUTPUT] = {.fd = s->plan.sink->pollable && !s->discard ? s->plan.sink->fd : -1},
		[WATCH_STOP] = {.fd = s->plan.stop, .events = POLLIN},
	};

	while (!s->stopping) {
		if (poll(p, WATCHES, -1) < 0)
			continue;
		if (p[WATCH_STOP].revents)
			stream_stop(s);
		else if (p[WATCH_SOURCE].revents)
			return true;
		else if (p[WATCH_OUTPUT].revents & (POLLERR | POLLHUP))
			return false;
	}
	return s->left && stream_ready(s);
}

/**
 * What becomes of the command when its output cannot be written. A terminal that hung up would have answered it EIO, which few commands
 * mind; a reader that went away, SIGPIPE; a full disk, an error that cannot be handed on, and silence would be worse than SIGPIPE.
 */
static bool stream_survives(struct stream *s, int error)
{
	s->discard = (error == -EIO && s->plan.sink->terminal) || error == -EBADF;
	if (!s->discard && error != -EPIPE)
		s->plan.broken(s->plan.context, s->plan.source_name, error);
	return s->discard;
}

static void stream_parse(struct stream *s, size_t len)
{
	if (parser_feed(s->plan.parser, s->piece, len) < 0)
		s->plan.lost(s->plan.context);
}

/**
 * Reads a piece and passes it on. *ret_len: what was read, 0 at the end. 0, or the negative errno of the sink; -EAGAIN: there was nothing
 * yet.
 */
static int stream_pass(struct stream *s, size_t most, size_t *ret_len)
{
	ssize_t n;
	int error;

	*ret_len = 0;
	if (s->lend && !s->discard) {
		error = sink_lend(s->plan.sink, s->plan.source, s->piece, most, ret_len);
		s->lend = error != -ENOTSUP;
		if (s->lend)
			return error;
	}
	n = read(s->plan.source, s->piece, most);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return -EAGAIN;
	*ret_len = n > 0 ? (size_t)n : 0;
	return n > 0 && !s->discard ? sink_pass(s->plan.sink, bytes_make(s->piece, (size_t)n)) : 0;
}

/** One piece. False: the stream is at its end. */
static bool stream_turn(struct stream *s)
{
	size_t most = s->stopping && s->left < PIECE_SIZE ? s->left : PIECE_SIZE;
	size_t len;
	int error = stream_pass(s, most, &len);

	if (len)
		stream_parse(s, len);
	if (s->stopping)
		s->left -= len;
	if (error == -EAGAIN)
		return true;
	return error ? stream_survives(s, error) : len > 0;
}

/** After the output's end: what the command has already written is still parsed, and its next write meets SIGPIPE. */
static void stream_drain(struct stream *s)
{
	ssize_t n = 1;

	if (!s->stopping)
		stream_stop(s);
	while (n > 0 && s->left && stream_ready(s)) {
		n = read(s->plan.source, s->piece, s->left < PIECE_SIZE ? s->left : PIECE_SIZE);
		if (n > 0) {
			s->left -= (size_t)n;
			stream_parse(s, (size_t)n);
		}
	}
}

static void *stream_run(void *context)
{
	struct stream *s = context;
	const uint64_t one = 1;

	while (stream_wait(s) && stream_turn(s))
		;
	stream_drain(s);
	close(s->plan.source);
	if (parser_end(s->plan.parser) < 0)
		s->plan.lost(s->plan.context);
	if (write(s->plan.finished, &one, sizeof(one)) < 0)
		abort(); /* an eventfd takes 2^64 - 2 of them */
	return NULL;
}

int stream_start(const struct stream_plan *plan, struct stream **ret)
{
	struct stream *s = malloc(sizeof(*s));
	sigset_t all;
	sigset_t before;
	int error;

	if (!s)
		return -ENOMEM;
	s->plan = *plan;
	s->stopping = s->discard = false;
	s->lend = true;
	s->left = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&s->thread, NULL, stream_run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		free(s);
	else
		*ret = s;
	return -error;
}

void stream_join(struct stream *s)
{
	if (!s)
		return;
	pthread_join(s->thread, NULL);
	free(s);
}
