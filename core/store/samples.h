/*
 * Samples: what the points of a series amount to, per namespace, flow, task and set of tags, whatever their order: the lines of the
 * Prometheus format. Kept as points arrive where a scope has an index by tag, else counted when they are asked for.
 */
#pragma once

#include "core/store/series.h"

/** The first bytes of a SHA-256: no two sets of tags, nor two tasks, are ever taken for each other. */
#define SAMPLE_HASH_LEN 10

struct sample_hash {
	unsigned char at[SAMPLE_HASH_LEN];
};

struct sample_hash sample_hash_of(struct bytes text);

/** Of a set of tags, in any order; of the namespace, flow and task of an attempt. 0 or -ENOMEM. */
int sample_hash_tags(struct bytes tags, struct sample_hash *ret);
int sample_hash_attempt(const struct event *attempt, struct sample_hash *ret);

/** Of both: a sample's. */
struct sample_hash sample_hash_both(const struct sample_hash *attempt, const struct sample_hash *tags);

struct sample {
	struct bytes namespace, flow, task;
	struct bytes tags; /* a JSON object: of the first of its points */
	event_t first;	   /* that point */
	event_t last;	   /* the last of its points */
	unsigned n_totals; /* per type, in the order they appeared */
	struct totals totals[METRIC_TYPES];
};

/** All samples of a series as of a version, in the order of their first points. What `visit` gets lives as long as the call. 0, -ENOMEM, or the transaction's error. */
int samples_visit(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		  void (*visit)(void *context, const struct sample *sample), void *context);

/* Kept up to date (index_point.c): one point more (`known` as of series_add); all of them anew, after points were taken out. */
void sample_add(struct txn *txn, const struct series_id *id, const struct sample_hash *hash, const struct series_point *point,
		void **known);
void samples_rebuild(struct txn *txn, const struct series_id *id, event_t version);
