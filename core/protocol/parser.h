/*
 * From the bytes of one stream to messages. The parser only watches: the caller passes the bytes on by itself. What it recognises never
 * depends on how the bytes were cut into calls. docs/protocol.md is the specification.
 */
#pragma once

#include "core/base/buf.h"
#include "core/protocol/message.h"

#include <stdint.h>

enum dialect { DIALECT_DOC, DIALECT_KESTRA };

#define MESSAGE_MAX_DEFAULT ((size_t)64 << 20)
/** What --max-message may be set to: a node number of the mount has 28 bits for a place inside a value. */
#define MESSAGE_MAX_MOST ((size_t)256 << 20)

struct parser_handler {
	/** One good message, whole. Parts of it that were wrong have been warned of before. */
	void (*message)(void *context, const struct message *message);
	/**
	 * One warning without the program's name: `stderr line 17: metric "nr_rows": type "histogram" is not counter, timer or gauge`.
	 * The parser does not count or limit warnings; the caller does (100 a run), over both streams.
	 */
	void (*warning)(void *context, struct bytes text);
	void *context;
};

struct parser;

/**
 * A parser for the stream called `stream` (`stdout`, `stderr`, `stdin`; kept by pointer) or -ENOMEM. `hint_given` is shared by a run's
 * parsers: whether the warning about a mark in the middle of a line has been given.
 */
int parser_new(const char *stream, enum dialect dialect, size_t max_message, bool *hint_given, const struct parser_handler *handler,
	       struct parser **ret);
void parser_free(struct parser *p);

/**
 * Watches the next bytes. 0, or -ENOMEM: then a candidate message was dropped with a warning, and the parser goes on as after plain text.
 */
int parser_feed(struct parser *p, const void *data, size_t len);

/** The stream has ended: a last line without an end counts, an open block is plain text. Can be fed no more. */
int parser_end(struct parser *p);

/**
 * Whether what was fed so far ends at the start of a line (also before the first byte): where a warning of ours may be printed. Not after
 * a `\r`: a `\n` may still follow it, and on a terminal the line it began again is still to be seen.
 */
bool parser_at_line_start(const struct parser *p);

/** Number of bytes the parser holds now for a candidate, at most max_message and 64 more; 0 in plain text. */
size_t parser_held(const struct parser *p);
