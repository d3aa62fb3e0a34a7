/* Bytes to lines: where lines end, how many there are, and how one begins. `\n`, `\r\n` and a lone `\r` end a line. */
#pragma once

#include "core/protocol/parser.h"

#include <stdbool.h>
#include <stdint.h>

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/** The first `\n` or `\r` in [at, end), or end. */
const char *line_find_end(const char *at, const char *end);

/**
 * The first place in [at, end) where `first` is followed by `second`, or NULL. Used to rule lines out, so it is fast
 * where there is none.
 */
const char *find_pair(const char *at, const char *end, char first, char second);

/** Past the last line end in [at, end); NULL where there is none. */
const char *line_find_last_start(const char *at, const char *end);

/** How many lines end in [at, end). *after_cr: whether the byte before is a `\r`, whose line has been counted; then for the next call. */
uint64_t line_count_ends(const char *at, const char *end, bool *after_cr);

/** What a line can still become, from what has been seen of it. */
enum head {
	HEAD_START, /* nothing yet, or blanks */
	HEAD_COLON, /* one colon */
	HEAD_MARK,  /* the opening mark `::`, and perhaps blanks: `{` makes it a candidate */
	HEAD_PLAIN, /* plain text */
	HEADS,
};

/** Goes on with a line's head by the bytes [at, end), which hold no line end. */
enum head head_read(enum dialect dialect, enum head head, const char *at, const char *end);

/** The same, but stops where the mark is complete: returns the place past its second colon, or NULL. */
const char *head_find_mark(enum dialect dialect, enum head *head, const char *at, const char *end);
