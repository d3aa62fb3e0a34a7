/*
 * One stream of the command's: a thread that reads a piece, writes it out, and then shows it to the parser. Nothing one stream waits for
 * can stop the other: a thread each is the only way to have that without making files non-blocking that are shared with others (a stopped
 * terminal, a full pipe, a hung disk).
 */
#pragma once

#include "core/capture/sink.h"
#include "core/protocol/parser.h"

#include <stdbool.h>

struct stream_plan {
	int source;		 /* read and closed by the stream */
	const char *source_name; /* stdout, stderr, stdin: of warnings */
	struct sink *sink;
	struct parser *parser; /* owned by the caller, used by the stream alone while it runs */
	int stop;	       /* an eventfd: readable once the command has ended */
	int finished;	       /* an eventfd: the stream adds 1 when it has passed and parsed all */
	/** From the stream's thread: its output cannot be written, for another reason than that its reader has gone. */
	void (*broken)(void *context, const char *name, int error);
	/** From the stream's thread: a message was lost for want of memory. */
	void (*lost)(void *context);
	void *context;
};

struct stream;

/** Starts the thread. 0 or a negative errno: then the source is still the caller's. */
int stream_start(const struct stream_plan *plan, struct stream **ret);

/** Waits for its end and frees it. Accepts NULL. */
void stream_join(struct stream *s);
