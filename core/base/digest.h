/* SHA-256 (FIPS 180-4), for names that must not meet. */
#pragma once

#include "core/base/bytes.h"

#define DIGEST_LEN 32

void digest(struct bytes text, unsigned char ret_digest[DIGEST_LEN]);

/** Writes the first `digits` hex digits of a digest, lower case, no NUL. */
void digest_hex(const unsigned char digest[DIGEST_LEN], size_t digits, char *ret_text);
