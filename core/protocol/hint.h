/*
 * The one warning about plain text: a message printed in the middle of a line, which is what a user wonders about most. The text may be
 * cut anywhere, so the last bytes of each piece are remembered.
 */
#pragma once

#include "core/protocol/lines.h"

#define HINT_LEN 12 /* of `::{"outputs"` and `::{"metrics"` */

struct hint {
	char tail[HINT_LEN - 1];
	size_t tail_len;
};

/** Whether a message begins at the `{` at `brace`, all of it and its mark within [at, end). */
bool hint_at(const char *brace, const char *at, const char *end);

/**
 * Whether one stands across the end of the last piece and the start of this one. `head` is the line's, before this piece: at a line's
 * start it is no hint.
 */
bool hint_across(const struct hint *h, enum dialect dialect, enum head head, const char *at, const char *end);

/** Remembers the end of a piece. */
void hint_remember(struct hint *h, const char *at, const char *end);

/** What comes next does not follow on plain text. */
static inline void hint_forget(struct hint *h)
{
	h->tail_len = 0;
}
