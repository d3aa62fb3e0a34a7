/* Pictures of what the store has, by the plot engine: as files of their own (svg.c), and in pages. */
#pragma once

#include "core/store/series.h"
#include "fs/document/plot.h"

/** What a picture of many points takes at most as a file: then it is padded with blanks to exactly that. */
#define SVG_BYTES ((size_t)64 << 10)

struct svg_form {
	bool small; /* to stand in a page */
	bool bare;  /* labels are the tags' values alone: there is only one name, and the page says it */
	size_t most;
};

/** Appends the inside of a JSON string as the text it stands for. */
void svg_add_decoded(struct bytes inside, struct buf *ret);

/** Appends the picture of a series as of a version: one line per set of tags, whatever their order. -ENOMEM, or the transaction's error. */
int svg_of_points(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, const struct svg_form *form,
		  struct buf *ret);

/** The same of a history: its numbers over the start of their executions, one line per value of a run. */
int svg_of_history(struct txn *txn, event_t history, event_t version, const struct svg_form *form, struct buf *ret);
