/* Warnings: one line each, `stream line n: what is wrong`. Names and types are shown escaped and cut, values never. */
#pragma once

#include "core/protocol/parser.h"

#include <stdint.h>

struct warner {
	const char *stream;
	uint64_t line; /* of what is being read */
	const struct parser_handler *handler;
	struct buf text; /* reserved once: a warning of lack of memory needs none */
};

/** 0 or -ENOMEM. */
int warner_init(struct warner *w, const char *stream, const struct parser_handler *handler);
void warner_finish(struct warner *w);

/** Begins a warning about the current line; the caller appends to the buffer it gets, then ends it. */
struct buf *warn_begin(struct warner *w);
void warn_end(struct warner *w);

/** A warning that is one fixed text. */
void warn_text(struct warner *w, const char *text);

/** Appends `"name"`, escaped and cut. */
void warn_add_name(struct buf *b, struct bytes name);

/** What became of a candidate. From VERDICT_PLAIN on it is plain text, and all but that one earn a warning. */
enum verdict {
	VERDICT_TAKEN, /* it was a message; what was wrong in it has been warned of */
	VERDICT_MORE,  /* the block goes on */
	VERDICT_PLAIN, /* plain text, and nobody wonders */
	VERDICT_SYNTAX,
	VERDICT_UTF8,
	VERDICT_SURROGATE,
	VERDICT_DEPTH,
	VERDICT_TRAILING,
	VERDICT_INCOMPLETE,
	VERDICT_UNCLOSED,
	VERDICT_INTERRUPTED,
	VERDICT_UNFINISHED,
	VERDICT_TOO_LONG,
	VERDICT_MEMORY,
	VERDICTS,
};

/** Warns of a refused candidate. `max_message` is shown where it is the reason. */
void warn_verdict(struct warner *w, enum verdict verdict, size_t max_message);
