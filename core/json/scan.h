/*
 * A strict RFC 8259 scanner that keeps each value's own text: 3.65 stays 3.65, 1e400 stays 1e400, integers have no limit, keys may hold
 * NUL. jansson can do none of that; it is the tests' second opinion.
 */
#pragma once

#include "core/base/buf.h"

#include <stdbool.h>

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/** What stopped the scanner, as a word for a warning; never quotes the input. */
enum json_error {
	JSON_OK,
	JSON_ERROR_SYNTAX,
	JSON_ERROR_UTF8,
	JSON_ERROR_SURROGATE,
	JSON_ERROR_DEPTH,
	JSON_ERROR_TRAILING, /* a whole value, then something other than white space */
	JSON_ERROR_END,	     /* the text ended inside the value */
	JSON_ERROR_MEMORY,
};

const char *json_error_text(enum json_error e);

/** Open brackets at once, the outermost first. */
#define JSON_DEPTH_MOST 512

/**
 * Reads one value from the start of `text` (white space around it allowed) and appends its canonical form to `out`: no white space
 * between tokens, numbers digit for digit, strings as text_add_json_string writes them, of duplicate keys of one object the last value at
 * the first one's place. On an error `out` is as it was. JSON_ERROR_TRAILING appends the value all the same. *ret_used (NULL is allowed)
 * is then, and on JSON_OK, how many bytes there are up to the end of the value. `text` longer than 4 GiB is JSON_ERROR_MEMORY. The time
 * is linear in `text` (n log n in the keys of one object), the recursion as deep as JSON_DEPTH_MOST.
 */
enum json_error json_canonical(struct bytes text, struct buf *out, size_t *ret_used);

/** Whether `text` is exactly one JSON number, nothing around it. */
bool json_is_number(struct bytes text);

/**
 * Walks canonical text (as json_canonical made it): the cheap reader of everything that is stored. No errors: the text is known to be
 * good.
 */
enum json_type json_type_of(struct bytes value);

/** The value inside `value` that begins at the byte `place` of it: where a walk met it. */
struct bytes json_value_at(struct bytes value, size_t place);

struct json_walk {
	const char *at;
	const char *end;
};

/** Begins at the members of `container` (an array or an object). */
struct json_walk json_members(struct bytes container);

/**
 * Next member: its value, and (of an object) its key as raw canonical string text with the quotes; false at the end. `ret_key` may be
 * NULL.
 */
bool json_next(struct json_walk *walk, struct bytes *ret_key, struct bytes *ret_value);

/** Appends the text a canonical JSON string stands for, unescaped. */
void json_string_decode(struct buf *out, struct bytes string);
