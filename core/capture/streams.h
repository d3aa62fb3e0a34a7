/*
 * The streams of a run and what they pass through: pipes or a terminal to the command, a parser each, the way to the warnings and the
 * recorder.
 */
#pragma once

#include "core/capture/child.h"
#include "core/capture/pty.h"
#include "core/capture/sink.h"
#include "core/capture/stream.h"
#include "core/capture/warnings.h"

#define STREAMS_MOST 2

struct streams_plan {
	bool filter;
	bool pty;
	enum dialect dialect;
	size_t max_message;
	struct sink *out;
	struct sink *err;
	struct warnings *warnings;
	struct recorder *recorder; /* NULL: nothing is recorded, everything is passed on */
};

struct streams;

/** One stream's way through. */
struct lane {
	struct streams *streams;
	const char *name;
	struct sink *sink;
	int source; /* ours to read; -1: the stream has it */
	int target; /* the command's to write; -1: closed, or none */
	struct parser *parser;
	struct stream *stream;
	bool hint_given; /* the parser's; whether the run has given it is the warnings' to know */
	bool hint_taken;
};

struct streams {
	struct streams_plan plan;
	struct lane lanes[STREAMS_MOST];
	size_t n;
	int stop; /* eventfds: stream.h */
	int finished;
	struct pty pty;
	bool has_pty;
};

/**
 * Makes everything and starts the threads. 0 or a negative errno; `s` is to be finished in any case and must not be moved. Zeroed memory
 * is finished.
 */
int streams_open(struct streams *s, const struct streams_plan *plan);

/** Our ends of what the command writes into. Returns how many. */
size_t streams_fds(const struct streams *s, int ret_fds[STREAMS_MOST]);

/** Where the command's standard streams are to lead. */
void streams_wire(const struct streams *s, struct child_plan *plan);

/** The command has been started, or not: its ends of the pipes are closed here. */
void streams_started(struct streams *s);

/** NULL where there is none. */
struct pty *streams_pty(struct streams *s);

/** Waits for the threads. */
void streams_join(struct streams *s);
void streams_finish(struct streams *s);
