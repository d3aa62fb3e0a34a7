/*
 * What a tree remembers between requests to save work. Nothing depends on it: nodes never change, so what is remembered
 * can be wrong never, only missing. Fixed in size, direct-mapped: a newer node takes the place of an older one.
 */
#pragma once

#include "fs/document/sink.h"
#include "fs/tree/tree.h"

#include <pthread.h>

#define MEMORY_SIZES 4096
#define MEMORY_RESUMES 256

/* Texts rendered last: so many, each of at most so many bytes, together of at most so many. */
#define MEMORY_TEXTS 64
#define MEMORY_TEXT_MOST ((size_t)8 << 20)
#define MEMORY_TEXTS_BYTES ((size_t)16 << 20)

struct memory {
	pthread_mutex_t lock;
	struct {
		node_t node;
		uint64_t size;
	} sizes[MEMORY_SIZES];
	struct {
		node_t node;
		struct resume resume;
	} resumes[MEMORY_RESUMES];
	struct {
		node_t node;
		char *text;
		size_t len;
	} texts[MEMORY_TEXTS];
	size_t text_bytes; /* of all texts */
	size_t oldest;	   /* where to look first for one to drop */
};

void memory_init(struct memory *m);
void memory_finish(struct memory *m);

/** The size of a document that was rendered to know it. */
bool memory_size(struct memory *m, node_t node, uint64_t *ret_size);
void memory_keep_size(struct memory *m, node_t node, uint64_t size);

/** Where the last read of a long document ended; zeroed where that is not known. */
struct resume memory_resume(struct memory *m, node_t node);
void memory_keep_resume(struct memory *m, node_t node, struct resume resume);

/** The text of a document that was rendered to know its size (copied): fills the window of `sink`. False where it is not known. */
bool memory_read_text(struct memory *m, node_t node, struct sink *sink);
void memory_keep_text(struct memory *m, node_t node, const char *text, size_t len);
