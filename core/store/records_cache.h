/* What the cache of changed records knows of each table's records (records.c). */
#pragma once

#include "core/store/codec.h"
#include "core/store/records.h"

struct record_kind {
	size_t size;
	void (*pack)(struct buf *b, const void *record);
	void (*unpack)(struct reader *r, void *record);
};

extern const struct record_kind record_kinds[TABLES];
