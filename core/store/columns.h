/*
 * Points as rows of a table: which tags are columns. In the order in which they first appeared in a series, up to COLUMNS_MOST; the
 * tags beyond go into one last cell, as a JSON object. Whether a tag is a column of its own never changes, so what a
 * point's tags take is known when it is recorded: only the commas of the columns it has nothing for are counted later.
 */
#pragma once

#include "core/store/series.h"

#define COLUMNS_MOST 256
#define COLUMNS_SLOTS 1024

struct columns {
	unsigned n;
	struct bytes names[COLUMNS_MOST]; /* insides of JSON strings: views */
	uint32_t tags[COLUMNS_MOST];	  /* their numbers; 0 of one that was learnt */
	event_t since[COLUMNS_MOST];
	event_t more;		       /* the first point with tags beyond; 0: none */
	uint16_t slots[COLUMNS_SLOTS]; /* 1 + number of a column, by the hash of its name; 0: empty */
};

/** The columns of a series as of a version. */
void columns_at(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct columns *ret);

/** A column more, the last: there is room, and its name is none of the others. */
void columns_add(struct columns *columns, struct bytes name, uint32_t tag, event_t since);

/** Takes in the tags of a point: new names become columns as long as there is room. True if anything is new. */
bool columns_learn(struct columns *columns, struct bytes tags, event_t point);

/** Whether the columns are the tags of a point, in their order, or the first of them where they are too many. */
bool columns_are(const struct columns *columns, struct bytes tags);

/** Commas that stand in every row for the cells of tags. */
unsigned columns_blank(const struct columns *columns);

/** What the cells of a point's tags take without their commas; the cells, each with its comma in front. */
uint64_t columns_cells(const struct columns *columns, struct bytes tags);
void columns_write(const struct columns *columns, struct bytes tags, struct buf *ret);
