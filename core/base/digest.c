#include "core/base/digest.h"

#include <sha256.h>
#include <stdint.h>

void digest(struct bytes text, unsigned char ret_digest[DIGEST_LEN])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	if (text.len)
		SHA256Update(&sha, (const uint8_t *)text.data, text.len);
	SHA256Final(ret_digest, &sha);
}

void digest_hex(const unsigned char digest[DIGEST_LEN], size_t digits, char *ret_text)
{
	for (size_t i = 0; i < digits; i++)
		ret_text[i] = "0123456789abcdef"[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
}
