/*
 * The series of a plot by what tells them apart: each new key becomes a series of its own. Keys are hashes, so that a million sets of
 * tags take 16 bytes each; two with the same 64 bits would be drawn as one.
 */
#pragma once

#include "core/base/buf.h"
#include "fs/document/plot.h"

struct svg_slot {
	uint64_t key; /* 0: empty */
	unsigned series;
};

struct svg_series {
	struct plot *plot;
	struct svg_slot *slots; /* a power of two or NULL */
	size_t n_slots;
	size_t used;
};

void svg_series_finish(struct svg_series *s);

/** A key of a text; of several texts whose order matters with the former key as seed, else by adding them up. */
uint64_t svg_key(uint64_t seed, struct bytes text);

/** The series of a key; of one not met before a new one with the label that `write_label` makes. -ENOMEM. */
int svg_series_of(struct svg_series *s, uint64_t key, void (*write_label)(const void *context, struct buf *ret), const void *context,
		  unsigned *ret_series);
