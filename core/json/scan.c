/*
 * The strict scanner: one pass by recursive descent that checks RFC 8259 and writes the canonical text as it goes. Repeated keys are
 * noted on the way and dealt with at the end (repeats.c), because nearly no message has any.
 */
#include "core/json/scan.h"
#include "core/json/scan_internal.h"

#include <stdlib.h>

static enum json_error scan_value(struct json_scan *s);

const char *json_error_text(enum json_error e)
{
	static const char *const texts[] = {
		[JSON_OK] = "valid JSON",
		[JSON_ERROR_SYNTAX] = "not valid JSON",
		[JSON_ERROR_UTF8] = "invalid UTF-8",
		[JSON_ERROR_SURROGATE] = "half of a surrogate pair in a string",
		[JSON_ERROR_DEPTH] = "more than 512 open brackets",
		[JSON_ERROR_TRAILING] = "text after the value",
		[JSON_ERROR_END] = "ends in the middle of a value",
		[JSON_ERROR_MEMORY] = "out of memory",
	};

	return texts[e];
}

static void skip_space(struct json_scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
		s->at++;
}

/* The next character after white space, not taken; 0 at the end (a NUL in the text is wrong wherever this is asked). */
static char peek(struct json_scan *s)
{
	skip_space(s);
	return s->at < s->end ? *s->at : '\0';
}

static enum json_error wrong_here(const struct json_scan *s)
{
	if (s->at == s->end)
		return JSON_ERROR_END;
	return JSON_ERROR_SYNTAX;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* At least one. */
static bool skip_digits(const char **at, const char *end)
{
	const char *first = *at;

	while (*at < end && is_digit(**at))
		++*at;
	return *at > first;
}

static bool skip_any_of(const char **at, const char *end, char a, char b)
{
	if (*at == end || (**at != a && **at != b))
		return false;
	++*at;
	return true;
}

/* Moves *at past a number's text; false: *at is where it went wrong. */
static bool skip_number(const char **at, const char *end)
{
	skip_any_of(at, end, '-', '-');
	if (!skip_any_of(at, end, '0', '0') && !skip_digits(at, end))
		return false;
	if (skip_any_of(at, end, '.', '.') && !skip_digits(at, end))
		return false;
	if (!skip_any_of(at, end, 'e', 'E'))
		return true;
	skip_any_of(at, end, '+', '-');
	return skip_digits(at, end);
}

bool json_is_number(struct bytes text)
{
	const char *at = text.data;

	return text.len > 0 && skip_number(&at, text.data + text.len) && at == text.data + text.len;
}

static void write_bytes(struct json_scan *s, const char *from, size_t len)
{
	memcpy(s->write, from, len);
	s->write += len;
}

static enum json_error scan_number(struct json_scan *s)
{
	const char *first = s->at;

	if (!skip_number(&s->at, s->end))
		return wrong_here(s);
	write_bytes(s, first, (size_t)(s->at - first));
	return JSON_OK;
}

static enum json_error scan_word(struct json_scan *s, struct bytes word)
{
	for (size_t i = 0; i < word.len; i++, s->at++)
		if (s->at == s->end || *s->at != word.data[i])
			return wrong_here(s);
	write_bytes(s, word.data, word.len);
	return JSON_OK;
}

static enum json_error member_push(struct json_scan *s, struct json_member member)
{
	if (s->n_members == s->size_members) {
		bool first = s->members == s->few;
		struct json_member *more = realloc(first ? NULL : s->members, 2 * s->size_members * sizeof(*more));

		if (!more)
			return JSON_ERROR_MEMORY;
		if (first)
			memcpy(more, s->few, sizeof(s->few));
		s->members = more;
		s->size_members *= 2;
	}
	s->members[s->n_members++] = member;
	return JSON_OK;
}

static enum json_error scan_member(struct json_scan *s)
{
	const char *key = s->write;
	struct json_member member = {.key = (uint32_t)(key - s->text)};
	enum json_error e;

	if (peek(s) != '"')
		return wrong_here(s);
	e = json_scan_string(s);
	if (e)
		return e;
	if (peek(s) != ':')
		return wrong_here(s);
	member.hash = json_hash(key, (size_t)(s->write - key));
	s->at++;
	*s->write++ = ':';
	member.value = (uint32_t)(s->write - s->text);
	e = member_push(s, member);
	return e ? e : scan_value(s);
}

/* Elements between the brackets, the opening one taken; `scan_one` reads one of them. */
static enum json_error scan_list(struct json_scan *s, char close, enum json_error (*scan_one)(struct json_scan *s))
{
	bool more = peek(s) != close;

	while (more) {
		enum json_error e = scan_one(s);
		char next;

		if (e)
			return e;
		next = peek(s);
		if (next != close && next != ',')
			return wrong_here(s);
		more = next == ',';
		if (more) {
			s->at++;
			*s->write++ = ',';
		}
	}
	s->at++;
	*s->write++ = close;
	return JSON_OK;
}

static enum json_error scan_object(struct json_scan *s)
{
	const uint32_t open = (uint32_t)(s->write - s->text);
	const size_t first = s->n_members;
	enum json_error e;

	*s->write++ = *s->at++;
	e = scan_list(s, '}', scan_member);
	if (!e && s->n_members - first > 1)
		e = json_note_repeats(s, first, open);
	s->n_members = first;
	return e;
}

static enum json_error scan_array(struct json_scan *s)
{
	*s->write++ = *s->at++;
	return scan_list(s, ']', scan_value);
}

static enum json_error scan_nested(struct json_scan *s, enum json_error (*scan)(struct json_scan *s))
{
	enum json_error e;

	if (s->depth == JSON_DEPTH_MOST)
		return JSON_ERROR_DEPTH;
	s->depth++;
	e = scan(s);
	s->depth--;
	return e;
}

static enum json_error scan_value(struct json_scan *s)
{
	switch (peek(s)) {
	case '"':
		return json_scan_string(s);
	case '{':
		return scan_nested(s, scan_object);
	case '[':
		return scan_nested(s, scan_array);
	case 't':
		return scan_word(s, BYTES_LITERAL("true"));
	case 'f':
		return scan_word(s, BYTES_LITERAL("false"));
	case 'n':
		return scan_word(s, BYTES_LITERAL("null"));
	default:
		return scan_number(s);
	}
}

static enum json_error scan_whole(struct json_scan *s, size_t *ret_used, struct bytes text)
{
	enum json_error e = scan_value(s);

	if (e)
		return e;
	if (ret_used)
		*ret_used = (size_t)(s->at - text.data);
	if (s->repeats.len)
		e = json_drop_repeats(s);
	if (e)
		return e;
	skip_space(s);
	return s->at < s->end ? JSON_ERROR_TRAILING : JSON_OK;
}

enum json_error json_canonical(struct bytes text, struct buf *out, size_t *ret_used)
{
	struct json_scan s = {.at = text.data, .size_members = sizeof(s.few) / sizeof(s.few[0])};
	enum json_error e;

	if (text.len == 0)
		return JSON_ERROR_END;
	if (text.len > UINT32_MAX) /* places in the text are kept in 32 bits */
		return JSON_ERROR_MEMORY;
	s.text = buf_reserve(out, text.len + JSON_SLACK);
	if (!s.text)
		return JSON_ERROR_MEMORY;
	s.end = text.data + text.len;
	s.write = s.text;
	s.members = s.few;

	e = scan_whole(&s, ret_used, text);
	if (!e || e == JSON_ERROR_TRAILING)
		out->len += (size_t)(s.write - s.text);

	if (s.members != s.few)
		free(s.members);
	buf_finish(&s.repeats);
	buf_finish(&s.kept);
	return e;
}
