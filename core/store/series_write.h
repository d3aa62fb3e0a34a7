/* How series grow and shrink, for the appliers of events (index_point.c). */
#pragma once

#include "core/store/index.h"
#include "core/store/series.h"

/**
 * `id`: scope, subset, name. True where the series is new. `known` (may be NULL): the series' record, NULL where it is not known yet; set.
 */
bool series_add(struct txn *txn, const struct series_id *id, const struct series_point *point, void **known);

/** The points that a superseded attempt had in the series are no longer shown, as of `event` (a SHRUNK one): all sums are made anew from those that stay. */
void series_shrink(struct txn *txn, const struct series_id *id, event_t event);
