/* Whether the text from a candidate's `{` up to the end of a line is a message. */
#pragma once

#include "core/protocol/reader.h"

enum candidate {
	CANDIDATE_NONE,	  /* plain text */
	CANDIDATE_BARE,	  /* `{…}` */
	CANDIDATE_MARKED, /* `::{…}::`, in its first line */
	CANDIDATE_BLOCK,  /* the same, in a later line (`doc`) */
};

/**
 * What the mark and the blanks after a message's text may take beyond the limit. A candidate that is longer, up to the end of its line,
 * is too long; so what has to be held has a bound that does not depend on what the bytes are.
 */
#define CLOSING_MOST 64

struct recogniser {
	enum dialect dialect;
	size_t max_message;
	struct buf canonical;
	struct buf repaired; /* `kestra`: a message with U+FFFD for what is no UTF-8 */
	struct reader reader;
};

void recogniser_finish(struct recogniser *rec);

/**
 * Judges a candidate at the end of one of its lines, `text` being all of it so far without that line's end. A message goes to the
 * handler.
 */
enum verdict recognise(struct recogniser *rec, enum candidate candidate, struct bytes text);

/** The verdict on a candidate that has outgrown the limit, of which `text` is the beginning. */
enum verdict recognise_too_long(const struct recogniser *rec, enum candidate candidate, struct bytes text);
