/* What a call of kestrafs-capture asks for: its options and its COMMAND, checked as far as they can be without looking at anything else. */
#pragma once

#include "core/base/message.h"
#include "core/protocol/parser.h"
#include "core/store/record.h"

#include <stdbool.h>
#include <stddef.h>

#define PROGRAM "kestrafs-capture"

/** Exit statuses of our own; every other one is the command's. */
enum {
	EXIT_WRONG_CALL = 125,
	EXIT_NOT_RUNNABLE = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128, /* plus the signal's number */
};

struct options {
	const char *flow; /* NAMESPACE/FLOW, not yet taken apart; NULL where not given, like the next four */
	const char *execution;
	const char *task;
	const char *taskrun;
	const char *store;
	struct bytes *values; /* owned; the text is argv's */
	size_t n_values;
	struct label *labels; /* owned; the text is argv's */
	size_t n_labels;
	enum dialect dialect;
	size_t max_message;
	bool strict;
	bool quiet;
	bool pty;
	bool begin;
	bool end;
	enum state end_state; /* STATE_NONE: the worst of the runs' */
	bool help;
	bool version;
	char **command; /* NULL-terminated, argv's; NULL where there is none */
};

/**
 * Reads argv. The first argument that is no option begins the command. 0, or -EINVAL with text in `e` that names the rule; -ENOMEM. `ret`
 * is to be finished in any case.
 */
int options_parse(int argc, char **argv, struct options *ret, struct error *e);
void options_finish(struct options *o);

/** The help: usage, options, examples, exit codes, to the descriptor `fd`. */
void options_help(int fd);
