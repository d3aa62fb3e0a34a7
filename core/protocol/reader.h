/*
 * From the canonical text of one message to struct message. What is wrong is warned of here, part by part; `whole` makes the first wrong
 * part the end of the message. Strings without escapes are pointed to where they stand, the others decoded into one buffer.
 */
#pragma once

#include "core/protocol/warn.h"

struct reader {
	struct warner *warner;
	bool whole;   /* all or nothing (`kestra`) */
	bool refused; /* a part was wrong, in `whole` */
	bool out_of_memory;
	size_t text_len;    /* of the canonical text: more than its strings can take, unescaped */
	struct buf strings; /* reserved in one go, so that what points into it stays */
	struct buf outputs; /* of struct output; and so on */
	struct buf metrics;
	struct buf tags;
	struct buf logs;
};

void reader_finish(struct reader *r);

/** Whether the canonical object is a message by its shape alone: it has outputs, metrics or logs, each of the right type or null. */
bool reader_is_message(struct bytes object);

/** Reads the canonical object and gives it to the handler, if something of it can be recorded. VERDICT_TAKEN or VERDICT_MEMORY. */
enum verdict reader_read(struct reader *r, struct bytes object);

/* For the files that read the parts. */

/** Which part a warning is about: `metric "nr_rows"`, or `metric 3` (from 1) as long as it has no name. */
struct part {
	const char *kind;
	size_t number;
	struct bytes name; /* data NULL: none */
};

/** Begins and ends a warning about a part. Ending it refuses the message where it is all or nothing. */
struct buf *part_warn_begin(struct reader *r, const struct part *part);
void part_warn_end(struct reader *r);

/** A whole warning about a part; returns false, for `return part_wrong(…)`. */
bool part_wrong(struct reader *r, const struct part *part, const char *what);

/** The same about a word that is not one of those allowed: `level "loud" is not …`; of one that is no string: `level is not …`. */
bool part_wrong_word(struct reader *r, const struct part *part, const char *field, struct bytes value, const char *not_this);

/** The text of a canonical string. */
struct bytes reader_string(struct reader *r, struct bytes string);

/** The text of a canonical string, or of a number its digits; false for anything else. */
bool reader_text(struct reader *r, struct bytes value, struct bytes *ret_text);

/**
 * Picks the values of the named fields out of a canonical object: ret_values[i] is that of keys[i] (written with its quotes), data NULL
 * where it is absent.
 */
void reader_pick(struct bytes object, const struct bytes *keys, size_t n_keys, struct bytes *ret_values);

/** Place of `value`, a canonical string, among `words` (with their quotes); n_words if it is none of them. */
size_t reader_find_word(struct bytes value, const struct bytes *words, size_t n_words);

/** Appends one element; what cannot be appended is an out_of_memory. */
void reader_append(struct reader *r, struct buf *array, const void *element, size_t size);

/** Readers of one element of `metrics` and of `logs`: append it if it is right. */
void reader_metric(struct reader *r, size_t number, struct bytes value);
void reader_log(struct reader *r, size_t number, struct bytes value);
