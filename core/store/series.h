/*
 * Series: the points of one name in one scope (and, in an index by tag, of one tag), as a document shows them. The promise: how many
 * bytes they take in every format is known at once, for the newest version, and the point at any offset is found
 * without reading those before it, as long as no points were taken out (then it takes a walk from the start).
 *
 * Points are not copied. A chunk names a stretch of the log (first and last event, how many points of ours are in it,
 * sums so far); whoever reads it passes over what lies between. A chunk is closed before that gets expensive: at
 * CHUNK_POINTS, or when others' events take more room than ours.
 *
 * A version is the number of the last event that changed the series. All functions that take one show the series as it
 * was then.
 */
#pragma once

#include "core/store/event.h"
#include "core/store/tags.h"

#define CHUNK_POINTS 256
#define CHUNK_EVENTS_PER_POINT 16
#define CHUNK_EVENTS_SPARE 64

/** What one point adds to a series; `tags` (index.h) only where it is recorded. */
struct point_tags;

struct series_point {
	event_t number;
	uint64_t json_bytes;
	uint64_t csv_bytes; /* without the cells of its tags */
	enum metric_type type;
	usec_t timestamp;
	double value;
	struct point_tags *tags;
};

/** Which series. The caller sets scope, name, text and tag; series_open the rest. */
struct series_id {
	struct scope scope;
	uint32_t name;
	struct bytes text; /* the name as a point has it (the inside of a JSON string), a view */
	struct tag tag;	   /* none: all points of the name */
	struct subset subset;
};

/** Reads what is known of a series. False where it has none (a hidden series, whose points were all taken out, is there). */
bool series_open(struct txn *txn, struct series_id *id, struct series *ret);

/** The version of a series: 0 where it shows no point now. Of one that series_open had to filter it takes a walk through a few. */
event_t series_version(struct txn *txn, const struct series_id *id, const struct series *s);

/**
 * Names in the order their first points came: `from` (0: the start) is where to begin, *ret_next the place after. False
 * at the end. Hidden series are among them.
 */
bool series_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_next, uint32_t *ret_name);

/** What the points take, as of a version. */
struct series_sums {
	uint64_t count;
	uint64_t json_bytes; /* point_bytes each */
	uint64_t csv_bytes;  /* point_csv_bytes each, without the cells of tags that a point does not bear (columns.h) */
};

void series_sums(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct series_sums *ret);

/** The totals as of `version`, in the order the types appeared; how many. Reads the points unless `version` is the newest. Of all points of a name only. */
unsigned series_totals(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		       struct totals ret[METRIC_TYPES]);

/** Adds one point to totals. */
void totals_add(struct totals totals[METRIC_TYPES], unsigned *n, const struct series_point *point);

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

/** Offsets are counted in what the points before take of one of these. */
enum series_measure { MEASURE_JSON, MEASURE_CSV };

/**
 * From the first point; or from the start of a chunk that begins at or before the byte `offset`: *ret_before is what the points before it
 * take. `blank`: what each point takes beyond its measure (the commas of columns).
 */
void series_scan_init(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version);
void series_scan_init_at(struct series_scan *scan, struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
			 enum series_measure measure, unsigned blank, uint64_t offset, struct series_sums *ret_before);
bool series_scan_next(struct series_scan *scan, event_t *ret_number, struct event *ret_point);
void series_scan_finish(struct series_scan *scan);
#define autoscan cleanup(series_scan_finish)
