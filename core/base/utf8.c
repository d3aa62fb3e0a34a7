/*
 * UTF-8 by RFC 3629, as a table of what may follow a first byte: only the second byte's range depends on the first, which is where
 * overlong forms, surrogates and everything above U+10FFFF are kept out (Unicode standard, table 3-7).
 */
#include "core/base/utf8.h"

struct row {
	unsigned char first_from, first_to;
	unsigned char second_from, second_to;
	unsigned char len;
};

static const struct row rows[] = {
	{0x00, 0x7F, 0x80, 0xBF, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
	{0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
	{0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *row_of(unsigned char first)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (first >= rows[i].first_from && first <= rows[i].first_to)
			return &rows[i];
	return NULL;
}

static bool is_continuation(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

size_t utf8_char(const char *at, size_t len, size_t *ret_bad)
{
	const unsigned char *c = (const unsigned char *)at;
	const struct row *row = row_of(c[0]);
	size_t good = 1;

	*ret_bad = 1;
	if (!row)
		return 0;
	while (good < row->len && good < len) {
		if (good == 1 ? c[1] < row->second_from || c[1] > row->second_to : !is_continuation(c[good]))
			break;
		good++;
	}
	if (good == row->len)
		return good;
	*ret_bad = good;
	return 0;
}

/* How many bytes from the start are ASCII for certain: whole words, eight at a time. */
static size_t ascii_words(const char *text, size_t len)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return at;
}

bool utf8_valid(struct bytes text)
{
	size_t bad;

	for (size_t at = 0; at < text.len;) {
		size_t len;

		if ((unsigned char)text.data[at] < 0x80) {
			len = ascii_words(text.data + at, text.len - at);
			at += len ? len : 1;
			continue;
		}
		len = utf8_char(text.data + at, text.len - at, &bad);
		if (!len)
			return false;
		at += len;
	}
	return true;
}

size_t utf8_cut(struct bytes text, size_t most)
{
	if (text.len <= most)
		return text.len;
	while (most > 0 && is_continuation((unsigned char)text.data[most]))
		most--;
	return most;
}

size_t utf8_encode(uint32_t code, char ret_bytes[4])
{
	static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		ret_bytes[i] = (char)(0x80 | (code & 0x3F));
	ret_bytes[0] = (char)(marks[len] | code);
	return len;
}
