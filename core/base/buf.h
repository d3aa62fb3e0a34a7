/*
 * Growable bytes. The first failed allocation sticks: later appends do nothing, and the caller asks once, at the end, with buf_error. So
 * text is built straight down, without a check a line.
 */
#pragma once

#include "core/base/bytes.h"
#include "core/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* not NUL-terminated; NULL while empty */
	size_t len;
	size_t size;
	int error; /* 0 or -ENOMEM */
};

#define BUF_INIT ((struct buf){0})

/** Frees the contents and leaves an empty buffer that can be used again. Accepts an empty one. */
void buf_finish(struct buf *b);
#define autobuf cleanup(buf_finish)

/** Forgets contents and error, keeps the memory. */
void buf_clear(struct buf *b);

/** Room for at least `more` further bytes at data + len; NULL (and the sticky error) if there is none. */
char *buf_reserve(struct buf *b, size_t more);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_bytes(struct buf *b, struct bytes bytes);
void buf_add_text(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Decimal digits of n. */
void buf_add_number(struct buf *b, uint64_t n);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return bytes_make(b->data, b->len);
}

/** 0, or -ENOMEM if any append since buf_clear failed. */
static inline int buf_error(const struct buf *b)
{
	return b->error;
}

/** Appends a NUL that len does not count and returns the contents as a C string, owned by the buffer; NULL on -ENOMEM. */
const char *buf_text(struct buf *b);
