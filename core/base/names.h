/*
 * The name rule: any UTF-8 string <-> one directory entry. docs/tree.md, "Names".
 *
 * An entry is the string with `/`, `%`, 00…1F and 7F as `%XX`; `.` and `..` become `%2E` and `%2E.`; the empty string is `%`; one that
 * equals a fixed entry of its folder gets its first byte written as `%XX`; one that would be longer than `most` bytes is cut (never
 * inside a character or a `%XX`) so that `%~` and the first 16 lower-case hex digits of the SHA-256 of the unencoded string still fit.
 */
#pragma once

#include "core/base/buf.h"

/** NAME_MAX of Linux: what one entry may take in bytes. */
#define NAME_ENTRY_MAX 255

/** What `%~` and its 16 digits take. */
#define NAME_HASH_LEN 18

/**
 * Appends the entry of `raw` (valid UTF-8, may hold NUL). `fixed` is the NULL-terminated list of the folder's fixed entries, or NULL;
 * `most` is NAME_ENTRY_MAX less the longest suffix the folder adds to it.
 */
void name_encode(struct buf *b, struct bytes raw, const char *const *fixed, size_t most);

/** Appends `%~` and the first 16 hex digits of the SHA-256 of `id`: what a run's entry ends in where its values are another run's. */
void name_add_hash(struct buf *b, struct bytes id);

/**
 * Appends the string an entry stands for. 0; -EINVAL where `entry` is no encoded name; -EXDEV where it was cut (ends in `%~` and a hash).
 */
int name_decode(struct buf *b, struct bytes entry);
