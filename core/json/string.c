/*
 * Strings of the scanner: checked, unescaped and escaped again in one go. Most bytes of most messages are plain ASCII inside strings, so
 * those are looked at and copied a word at a time.
 */
#include "core/base/utf8.h"
#include "core/json/scan_internal.h"

#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Some byte of the word is `"`, `\`, below 0x20 or above 0x7F: exact as a yes or no for the whole word. */
static bool word_is_special(uint64_t word)
{
	uint64_t quote = word ^ (ONES * '"');
	uint64_t slash = word ^ (ONES * '\\');

	return ((word - ONES * 0x20) | (quote - ONES) | (slash - ONES) | word) & HIGHS;
}

static bool byte_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void copy_plain(struct json_scan *s)
{
	uint64_t word;

	while ((size_t)(s->end - s->at) >= sizeof(word)) {
		memcpy(&word, s->at, sizeof(word));
		if (word_is_special(word))
			break;
		memcpy(s->write, &word, sizeof(word));
		s->at += sizeof(word);
		s->write += sizeof(word);
	}
	while (s->at < s->end && byte_is_plain((unsigned char)*s->at))
		*s->write++ = *s->at++;
}

static enum json_error copy_utf8(struct json_scan *s)
{
	size_t bad, len = utf8_char(s->at, (size_t)(s->end - s->at), &bad);

	if (!len)
		return JSON_ERROR_UTF8;
	memcpy(s->write, s->at, len);
	s->at += len;
	s->write += len;
	return JSON_OK;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits after `\u`. */
static enum json_error take_hex(struct json_scan *s, uint32_t *ret_code)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++) {
		int digit;

		if (s->at == s->end)
			return JSON_ERROR_END;
		digit = hex_value(*s->at++);
		if (digit < 0)
			return JSON_ERROR_SYNTAX;
		code = code << 4 | (uint32_t)digit;
	}
	*ret_code = code;
	return JSON_OK;
}

/* After a high surrogate: its other half must follow, as an escape too. */
static enum json_error take_low_surrogate(struct json_scan *s, uint32_t *code)
{
	uint32_t low;
	enum json_error e;

	if (s->at == s->end || (s->at + 1 == s->end && *s->at == '\\'))
		return JSON_ERROR_END;
	if (s->at[0] != '\\' || s->at[1] != 'u')
		return JSON_ERROR_SURROGATE;
	s->at += 2;
	e = take_hex(s, &low);
	if (e)
		return e;
	if (low < 0xDC00 || low > 0xDFFF)
		return JSON_ERROR_SURROGATE;
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return JSON_OK;
}

/* What a canonical string shows of an ASCII character, as text_add_json does. */
static void write_ascii(struct json_scan *s, unsigned char c)
{
	static const char shorts[128] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\',
	};
	static const char digits[] = "0123456789abcdef";

	if (shorts[c]) {
		*s->write++ = '\\';
		*s->write++ = shorts[c];
	} else if (c < 0x20) {
		memcpy(s->write, "\\u00", 4);
		s->write[4] = digits[c >> 4];
		s->write[5] = digits[c & 15];
		s->write += 6;
	} else {
		*s->write++ = (char)c;
	}
}

static enum json_error take_unicode_escape(struct json_scan *s)
{
	uint32_t code;
	enum json_error e = take_hex(s, &code);

	if (e)
		return e;
	if (code >= 0xDC00 && code <= 0xDFFF)
		return JSON_ERROR_SURROGATE;
	if (code >= 0xD800 && code <= 0xDBFF)
		e = take_low_surrogate(s, &code);
	if (e)
		return e;
	if (code < 0x80)
		write_ascii(s, (unsigned char)code);
	else
		s->write += utf8_encode(code, s->write);
	return JSON_OK;
}

static enum json_error take_escape(struct json_scan *s)
{
	static const char meanings[128] = {
		['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
	};
	unsigned char c;

	s->at++;
	if (s->at == s->end)
		return JSON_ERROR_END;
	c = (unsigned char)*s->at++;
	if (c == 'u')
		return take_unicode_escape(s);
	if (c >= sizeof(meanings) || !meanings[c])
		return JSON_ERROR_SYNTAX;
	write_ascii(s, (unsigned char)meanings[c]);
	return JSON_OK;
}

enum json_error json_scan_string(struct json_scan *s)
{
	enum json_error e = JSON_OK;

	*s->write++ = *s->at++;
	while (!e) {
		unsigned char c;

		copy_plain(s);
		if (s->at == s->end)
			return JSON_ERROR_END;
		c = (unsigned char)*s->at;
		if (c == '"')
			break;
		if (c == '\\')
			e = take_escape(s);
		else
			e = c < 0x20 ? JSON_ERROR_SYNTAX : copy_utf8(s);
	}
	if (e)
		return e;
	*s->write++ = *s->at++;
	return JSON_OK;
}
