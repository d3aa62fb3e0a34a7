/*
 * Series: the points of one name in one scope, as a document shows them. The promise: how many bytes they take is known
 * at once, for every version, and the point at any offset is found without reading those before it, as long as no
 * points were taken out (then it takes a walk from the start).
 *
 * Points are not copied. A chunk names a stretch of the log (first and last event, how many points of ours are in it,
 * bytes so far); whoever reads it passes over what lies between. A chunk is closed before that gets expensive: at
 * CHUNK_POINTS, or when others' events take more room than ours.
 *
 * A version is the number of the last event that changed the series. All functions that take one show the series as it
 * was then.
 */
#pragma once

#include "core/store/event.h"

#define CHUNK_POINTS 256
#define CHUNK_EVENTS_PER_POINT 16
#define CHUNK_EVENTS_SPARE 64

/** Which series; `text` is the name as a point has it (the inside of a JSON string), a view. */
struct series_id {
	struct scope scope;
	uint32_t tag; /* 0: all points */
	uint32_t name;
	struct bytes text;
};

/** What one point adds. */
struct series_point {
	event_t number;
	uint64_t bytes;
	enum metric_type type;
	usec_t timestamp;
	double value;
};

void series_add(struct txn *txn, struct scope scope, uint32_t tag, uint32_t name, const struct series_point *point);

/** Takes the points of `attempt` out, as of `event` (a SHRUNK one). */
void series_shrink(struct txn *txn, const struct series_id *id, event_t attempt, event_t event);

/** Adds all points of every series of `from` to `to`. */
void series_copy(struct txn *txn, struct scope from, struct scope to);

/* Reading */

/**
 * Names in the order their first points came: `from` (0: the start) is where to begin, *ret_next the place after. False
 * at the end. Hidden series (all points taken out) are among them.
 */
bool series_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_next, uint32_t *ret_name);

/** Bytes that the points take as of `version` (point_bytes each). */
uint64_t series_bytes(struct txn *txn, const struct series_id *id, const struct series *s, event_t version);

/** A walk over the points in the log's order. Lives on the stack; series_scan_finish before the transaction ends. */
struct series_scan {
	struct txn *txn;
	const struct series_id *id;
	const struct series *series;
	event_t version;
	struct cursor chunks;
	struct cursor log;
	bool log_open; /* the log's cursor stands in the chunk */
	event_t chunk_last;
	uint32_t left;	/* points of the chunk still to come */
	bool in_tail;	/* in the newest chunk, which the series record holds */
	event_t tested; /* the attempt last asked for, and whether its points are shown */
	bool shown;
};

/** From the first point; or from the start of the chunk that holds the byte `offset`: *ret_at is where that chunk begins. */
void series_scan_init(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		      uint64_t offset, uint64_t *ret_at);
bool series_scan_next(struct series_scan *scan, event_t *ret_number, struct event *ret_point);
void series_scan_finish(struct series_scan *scan);
#define autoscan cleanup(series_scan_finish)

/** The totals as of `version`, in the order the types appeared; how many. Reads the points unless `version` is the newest. */
unsigned series_totals(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		       struct totals ret[METRIC_TYPES]);

/** Adds one point to totals. */
void totals_add(struct totals totals[METRIC_TYPES], unsigned *n, enum metric_type type, usec_t timestamp, double value);
