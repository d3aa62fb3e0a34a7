/*
 * Reading a store: what the tree and its documents are made of. Together with records.h, series.h and lines.h, inside
 * store_view. Nothing here changes anything. A `version` is the number of the last event to be seen: all answers are as
 * of then.
 */
#pragma once

#include "core/store/event.h"

/** When the store was made. */
usec_t store_created(struct txn *txn);

/** Executions: how many, and the first after the place `from` (0: the start) in the order of first recording. */
uint64_t execution_count(struct txn *txn);
bool execution_next(struct txn *txn, event_t from, event_t *ret_id);

/** By id. False where there is none. */
bool execution_find(struct txn *txn, struct bytes id, event_t *ret_id);

/** The execution, attempt that an event belongs to: 0 where it belongs to none (or is gone). */
event_t event_execution(struct txn *txn, event_t number, const struct event *event);
event_t event_attempt(event_t number, const struct event *event);

enum state execution_state(const struct execution *e);

/** The state of a scope as of a version, and since which event. False where it had none yet. */
bool state_at(struct txn *txn, struct scope scope, event_t version, event_t *ret_event, enum state *ret_state);

/** All its changes up to a version, in order. */
void state_history(struct txn *txn, struct scope scope, event_t version, void (*visit)(void *context, event_t event, enum state state),
		   void *context);

/** An execution's labels as of a version, each key once at its first place with its last value. The views live as those of kv_get. */
void execution_labels(struct txn *txn, event_t execution, event_t version,
		      void (*visit)(void *context, struct bytes key, struct bytes value), void *context);

/** The folder of an attempt at the depth that `code` says: its own or one above. False where it is not so deep. */
bool attempt_group(struct txn *txn, const struct attempt_record *a, unsigned code, struct scope *ret);

/** Groups below a scope, in the order they came: the first after the place `from` (0: the start). */
bool group_next(struct txn *txn, struct scope parent, event_t from, struct scope *ret_group);

/** The group of that entry in the folder of `parent`. */
bool group_find(struct txn *txn, struct scope parent, struct bytes entry, struct scope *ret);

/** Runs of an execution in the order they came: the first after the place `from` (0: the start). */
bool run_next(struct txn *txn, event_t execution, event_t from, event_t *ret_id, struct run *ret);

/** The latest attempt of a run as of a version, which must not be before its first. */
event_t run_attempt_at(struct txn *txn, const struct run *run, event_t version, struct attempt_record *ret);

/** The attempt number `number` of the run that has the attempt `from`. */
bool attempt_numbered(struct txn *txn, event_t from, unsigned number, event_t *ret_id, struct attempt_record *ret);

/** Running attempts of an execution: the first after the place `from` (0: the start); whether one has lost its helper; how many have. */
bool attempt_next_running(struct txn *txn, event_t execution, event_t from, event_t *ret_attempt);
bool attempt_is_lost(struct txn *txn, event_t attempt);
unsigned attempts_lost(struct txn *txn, event_t execution);

/**
 * Outputs of an attempt in the order first set: the first after the place `from` (0: the start), with the event that
 * holds its value as of `version`. Outputs set later are passed over.
 */
bool output_next(struct txn *txn, event_t attempt, event_t from, event_t version, event_t *ret_place, event_t *ret_event);

/** The event that holds the value of an output (by its place) as of a version; 0 where there was none yet. */
event_t output_value(struct txn *txn, event_t attempt, event_t place, event_t version);

/** By the name of its file: its place, that is the event that set it first. */
bool output_place(struct txn *txn, event_t attempt, struct bytes entry, event_t *ret_place);

/** By the name of its file: the event that holds its value now. */
bool output_find(struct txn *txn, event_t attempt, struct bytes entry, event_t *ret_event);

#define METRIC_SUFFIX_MOST 5 /* `.json`, `.prom` */

/** Appends what a metric's files are called, without the suffix. */
void metric_stem(struct bytes name, struct buf *ret);

/** The same of a name given as points have it: the inside of a JSON string. 0 or -ENOMEM. */
int metric_stem_of_text(struct bytes text, struct buf *ret);

/** The number that stands for a metric name, by its files' stem; its text as the inside of a JSON string. */
bool name_find(struct txn *txn, struct bytes stem, uint32_t *ret_id);
struct bytes name_text(struct txn *txn, uint32_t id);

/** The number of a name given as that text. -ESTALE where there is none. */
int name_of_text(struct txn *txn, struct bytes text, uint32_t *ret_id);
