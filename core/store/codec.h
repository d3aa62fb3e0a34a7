/*
 * Bytes of keys and records. Keys hold event numbers as 5 bytes, most significant first, so that LMDB's byte order is
 * the log's order; records hold varints (LEB128) and little-endian words, read byte by byte because data behind an
 * MDB_val is not aligned.
 *
 * A reader that meets too few bytes sets `bad` and yields zeros; the caller asks once, at the end.
 */
#pragma once

#include "core/base/buf.h"
#include "core/store/store.h"

#include <endian.h>

#define EVENT_KEY_LEN 5

static inline void event_to_key(event_t event, unsigned char *ret_key)
{
	uint64_t big = htobe64(event << (64 - 8 * EVENT_KEY_LEN));

	memcpy(ret_key, &big, EVENT_KEY_LEN);
}

static inline event_t event_of_key(const void *key)
{
	const unsigned char *at = key;
	event_t event = 0;

	for (int i = 0; i < EVENT_KEY_LEN; i++)
		event = event << 8 | at[i];
	return event;
}

static inline void put_u32_key(uint32_t n, unsigned char *ret_key)
{
	n = htobe32(n);
	memcpy(ret_key, &n, sizeof(n));
}

static inline uint32_t u32_of_key(const void *key)
{
	const unsigned char *at = key;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void put_u8(struct buf *b, unsigned n)
{
	buf_add_char(b, (char)n);
}

static inline void put_varint(struct buf *b, uint64_t n)
{
	char *at = buf_reserve(b, 10);
	size_t len = 0;

	if (!at)
		return;
	for (; n >= 0x80; n >>= 7)
		at[len++] = (char)(n | 0x80);
	at[len++] = (char)n;
	b->len += len;
}

static inline void put_u64(struct buf *b, uint64_t n)
{
	char *at = buf_reserve(b, 8);

	if (!at)
		return;
	for (int i = 0; i < 8; i++, n >>= 8)
		at[i] = (char)n;
	b->len += 8;
}

static inline void put_double(struct buf *b, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	put_u64(b, bits);
}

static inline void put_bytes(struct buf *b, struct bytes bytes)
{
	put_varint(b, bytes.len);
	buf_add_bytes(b, bytes);
}

struct reader {
	const unsigned char *at;
	const unsigned char *end;
	bool bad;
};

static inline struct reader reader_of(struct bytes bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.data;

	return (struct reader){at, at + bytes.len, false};
}

static inline bool reader_has(struct reader *r, uint64_t len)
{
	if ((uint64_t)(r->end - r->at) >= len)
		return true;
	r->bad = true;
	r->at = r->end;
	return false;
}

static inline unsigned get_u8(struct reader *r)
{
	return reader_has(r, 1) ? *r->at++ : 0;
}

static inline uint64_t get_varint(struct reader *r)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned byte = get_u8(r);

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return n;
	}
	r->bad = true;
	return 0;
}

static inline uint64_t get_u64(struct reader *r)
{
	uint64_t n = 0;

	if (!reader_has(r, 8))
		return 0;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | r->at[i];
	r->at += 8;
	return n;
}

static inline double get_double(struct reader *r)
{
	uint64_t bits = get_u64(r);
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/** A view into what is read. */
static inline struct bytes get_bytes_len(struct reader *r, uint64_t len)
{
	struct bytes bytes;

	if (!reader_has(r, len))
		return bytes_make(NULL, 0);
	bytes = bytes_make(r->at, (size_t)len);
	r->at += len;
	return bytes;
}

static inline struct bytes get_bytes(struct reader *r)
{
	return get_bytes_len(r, get_varint(r));
}

static inline struct bytes get_rest(struct reader *r)
{
	return get_bytes_len(r, (uint64_t)(r->end - r->at));
}
