/*
 * The indexes are a fold over the log: index_apply brings every one of them up to date with one event, and nothing else
 * writes them. To record is to append an event and apply it; to rebuild is to apply the log from its start. One file a
 * kind of index.
 */
#pragma once

#include "core/store/collection.h"
#include "core/store/samples.h"

/** The scopes that a point of an attempt counts in, found once for a run of points of the same attempt. */
#define SCOPES_MOST (COLLECTIONS_MOST + 2 + VALUES_MOST + 1)

struct attempt_scopes {
	event_t attempt; /* 0: not found yet */
	event_t execution;
	bool shown; /* it is its run's latest attempt: groups show it */
	struct scope scopes[SCOPES_MOST];
	unsigned n_scopes;
	unsigned n_collections;		      /* of them, in front */
	struct scope groups[VALUES_MOST + 1]; /* the folders above it, the task's first, its own last */
	unsigned n_groups;
	size_t json_suffix; /* what its points' renderings have in common takes */
	size_t csv_suffix;
	struct sample_hash sample;

	/* For a flood of points: their records, as long as the transaction's generation is `held` - 1. */
	uint64_t serial; /* of these scopes, in this transaction */
	uint64_t held;
	struct intake *intakes[SCOPES_MOST];
	event_t *last_points[SCOPES_MOST];
	unsigned n_last_points;
};

#define NAME_CACHE_SIZE 64

struct cached_name {
	struct buf text;
	uint32_t id;
};

/** The tags of a point. A slot of a cache: it lives until index_tags is asked for others. */
#define TAGS_CACHE_SIZE 64

struct point_tags {
	struct buf text; /* the JSON object */
	unsigned n;
	unsigned n_indexed;
	struct subset *ids; /* of the first n_indexed */
	uint64_t shape;	    /* the same for points whose tags have the same names, in any order; of this transaction alone */
	uint64_t cells;	    /* what they take in a table whose columns they are */
	struct sample_hash set;

	/* For a flood of points: the records that the last one with these tags was counted in (index_point.c). */
	void **targets;
	size_t n_targets;
	uint64_t serial, generation;
	uint32_t name;
};

#define SHAPE_CACHE_SIZE 16
#define SHAPE_NAMES_MOST 256

struct cached_shape {
	uint64_t shape;
	unsigned n;
	uint32_t names[SHAPE_NAMES_MOST];
};

/* What a write transaction keeps between two appends. */
struct recording {
	event_t next; /* number of the next event; 0: not read yet */
	struct buf event;
	struct buf scratch;
	struct attempt_scopes scopes;
	uint64_t next_serial;
	struct cached_name names[NAME_CACHE_SIZE];
	uint32_t next_name;
	struct point_tags tags[TAGS_CACHE_SIZE];
	uint32_t next_tag;
	struct cached_shape shapes[SHAPE_CACHE_SIZE];
	uint64_t next_shape;

	/* Liveness locks: those taken are dropped if the transaction is, those of attempts that ended once it is committed. */
	event_t *taken, *ended;
	size_t n_taken, n_ended;
};

/** The transaction's, made when first asked for. Never NULL: on an error some scratch memory. */
struct recording *recording_of(struct txn *txn);

/** Appends an event and applies it; its number. Errors stick. */
event_t index_append(struct txn *txn, const struct event *event);

void index_apply(struct txn *txn, event_t number, const struct event *event);

/** At the end of a write transaction: before the commit, after it succeeded, and in any case. */
void index_finish(struct txn *txn);
void index_committed(struct txn *txn);
void index_drop(struct txn *txn);

/** Writes the number of the next event (log.c). */
void log_finish(struct txn *txn);

/** The number of a metric's name, made where it is new (index_name.c). */
uint32_t index_name(struct txn *txn, struct bytes text);

/** The tags of a point, their numbers made where they are new (index_tags.c). Never NULL. */
struct point_tags *index_tags(struct txn *txn, struct bytes text);

/** A folder of runs gets series of its own: all points of every series of `from` count in `to` too (index_point.c). */
void index_copy_points(struct txn *txn, struct scope from, struct scope to);

/** Finds the scopes of an attempt (index_run.c). */
struct attempt_scopes *index_scopes(struct txn *txn, event_t attempt);

/** Notes that the state of a scope is `state` from `event` on, if it was another before (index_state.c). */
void index_state(struct txn *txn, struct scope scope, event_t event, enum state state);

/** The state of an execution may have changed by the event `number` (index_execution.c). */
void execution_moved(struct txn *txn, event_t execution, event_t number);

/* One a type of event. */
void apply_execution(struct txn *txn, event_t number, const struct event *event);
void apply_labels(struct txn *txn, event_t number, const struct event *event);
void apply_execution_end(struct txn *txn, event_t number, const struct event *event);
void apply_attempt(struct txn *txn, event_t number, const struct event *event);
void apply_attempt_end(struct txn *txn, event_t number, const struct event *event);
void apply_output(struct txn *txn, event_t number, const struct event *event);
void apply_point(struct txn *txn, event_t number, const struct event *event);
void apply_shrunk(struct txn *txn, event_t number, const struct event *event);
void apply_log(struct txn *txn, event_t number, const struct event *event);
void apply_warning(struct txn *txn, event_t number, const struct event *event);
