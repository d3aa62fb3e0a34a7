/*
 * A file of ours that the command's bytes go to. Two streams that go to the same file share one sink, so that what stands at the start of
 * a line is known and a line of our own never lands inside one of the command's.
 *
 * Writing blocks: our standard output may be shared with anybody, so it is never made non-blocking. Each stream has a thread of its own
 * instead.
 */
#pragma once

#include "core/base/bytes.h"

#include <pthread.h>
#include <stdbool.h>

struct sink {
	int fd;
	bool pollable; /* a pipe or socket: poll tells when its reader has gone */
	bool terminal;
	pthread_mutex_t lock;
	pthread_cond_t line_start;
	bool at_line_start; /* the last byte written ended a line */
	bool settled;	    /* the command's bytes are all written */
	int error;	    /* the first failure of a write; then nothing is written any more */
};

void sink_init(struct sink *o, int fd);
void sink_finish(struct sink *o);

/** Whether both descriptors lead to one file, pipe or terminal. */
bool sink_same(int a, int b);

/** Writes all of it, however long that takes. 0 or a negative errno: -EPIPE when the reader has gone. */
int sink_pass(struct sink *o, struct bytes bytes);

/**
 * Passes on what is in the pipe `source`, at most `size` bytes, where this file is a pipe too: then the kernel lends it the very pages
 * (tee(2)), and the only copy made is the one in `ret_piece`. *ret_len 0: the source is at its end. -EAGAIN: nothing there yet. -ENOTSUP:
 * not between these two. Others as above.
 */
int sink_lend(struct sink *o, int source, char *ret_piece, size_t size, size_t *ret_len);

/** Writes lines of our own: waits until the file stands at the start of a line, or is settled; then, if need be, on a new line. */
void sink_say(struct sink *o, struct bytes lines);

/** The command's bytes are all written: whoever waits in sink_say goes on. */
void sink_settle(struct sink *o);
