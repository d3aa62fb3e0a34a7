/*
 * Lines, at the speed of memory: plain text is most of what passes here, and it is looked at sixteen bytes at a time. The vectors are
 * GCC's portable ones, for which every machine has instructions or a loop.
 */
#include "core/protocol/lines.h"

#include <string.h>

typedef unsigned char vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static vector load(const char *at)
{
	vector v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static bool any(vector v)
{
	halves h = (halves)v;

	return h[0] | h[1];
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

const char *line_find_end(const char *at, const char *end)
{
	for (; (size_t)(end - at) >= sizeof(vector); at += sizeof(vector)) {
		vector v = load(at);

		if (any((vector)(v == '\n') | (vector)(v == '\r')))
			break;
	}
	while (at < end && !is_line_end(*at))
		at++;
	return at;
}

const char *find_pair(const char *at, const char *end, char first, char second)
{
	for (; (size_t)(end - at) > sizeof(vector); at += sizeof(vector))
		if (any((vector)(load(at) == (unsigned char)first) & (vector)(load(at + 1) == (unsigned char)second)))
			break;
	for (; end - at >= 2; at++)
		if (at[0] == first && at[1] == second)
			return at;
	return NULL;
}

const char *line_find_last_start(const char *at, const char *end)
{
	const char *newline = memrchr(at, '\n', (size_t)(end - at));
	const char *after = newline ? newline + 1 : at;
	const char *cr = memrchr(after, '\r', (size_t)(end - after));

	if (cr)
		return cr + 1;
	return newline ? after : NULL;
}

/* Counts in [at, end), of which at[-1] can be read; stops before the last bytes that fill no vector. */
static uint64_t count_vectors(const char **at, const char *end)
{
	uint64_t n = 0;

	while ((size_t)(end - *at) >= sizeof(vector)) {
		vector sums = {0};

		/* A byte of the sums holds 255 at most. */
		for (int i = 0; i < 255 && (size_t)(end - *at) >= sizeof(vector); i++, *at += sizeof(vector)) {
			vector v = load(*at), before = load(*at - 1);

			sums -= (vector)(v == '\r') | ((vector)(v == '\n') & (vector)(before != '\r'));
		}
		for (size_t i = 0; i < sizeof(vector); i++)
			n += sums[i];
	}
	return n;
}

static bool ends_line(char c, bool after_cr)
{
	return c == '\r' || (c == '\n' && !after_cr);
}

uint64_t line_count_ends(const char *at, const char *end, bool *after_cr)
{
	uint64_t n;

	if (at == end)
		return 0;
	n = ends_line(*at, *after_cr);
	at++;
	n += count_vectors(&at, end);
	for (; at < end; at++)
		n += ends_line(*at, at[-1] == '\r');
	*after_cr = end[-1] == '\r';
	return n;
}

static enum head head_next(enum dialect dialect, enum head head, char c)
{
	/* By what comes: a blank, a colon. `kestra` allows no blanks. */
	static const enum head next[HEADS][2] = {
		[HEAD_START] = {HEAD_START, HEAD_COLON},
		[HEAD_COLON] = {HEAD_PLAIN, HEAD_MARK},
		[HEAD_MARK] = {HEAD_MARK, HEAD_PLAIN},
		[HEAD_PLAIN] = {HEAD_PLAIN, HEAD_PLAIN},
	};

	if (c == ':')
		return next[head][1];
	if (is_blank(c) && dialect == DIALECT_DOC)
		return next[head][0];
	return HEAD_PLAIN;
}

enum head head_read(enum dialect dialect, enum head head, const char *at, const char *end)
{
	for (; at < end && head != HEAD_PLAIN; at++)
		head = head_next(dialect, head, *at);
	return head;
}

const char *head_find_mark(enum dialect dialect, enum head *head, const char *at, const char *end)
{
	while (at < end && *head < HEAD_MARK) {
		*head = head_next(dialect, *head, *at++);
		if (*head == HEAD_MARK)
			return at;
	}
	return NULL;
}
