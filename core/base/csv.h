/*
 * Cells of comma-separated values, as RFC 4180 quotes them: one that holds a quote, a comma, CR or LF stands in quotes,
 * and its quotes twice. Lines end in LF (tree.md). Lengths are counted when points are recorded, so there is a function
 * that only counts beside each that writes; the two always agree.
 */
#pragma once

#include "core/base/buf.h"

size_t csv_len(struct bytes text);
void csv_add(struct buf *b, struct bytes text);

/** The same of a text given as the inside of a JSON string (core/base/text.h): what it stands for becomes the cell. */
size_t csv_len_json(struct bytes inside);
void csv_add_json(struct buf *b, struct bytes inside);

/**
 * A long cell in pieces: whether it stands in quotes; then what the next `most` bytes of its text (a few more where an escape ends behind
 * them) are between them, taken off `*rest`. `json`: as above.
 */
bool csv_quoted(struct bytes text, bool json);
void csv_add_piece(struct buf *b, struct bytes *rest, bool json, size_t most);
