/*
 * Histories as outputs are set and attempts are tried again. The invariant of this file: a history has a row for each run that ever had the
 * output, with the event of the value that the run's latest attempt has now, or 0; its sums are those of the rows that are not 0.
 *
 * A new attempt changes the histories of all outputs of the former one, by a single event. Which of them a version is about, its place
 * says: `history_order` keeps that as (attempt, place), so that it is found at once.
 */
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/env.h"
#include "core/store/history.h"
#include "core/store/index.h"
#include "core/store/query.h"

#include <errno.h>

/* Whose history an attempt's outputs are part of. */
struct attempt_place {
	event_t flow;
	event_t run;
	usec_t start;
	event_t task; /* 0: it has no outputs yet */
};

static struct attempt_place place_of(struct txn *txn, event_t id)
{
	struct attempt_place place = {0};
	struct attempt_record a;
	struct execution e;
	struct event attempt;

	if (!attempt_get(txn, id, &a) || !execution_get(txn, a.execution, &e)) {
		txn_fail(txn, -EUCLEAN);
		return place;
	}
	place.flow = e.flow;
	place.run = a.run;
	place.start = execution_start(txn, a.execution);
	if (!log_read(txn, id, &attempt) || attempt.type != EVENT_ATTEMPT)
		txn_fail(txn, -EUCLEAN);
	else
		history_task_find(txn, e.flow, attempt.attempt.task, &place.task);
	return place;
}

/* A name below `parent` (a task of a flow, an output of a task) is met for the first time: `id` stands for it from now on. */
static event_t name_below(struct txn *txn, enum table table, event_t parent, struct bytes name, event_t id)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key above = key_event(parent), own = key_event(id), order = key_events(parent, id);

	buf_clear(b);
	buf_add_bytes(b, key_bytes(&above));
	buf_add_bytes(b, name);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, table, buf_bytes(b), key_bytes(&own));
	kv_put(txn, TABLE_HISTORY_ORDER, key_bytes(&order), BYTES_LITERAL(""));
	return id;
}

static event_t task_make(struct txn *txn, event_t flow, event_t attempt, event_t number)
{
	struct event event;

	if (!log_read(txn, attempt, &event)) {
		txn_fail(txn, -EUCLEAN);
		return number;
	}
	return name_below(txn, TABLE_HISTORY_TASKS, flow, event.attempt.task, number);
}

/* The history of an output below a task; `make`: the event that makes it where it is new, else 0. */
static event_t history_below(struct txn *txn, event_t task, struct bytes name, event_t make)
{
	autobuf struct buf stem = BUF_INIT;
	event_t history;

	metric_stem(name, &stem);
	if (buf_error(&stem))
		txn_fail(txn, buf_error(&stem));
	if (history_find(txn, task, buf_bytes(&stem), &history))
		return history;
	if (!make)
		txn_fail(txn, -EUCLEAN);
	return make ? name_below(txn, TABLE_HISTORY_NAMES, task, buf_bytes(&stem), make) : 0;
}

static void row_put(struct txn *txn, event_t history, const struct attempt_place *place, event_t output)
{
	struct key key = history_row_key(history, place->start, place->run), value = key_event(output);

	kv_put(txn, TABLE_HISTORY_ROWS, key_bytes(&key), key_bytes(&value));
}

/* Takes the row of an output out of a history's sums, counts one in: `attempt` is both their attempt. */
static void count(struct txn *txn, struct history *h, event_t attempt, event_t former, const struct event *output)
{
	struct event attempt_event, former_event;

	if (!log_read(txn, attempt, &attempt_event) || (former && !log_read(txn, former, &former_event))) {
		txn_fail(txn, -EUCLEAN);
		return;
	}
	if (former)
		history_count_out(h, &attempt_event, &former_event);
	if (output)
		history_count_in(h, &attempt_event, output);
}

void history_set(struct txn *txn, event_t number, const struct event *event, event_t former)
{
	struct attempt_place place = place_of(txn, event->about);
	struct history *h;
	event_t history;

	if (!place.task)
		place.task = task_make(txn, place.flow, event->about, number);
	history = history_below(txn, place.task, event->output.name, number);
	row_put(txn, history, &place, number);
	h = history_edit(txn, history);
	h->last = number;
	h->last_place = 0;
	count(txn, h, event->about, former, event);
}

/* One output of the former attempt. */
static void hide(struct txn *txn, event_t number, uint32_t k, event_t former, event_t output, const struct attempt_place *place)
{
	struct key version = key_events(number, k), value;
	struct event event;
	struct history *h;
	event_t history;

	if (!log_read(txn, output, &event)) {
		txn_fail(txn, -EUCLEAN);
		return;
	}
	history = history_below(txn, place->task, event.output.name, 0);
	value = key_event(history);
	kv_put(txn, TABLE_HISTORY_ORDER, key_bytes(&version), key_bytes(&value));
	row_put(txn, history, place, 0);
	h = history_edit(txn, history);
	h->last = number;
	h->last_place = k;
	count(txn, h, former, output, NULL);
}

void history_supersede(struct txn *txn, event_t number, event_t former)
{
	struct attempt_place attempt = place_of(txn, former);
	event_t place = 0, output;

	for (uint32_t k = 1; !txn_error(txn) && output_next(txn, former, place, number, &place, &output); k++)
		hide(txn, number, k, former, output, &attempt);
}
