/* UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "core/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

bool utf8_valid(struct bytes text);

/**
 * Length of the character at at[0..len), len at least 1; 0 where there is none: then *ret_bad is how many bytes a reader takes for one
 * U+FFFD (the longest start of a character, at least 1; Unicode standard, 3.9, "U+FFFD Substitution of Maximal Subparts", which is what
 * Java does).
 */
size_t utf8_char(const char *at, size_t len, size_t *ret_bad);

/** Length of the longest prefix of text[0..len) that is not longer than `most` and does not end inside a character; text is valid UTF-8. */
size_t utf8_cut(struct bytes text, size_t most);

/** Writes the 1 to 4 bytes of a code point (not a surrogate) and returns how many. */
size_t utf8_encode(uint32_t code, char ret_bytes[4]);
