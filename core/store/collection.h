/*
 * Collections: the executions of a flow, of a namespace and those below it, or all; each in the order of recording and
 * by start, and the latest of them. Read inside store_view; a scope for which scope_is_collection.
 */
#pragma once

#include "core/store/event.h"

/** What `latest…` and the scope's rows by time are kept for. */
enum outcome { OUTCOME_ANY, OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOMES };

/** The outcome of an execution in that state: SUCCESS, WARNING; FAILED, KILLED; OUTCOME_ANY for one that runs. */
enum outcome outcome_of(enum state state);

/**
 * The namespaces that `name` is in, by the number of their dots, itself the last; false beyond. A name is cut at each
 * dot: it is below another if it begins with that and a dot. So dots side by side, which the grammar allows, make
 * namespaces that end in one: `a..b` is in `a`, `a.` and `a..b`. A name of more than NAMESPACE_DOTS_MOST dots is in the
 * first so many, and the last counts as having that many dots.
 */
bool namespace_cut(struct bytes name, unsigned dots, struct bytes *ret);

/** The namespace `name` (`a.b`) if it or one below it (`a.b.c`) has an execution. */
bool namespace_find(struct txn *txn, struct bytes name, struct scope *ret);

/** The namespace of that many dots that an execution is in or below; false where its namespace has fewer. */
bool namespace_of(struct txn *txn, event_t execution, unsigned dots, struct scope *ret);

/** Its text: a view as of kv_get; empty where its first execution is gone. */
struct bytes namespace_text(struct txn *txn, struct scope namespace);

/**
 * Namespaces that have flows themselves, in the order of recording: the first after the place `from` (0: the start);
 * a place is an event number.
 */
bool namespace_next(struct txn *txn, event_t from, event_t *ret_place, struct scope *ret);

/** Flows of a namespace itself, in the order of recording: the first after the place `from` (0: the start). */
bool flow_next(struct txn *txn, struct scope namespace, event_t from, event_t *ret_flow);

/** By id, in a namespace. */
bool flow_find(struct txn *txn, struct scope namespace, struct bytes id, event_t *ret_flow);

/** Whether an execution is in the collection; the first after the place `from` (0: the start) in the order of recording. */
bool member_is(struct txn *txn, struct scope scope, event_t execution);
bool member_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_execution);

/** How many executions it has. */
uint64_t member_count(struct txn *txn, struct scope scope);

/**
 * By start, then by recording: the execution after `from` (0: the first). Where `from` is gone meanwhile the walk ends.
 */
bool started_next(struct txn *txn, struct scope scope, event_t from, event_t *ret_execution);

/** The one of that outcome that started last. False where there is none. */
bool latest_find(struct txn *txn, struct scope scope, enum outcome outcome, event_t *ret_execution);

/** When an execution started: the time of its first event; 0 where that is gone. */
usec_t execution_start(struct txn *txn, event_t execution);

/**
 * How many executions of a collection were in each state as of a version. At once where nothing has changed since, else
 * it walks through them. False where there is no such collection.
 */
bool collection_tally(struct txn *txn, struct scope scope, event_t version, struct tally *ret);

/** A running attempt anywhere whose helper is gone: *ret_execution is its execution. */
bool lost_find(struct txn *txn, event_t *ret_execution);

/** Bytes that the store takes on its disk. */
uint64_t store_bytes(struct txn *txn);

/* Kept up to date (index_collection.c), for the appliers of events. */

/** Of an execution's row by time. */
struct key key_by_time(struct scope scope, enum outcome outcome, usec_t start, event_t execution);

/** The scopes of the collections that an execution is in: the root, its namespaces from the shortest, its flow; how many. */
#define COLLECTIONS_MOST (NAMESPACE_DOTS_MOST + 3)
unsigned collections_of(struct txn *txn, event_t execution, struct scope ret[COLLECTIONS_MOST]);

/** A new execution (its record has its flow): into its collections, which are made where they are new. */
void collections_add(struct txn *txn, event_t execution, const struct event *event);

/** The state of an execution is now `state`, by the event `number`: tallies, rows by outcome. */
void collections_move(struct txn *txn, event_t execution, event_t number, enum state state);
