/* Growable bytes: see buf.h for the sticky error that lets callers build text without a check a line. */
#include "core/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SIZE_FIRST 64

void buf_finish(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->error = 0;
}

static char *fail(struct buf *b)
{
	b->error = -ENOMEM;
	return NULL;
}

/* Doubling keeps appends linear; a single big append gets just what it asks for. */
static char *grow(struct buf *b, size_t more)
{
	size_t need, size;
	char *data;

	if (__builtin_add_overflow(b->len, more, &need))
		return fail(b);
	size = b->size > SIZE_MAX / 2 ? SIZE_MAX : 2 * b->size;
	if (size < SIZE_FIRST)
		size = SIZE_FIRST;
	if (size < need)
		size = need;
	data = realloc(b->data, size);
	if (!data)
		return fail(b);
	b->data = data;
	b->size = size;
	return data + b->len;
}

char *buf_reserve(struct buf *b, size_t more)
{
	if (b->error)
		return NULL;
	if (b->data && more <= b->size - b->len)
		return b->data + b->len;
	return grow(b, more);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	char *at;

	if (len == 0)
		return;
	at = buf_reserve(b, len);
	if (!at)
		return;
	memcpy(at, data, len);
	b->len += len;
}

void buf_add_bytes(struct buf *b, struct bytes bytes)
{
	buf_add(b, bytes.data, bytes.len);
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
	char *at = buf_reserve(b, 1);

	if (!at)
		return;
	*at = c;
	b->len++;
}

void buf_add_format(struct buf *b, const char *format, ...)
{
	va_list args;
	char *at;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		fail(b);
		return;
	}
	at = buf_reserve(b, (size_t)len + 1);
	if (!at)
		return;
	va_start(args, format);
	vsnprintf(at, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_add_number(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_add(b, digits + first, sizeof(digits) - first);
}

const char *buf_text(struct buf *b)
{
	char *end = buf_reserve(b, 1);

	if (!end)
		return NULL;
	*end = '\0';
	return b->data;
}
