/* What a new attempt takes out of the folders above it. */
#pragma once

#include "core/store/event.h"

/**
 * The folders above an attempt, and its run's own if there are runs below it, stop showing the points of the attempt before: one event
 * per series, and one per tag in it, so that each such document gets a version that names it.
 */
void record_shrunk(struct txn *txn, event_t attempt, event_t former, usec_t now);
