/*
 * Histories: one output of one task over the executions of a flow. A row per run that has the output, by start of its execution: its latest
 * attempt's last value. What all rows take as JSON and as CSV is counted as they come and go, so the size of such a file is known at once.
 *
 * A version is an event that changed a history: an output set, or an attempt whose run had the output before (place: which of the former
 * attempt's outputs, from 1, in the order first set). A place may be larger than the mount's node numbers have room for: whoever packs it
 * into one must show such a version not at all.
 */
#pragma once

#include "core/store/event.h"

/**
 * Tasks of a flow that have outputs, in the order of recording: the first after the place `from` (0: the start); a task's id is its first
 * output's event.
 */
bool history_task_next(struct txn *txn, event_t flow, event_t from, event_t *ret_task);
bool history_task_find(struct txn *txn, event_t flow, struct bytes task, event_t *ret_task);

/**
 * Histories of such a task, likewise; hidden ones (without rows) are among them. `stem`: the name of its files without the suffix
 * (metric_stem).
 */
bool history_next(struct txn *txn, event_t task, event_t from, event_t *ret_history);
bool history_find(struct txn *txn, event_t task, struct bytes stem, event_t *ret_history);

/** The output's name, of a history or of an event of one; a view as of kv_get. */
bool history_name(struct txn *txn, event_t history, struct bytes *ret_name);

/** The history that a version (with its place) belongs to. */
bool history_of_version(struct txn *txn, event_t version, uint32_t place, event_t *ret_history);

/** A row: the run, and the event of its value, as of a version. */
struct history_row {
	usec_t start; /* of its execution */
	event_t run;
	event_t output;
};

/**
 * Rows by start: the one after `*row` (zeroed: the first); the one before it (zeroed: the last). False where there is none: *row is of no
 * use then.
 */
bool history_row_next(struct txn *txn, event_t history, event_t version, struct history_row *row);
bool history_row_previous(struct txn *txn, event_t history, event_t version, struct history_row *row);

/** The row of a run (its first attempt's event): to walk on from there. False where it has none. */
bool history_row_find(struct txn *txn, event_t history, event_t version, event_t run, struct history_row *ret);

/** What the rows amount to as of a version: at once for the newest, else by walking them. False where it is gone. */
bool history_at(struct txn *txn, event_t history, event_t version, struct history *ret);

/**
 * A row's text: `{"executionId":…}` without what separates it; a line of CSV with its end. Counted: JSON with 2 bytes for what separates
 * it. A head is what stands before the value: then come the value as it is and `}`; the value's cell (history_cell) and a newline.
 */
void history_row_json(const struct event *attempt, const struct event *output, struct buf *ret);
void history_row_csv(const struct event *attempt, const struct event *output, struct buf *ret);
void history_head_json(const struct event *attempt, const struct event *output, struct buf *ret);
void history_head_csv(const struct event *attempt, const struct event *output, struct buf *ret);
uint64_t history_row_json_bytes(const struct event *attempt, const struct event *output);
uint64_t history_row_csv_bytes(const struct event *attempt, const struct event *output);

/** What the cell of a value shows: its compact JSON; of a string its text, as the inside of a JSON string then (*ret_json). */
struct bytes history_cell(struct bytes value, bool *ret_json);

/* Kept up to date (index_history.c), for the appliers of events. */

/** An output of an attempt that its run shows: `former` is the event that held its value before, 0 of none. */
void history_set(struct txn *txn, event_t number, const struct event *event, event_t former);

/** A new attempt of a run: the rows of its former attempt's outputs go. */
void history_supersede(struct txn *txn, event_t number, event_t former);

/** Adds a row to the sums; takes one away. */
void history_count_in(struct history *h, const struct event *attempt, const struct event *output);
void history_count_out(struct history *h, const struct event *attempt, const struct event *output);

/** The key of a row in `history_rows`. */
struct key history_row_key(event_t history, usec_t start, event_t run);
