/*
 * The records of the indexes: what is known now of each execution, run, attempt, group and series. All of it is a fold
 * over the log: it could be thrown away and made again by applying every event once more (core/store/index.h).
 *
 * Event numbers serve as ids throughout: an execution is the event that showed it first, an attempt the event that
 * began it, a run its first attempt, a flow its first execution.
 */
#pragma once

#include "core/base/clock.h"
#include "core/protocol/message.h"
#include "core/store/kv.h"
#include "core/store/record.h"

/**
 * A group is a folder of runs: a task (depth 0), or one value of a task's runs (depth 1: `runs/<value>`, deeper for
 * nested loops). It is known by the attempt that made it and its depth, since one attempt may make several at once.
 *
 * A namespace is known by the first execution in it or below it, and by the number of its dots, since one execution may
 * bring several at once (`a`, `a.b`).
 *
 * A scope is what a metrics folder stands for.
 */
enum scope_code { SCOPE_ROOT, SCOPE_FLOW, SCOPE_EXECUTION, SCOPE_ATTEMPT, SCOPE_GROUP = 16, SCOPE_NAMESPACE = 128 };

/** Dots a namespace can have: 150 characters, every other one a dot. */
#define NAMESPACE_DOTS_MOST 74

struct scope {
	unsigned code; /* of a group SCOPE_GROUP + depth, of a namespace SCOPE_NAMESPACE + dots */
	event_t event;
};

#define SCOPE_KEY_LEN 6

static inline struct scope scope_of(unsigned code, event_t event)
{
	return (struct scope){code, event};
}

static inline struct scope scope_group(event_t event, unsigned depth)
{
	return (struct scope){SCOPE_GROUP + depth, event};
}

static inline bool scope_is_group(struct scope s)
{
	return s.code >= SCOPE_GROUP && s.code < SCOPE_NAMESPACE;
}

static inline struct scope scope_namespace(event_t event, unsigned dots)
{
	return (struct scope){SCOPE_NAMESPACE + dots, event};
}

/** Everything, a namespace with those below it, or a flow: what has a collection record. */
static inline bool scope_is_collection(struct scope s)
{
	return s.code == SCOPE_ROOT || s.code == SCOPE_FLOW || s.code >= SCOPE_NAMESPACE;
}

static inline unsigned scope_depth(struct scope s)
{
	return s.code - SCOPE_GROUP;
}

static inline bool scope_equal(struct scope a, struct scope b)
{
	return a.code == b.code && a.event == b.event;
}

/** How many runs are in each state, by their latest attempts. */
struct tally {
	uint32_t of[STATES];
};

/** RUNNING while one is, else the worst: FAILED, KILLED, WARNING, SUCCESS. */
enum state tally_state(const struct tally *tally);
/** The worst of those that have ended; SUCCESS where none has. */
enum state tally_worst(const struct tally *tally);

/** What a scope has ever taken: decides whether it has an index by tag (tags.h). Never decreases. */
struct intake {
	uint64_t taken; /* points, and their tags */
	bool tagged;	/* one of them had tags */
};

/* Each `last_…` is the number of the last event that changed such a document, that is its version; 0 where there was none yet. */

struct execution {
	event_t flow; /* the first execution of its flow */
	bool begun;   /* by --begin: RUNNING until its end */
	bool closed;
	enum state given; /* by its end; STATE_NONE: the worst of its runs' */
	enum state shown; /* under which the collections have it; STATE_NONE: not yet */
	event_t last_event;
	event_t last_output;
	event_t last_point;
	struct intake intake;
	struct tally runs;
};

/** The executions of a flow, of a namespace and those below it, or all. */
struct collection {
	event_t last_event; /* that added an execution or changed the state of one */
	event_t last_point;
	struct intake intake;
	struct tally executions; /* by their states */
};

/** One output of one task over the executions of a flow. Its id is the event that set it first. */
struct history {
	event_t last;	     /* its version: an output set, or an attempt that took the former one's outputs away */
	uint32_t last_place; /* of an attempt: which of the former attempt's outputs this is, from 1; of an output 0 */
	uint64_t rows;
	uint64_t not_numbers; /* rows whose value is none */
	uint64_t json_bytes;  /* of all rows (history.h) */
	uint64_t csv_bytes;
};

/** Exit code of an attempt that runs or whose helper was lost. */
#define EXIT_CODE_NONE (-1)

struct run {
	event_t group_event; /* its folder */
	unsigned depth;
	event_t attempt; /* the latest */
	unsigned attempts;
};

struct attempt_record {
	event_t execution;
	event_t run;
	event_t group_event;
	unsigned depth;
	unsigned number;
	event_t previous; /* attempt of the run, 0 of the first */
	event_t next;
	event_t end; /* the event that ended it, 0 while it runs */
	enum state state;
	int exit_code;
	event_t last_output;
	event_t last_point;
	struct intake intake;
};

struct group {
	struct scope parent; /* an execution or a group */
	event_t run;	     /* whose folder this is; 0 where it only holds others */
	event_t run_began;   /* the event that gave it the run */
	uint32_t children;
	event_t last_output; /* over all its runs */
	event_t last_point;
	struct intake intake;
	struct tally runs;
};

/** What the points of one type of a series amount to. */
struct totals {
	enum metric_type type;
	uint64_t count;
	double sum; /* in the log's order; may leave the range of a double */
	double min;
	double max;
	double last;
	usec_t first; /* least and greatest timestamps */
	usec_t latest;
};

/**
 * Which points of a name a series has: all of them (0, 0), or in an index by tag those that bear one: the numbers of the
 * tag's name and of the tag (tags.h).
 */
struct subset {
	uint32_t tag;
	uint32_t pair;
};

/** A column of the points as a table: a tag's name, and the point that brought it (columns.h). */
struct column {
	uint32_t tag;
	event_t since;
};

/** So many stand in the record of the series; where there are more, all of them stand in a table of their own. */
#define COLUMNS_KEPT 4

/**
 * The points of one name in one scope. Its chunks cut it into runs of neighbours in the log; the newest chunk is kept
 * here, the former ones in a table of their own.
 */
struct series {
	event_t first; /* its place among the names of the scope */
	event_t last;  /* its version */
	event_t chunk_first;
	event_t chunk_last; /* last point, 0 where the chunk is empty */
	uint32_t chunk_count;
	uint64_t json_bytes; /* of all points as JSON lines, their separators included */
	uint64_t csv_bytes;  /* of all points as rows, without the cells of tags they do not bear */
	uint64_t count;	     /* of points shown */
	event_t shrunk;	     /* the last event that took points out */
	bool first_columns;  /* the columns are the tags of the first point: nearly always, and then no list of them is kept */
	unsigned n_columns;  /* of the list */
	event_t more;	     /* the first point with tags beyond the columns */
	struct column columns[COLUMNS_KEPT];
	unsigned n_totals;		    /* of all points of a name only */
	struct totals totals[METRIC_TYPES]; /* in the order the types appeared */

	/* Not stored: */
	uint64_t shape; /* while recording: tags with these names (point_tags.shape) are known to be columns */
	bool alone;	/* and are all the columns there are, the first of them where there are too many */
	bool filter;	/* while reading: the series of all points, to be searched for those with the tag */
};

/** What the points of one namespace, flow, task and set of tags amount to (samples.h). */
struct sample_record {
	event_t first; /* of its points; 0: none */
	event_t last;
	unsigned n_totals;
	struct totals totals[METRIC_TYPES];
};

#define RECORD_KEY_MOST 24

/* Changed records of a write transaction, decoded, so that a flood of points does not pay for an encoding each. */
struct record_cache {
	struct record_slot **slots;
	size_t n_slots; /* a power of two or 0 */
	size_t used;
};

/**
 * Reads the record of `table` at `key` into *ret (of the table's struct). False where there is none (*ret is zeroed) or on an error.
 */
bool record_get(struct txn *txn, enum table table, struct bytes key, void *ret);

/**
 * The record to be changed in place, zeroed where there was none; valid to the end of the update or the next
 * records_flush. Never NULL: on an error (sticky) some scratch memory.
 */
void *record_edit(struct txn *txn, enum table table, struct bytes key);

/**
 * Writes the changed records to their tables, in key order, and forgets them: before a scan of such a table, before the
 * commit, and when there are many.
 */
void records_flush(struct txn *txn);
void records_drop(struct record_cache *cache);

/** Keys, each with its length; the struct lives as long as its view is used. */
struct key {
	unsigned char at[RECORD_KEY_MOST];
	size_t len;
};

static inline struct bytes key_bytes(const struct key *key)
{
	return bytes_make(key->at, key->len);
}

struct key key_event(event_t event);
struct key key_events(event_t first, event_t second);
struct key key_scope(struct scope scope);
struct key key_scope_event(struct scope scope, event_t event);
struct key key_series(struct scope scope, struct subset subset, uint32_t name);
/** Where a key with a scope in front begins. */
struct scope scope_of_key(const void *key);

/* Typed editing: record_edit by id. */
struct execution *execution_edit(struct txn *txn, event_t id);
struct attempt_record *attempt_edit(struct txn *txn, event_t id);
struct group *group_edit(struct txn *txn, struct scope scope);
struct collection *collection_edit(struct txn *txn, struct scope scope);
struct history *history_edit(struct txn *txn, event_t id);

/* Typed reading. False where it is not there. */
bool execution_get(struct txn *txn, event_t id, struct execution *ret);
bool run_get(struct txn *txn, event_t execution, event_t id, struct run *ret);
bool attempt_get(struct txn *txn, event_t id, struct attempt_record *ret);
bool group_get(struct txn *txn, struct scope scope, struct group *ret);
bool collection_get(struct txn *txn, struct scope scope, struct collection *ret);
bool history_get(struct txn *txn, event_t id, struct history *ret);
bool series_get(struct txn *txn, struct scope scope, struct subset subset, uint32_t name, struct series *ret);
