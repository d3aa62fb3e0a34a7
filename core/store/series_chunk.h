/* The tables of series, shared by those who read and those who write them: chunks and columns. */
#pragma once

#include "core/store/codec.h"
#include "core/store/series.h"

struct chunk {
	event_t first;
	event_t last;
	uint32_t count;
	struct series_sums sums; /* of the series up to its end */
};

/** The key of a series; of a chunk of it, by its last event. */
struct key series_key(const struct series_id *id);
struct key chunk_key(const struct series_id *id, event_t last);

/** The chunk under the cursor, if it is one of the series. */
bool chunk_here(const struct cursor *c, const struct series_id *id, struct chunk *ret);

/** The first closed chunk whose last event is not before `event`; the last that ends before it. */
bool chunk_seek(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret);
bool chunk_before(struct cursor *c, const struct series_id *id, event_t event, struct chunk *ret);

void chunk_write(struct txn *txn, const struct series_id *id, const struct chunk *chunk);

/** The columns of a series that has more than its record holds. False where there are none; then one after the other. */
bool columns_table(struct txn *txn, const struct series_id *id, struct reader *ret);
bool columns_table_next(struct reader *r, struct column *ret);
void columns_table_write(struct txn *txn, const struct series_id *id, const struct column *columns, unsigned n);
