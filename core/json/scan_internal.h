/* What the scanner's parts share: the text being read, the canonical text being written, and the members seen of every open object. */
#pragma once

#include "core/base/buf.h"
#include "core/json/scan.h"

#include <stdint.h>

/*
 * One member of an object, as places in the canonical text. A key ends one byte (the colon) before its value; a value ends one byte
 * before the next member or the closing brace.
 */
struct json_member {
	uint32_t key;
	uint32_t value;
	uint32_t hash;
};

struct json_scan {
	const char *at;
	const char *end;

	/* Canonical text is never longer than what it was made of, so all its memory is there from the start and writes need no checks. */
	char *text;
	char *write;

	unsigned int depth;

	/* A stack: the members of the innermost object last. Small messages stay in `few`. */
	struct json_member *members;
	size_t n_members;
	size_t size_members;
	struct json_member few[32];

	struct buf repeats; /* of struct json_repeats: the objects with repeated keys */
	struct buf kept;    /* of struct json_kept: their members that stay */
};

/** What json_scan_string may write beyond the end of what it has to: it copies words. */
#define JSON_SLACK 16

/** Reads the string at s->at (its opening quote) and writes its canonical form. */
enum json_error json_scan_string(struct json_scan *s);

uint32_t json_hash(const char *text, size_t len);

/** Looks for repeated keys among the members from `first` on, of the object that is written from `open` to s->write (past its brace). */
enum json_error json_note_repeats(struct json_scan *s, size_t first, uint32_t open);

/** Writes the canonical text once more, with every noted object reduced to its kept members. Only needed if s->repeats is not empty. */
enum json_error json_drop_repeats(struct json_scan *s);
