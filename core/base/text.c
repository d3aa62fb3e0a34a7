/* Strings shown inside JSON and inside lines for people. */
#include "core/base/text.h"
#include "core/base/utf8.h"

/* What JSON must escape, by byte; the ones without a short form are \u00xx. */
static const char short_escapes[128] = {
	['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
};

static bool json_escapes(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/*
 * Some byte of the word is `"`, `\` or below 0x20: the classic test for a zero byte, on the word as it is and xor-ed with each of the
 * two.
 */
static bool word_escapes(uint64_t word)
{
	uint64_t quote = word ^ (ONES * '"');
	uint64_t slash = word ^ (ONES * '\\');

	return (((word - ONES * 0x20) & ~word) | ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash)) & HIGHS;
}

/* How much of text[at..] can be copied as it is. */
static size_t plain_run(struct bytes text, size_t at)
{
	size_t start = at;
	uint64_t word;

	for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
		memcpy(&word, text.data + at, sizeof(word));
		if (word_escapes(word))
			break;
	}
	while (at < text.len && !json_escapes((unsigned char)text.data[at]))
		at++;
	return at - start;
}

static void add_json_escape(struct buf *b, unsigned char c)
{
	if (short_escapes[c]) {
		char two[2] = {'\\', short_escapes[c]};

		buf_add(b, two, sizeof(two));
	} else {
		buf_add_format(b, "\\u%04x", c);
	}
}

void text_add_json(struct buf *b, struct bytes text)
{
	for (size_t at = 0; at < text.len;) {
		size_t run = plain_run(text, at);

		buf_add(b, text.data + at, run);
		at += run;
		if (at < text.len)
			add_json_escape(b, (unsigned char)text.data[at++]);
	}
}

void text_add_json_string(struct buf *b, struct bytes text)
{
	buf_add_char(b, '"');
	text_add_json(b, text);
	buf_add_char(b, '"');
}

static void add_hex(struct buf *b, const char *at, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)at[i];
		char four[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

		buf_add(b, four, sizeof(four));
	}
}

static const char *named_escape(char c)
{
	switch (c) {
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	case '\\':
		return "\\\\";
	default:
		return NULL;
	}
}

/* C0, DEL, and C1 (two bytes in UTF-8: C2 80…C2 9F). */
static bool is_control(const char *at, size_t len)
{
	const unsigned char *c = (const unsigned char *)at;

	return len == 1 ? c[0] < 0x20 || c[0] == 0x7F : len == 2 && c[0] == 0xC2 && c[1] < 0xA0;
}

static size_t add_escaped_char(struct buf *b, const char *at, size_t left)
{
	const char *named = named_escape(*at);
	size_t bad, len;

	if (named) {
		buf_add_text(b, named);
		return 1;
	}
	len = utf8_char(at, left, &bad);
	if (!len)
		add_hex(b, at, len = 1);
	else if (is_control(at, len))
		add_hex(b, at, len);
	else
		buf_add(b, at, len);
	return len;
}

void text_add_escaped(struct buf *b, struct bytes text, size_t most)
{
	size_t at = 0;

	for (size_t shown = 0; at < text.len && shown < most; shown++)
		at += add_escaped_char(b, text.data + at, text.len - at);
	if (at < text.len)
		buf_add_text(b, "…");
}
