/* Reading canonical text again. It is known to be good, so every step is a look at one byte or a search for the end of a value. */
#include "core/json/scan.h"

#include <stdint.h>
#include <string.h>

enum json_type json_type_of(struct bytes value)
{
	switch (value.data[0]) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Marks the bytes of `word` that are `c` with their highest bit; the first one marked (in value, the least) is certain. */
static uint64_t marks_of(uint64_t word, char c)
{
	uint64_t zero = word ^ (ONES * (unsigned char)c);

	return (zero - ONES) & ~zero & HIGHS;
}

/* How many bytes of a word come before the first marked one, in memory's order. */
static size_t before_mark(uint64_t marks)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(marks) / 8;
#else
	(void)marks;
	return 0; /* the byte by byte search finds it */
#endif
}

/* The next `"` or `\` at or after `at`; there is one before `end`. */
static const char *find_quote(const char *at, const char *end)
{
	for (; (size_t)(end - at) >= sizeof(uint64_t); at += sizeof(uint64_t)) {
		uint64_t word, marks;

		memcpy(&word, at, sizeof(word));
		marks = marks_of(word, '"') | marks_of(word, '\\');
		if (marks) {
			at += before_mark(marks);
			break;
		}
	}
	while (*at != '"' && *at != '\\')
		at++;
	return at;
}

/* `at` is on the opening quote; the result is past the closing one. */
static const char *string_end(const char *at, const char *end)
{
	at = find_quote(at + 1, end);
	while (*at == '\\')
		at = find_quote(at + 2, end);
	return at + 1;
}

/* Past the bracket that closes the one at `at`. */
static const char *container_end(const char *at, const char *end)
{
	size_t depth = 0;

	do {
		switch (*at) {
		case '"':
			at = string_end(at, end);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		}
		at++;
	} while (depth);
	return at;
}

static const char *value_end(const char *at, const char *end)
{
	switch (*at) {
	case '"':
		return string_end(at, end);
	case '{':
	case '[':
		return container_end(at, end);
	default:
		while (at < end && *at != ',' && *at != '}' && *at != ']')
			at++;
		return at;
	}
}

struct bytes json_value_at(struct bytes value, size_t place)
{
	const char *at = value.data + place, *end = value.data + value.len;

	return bytes_make(at, (size_t)(value_end(at, end) - at));
}

struct json_walk json_members(struct bytes container)
{
	return (struct json_walk){container.data + 1, container.data + container.len - 1};
}

/* Only a key is followed by a colon: so the walk need not know whose members it reads. */
bool json_next(struct json_walk *walk, struct bytes *ret_key, struct bytes *ret_value)
{
	const char *at = walk->at, *end;

	if (at >= walk->end)
		return false;
	if (*at == ',')
		at++;
	end = value_end(at, walk->end);
	if (end < walk->end && *end == ':') {
		if (ret_key)
			*ret_key = bytes_make(at, (size_t)(end - at));
		at = end + 1;
		end = value_end(at, walk->end);
	}
	*ret_value = bytes_make(at, (size_t)(end - at));
	walk->at = end;
	return true;
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* `at` is past the backslash. Of \u canonical text has only 00xx. Returns what it took. */
static size_t add_unescaped(struct buf *out, const char *at)
{
	static const char meanings[128] = {
		['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['"'] = '"', ['\\'] = '\\'};

	if (*at != 'u') {
		buf_add_char(out, meanings[(unsigned char)*at & 127]);
		return 1;
	}
	buf_add_char(out, (char)(hex_value(at[3]) << 4 | hex_value(at[4])));
	return 5;
}

void json_string_decode(struct buf *out, struct bytes string)
{
	const char *at = string.data + 1, *end = string.data + string.len - 1;

	while (at < end) {
		const char *slash = memchr(at, '\\', (size_t)(end - at));
		const char *stop = slash ? slash : end;

		buf_add(out, at, (size_t)(stop - at));
		at = stop;
		if (slash)
			at += 1 + add_unescaped(out, slash + 1);
	}
}
