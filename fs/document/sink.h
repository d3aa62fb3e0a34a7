/*
 * Where documents are written to: a sink counts every byte and keeps those of one window. So the same code tells a
 * document's size (a window of nothing) and gives any part of it, and no document is ever whole in memory.
 */
#pragma once

#include "core/base/buf.h"

struct sink {
	uint64_t at;   /* bytes written so far */
	uint64_t from; /* the window's start */
	char *data;    /* the window, NULL to count alone */
	size_t size;
	size_t len; /* bytes of the window filled */
	bool whole; /* all of the document is to be written, whatever of it the window holds */
};

static inline struct sink sink_counting(void)
{
	return (struct sink){0};
}

static inline struct sink sink_window(uint64_t from, char *data, size_t size)
{
	return (struct sink){.from = from, .data = data, .size = size};
}

/** To count it all and keep what fits. */
static inline struct sink sink_whole(char *data, size_t size)
{
	return (struct sink){.data = data, .size = size, .whole = true};
}

void sink_add(struct sink *s, const char *data, size_t len);
void sink_add_bytes(struct sink *s, struct bytes bytes);
void sink_add_text(struct sink *s, const char *text);

/** Whether the window is full: the rest of the document need not be written. Never while counting. */
static inline bool sink_full(const struct sink *s)
{
	return s->data && !s->whole && s->at >= s->from + s->size;
}

/** How much more need be written. */
static inline uint64_t sink_room(const struct sink *s)
{
	return s->data && !s->whole ? s->from + s->size - s->at : UINT64_MAX;
}

/**
 * Where a reader may take up a document again that must be walked from its start: bytes before, and the place in its
 * source; how long the source is.
 */
struct resume {
	uint64_t at;
	uint64_t place;
	uint64_t len; /* 0: not known */
};
