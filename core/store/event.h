/*
 * Events: the records of the log, each complete in itself but for the number of the execution or attempt it is about.
 * docs/store.md gives the bytes.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/protocol/message.h"
#include "core/store/record.h"
#include "core/store/records.h"

enum event_type {
	EVENT_EXECUTION = 1,
	EVENT_LABELS,
	EVENT_ATTEMPT,
	EVENT_OUTPUT,
	EVENT_POINT,
	EVENT_LOG,
	EVENT_WARNING,
	EVENT_ATTEMPT_END,
	EVENT_EXECUTION_END,
	EVENT_SHRUNK,
	EVENT_TYPES,
};

/** A list of byte strings (values of a run, labels as key, value, key, …) as it stands in an event: walk it with list_next. */
struct list {
	uint64_t n;
	struct bytes packed;
};

bool list_next(struct list *list, struct bytes *ret);

/**
 * One event, decoded: views into the log. `about` is the number of the execution (LABELS, ATTEMPT, EXECUTION_END) or
 * the attempt (OUTPUT, POINT, LOG, WARNING, ATTEMPT_END) it belongs to; of SHRUNK the attempt that was superseded.
 */
struct event {
	enum event_type type;
	usec_t time; /* of recording */
	event_t about;
	union {
		struct {
			bool begun;
			struct bytes namespace, flow, id;
			struct list labels;
		} execution;
		struct {
			struct list list;
		} labels;
		struct {
			unsigned number;
			bool twin; /* a run whose values were another run's before: its folder's name bears its id's hash */
			struct bytes namespace, flow, execution, task, taskrun;
			struct list values;
		} attempt;
		struct {
			struct bytes name;
			struct bytes value; /* canonical JSON; in the log it is the event's end */
		} output;
		struct {
			enum metric_type type;
			usec_t timestamp;
			struct bytes value; /* its text as ECMAScript prints it */
			struct bytes name;  /* the inside of a JSON string */
			struct bytes tags;  /* a JSON object */
		} point;
		struct {
			enum log_level level;
			struct bytes message;
		} log;
		struct {
			struct bytes text;
		} warning;
		struct {
			enum state state;
			int exit_code; /* EXIT_CODE_NONE of a helper that was lost */
		} attempt_end;
		struct {
			enum state state; /* STATE_NONE: none was given */
		} execution_end;
		struct {
			struct scope scope;
			struct bytes name; /* as a point's */
			struct bytes tags; /* the one tag of an index by tag, as a JSON object; empty: the series of all points */
		} shrunk;
	};
};

/** Appends the bytes of an event. */
void event_encode(struct buf *b, const struct event *event);

/** Reads one; false where the bytes are none. */
bool event_decode(struct bytes bytes, struct event *ret_event);

/** Makes a list for event_encode: the buffer owns the bytes. */
void list_add(struct buf *b, uint64_t *n, struct bytes item);

/**
 * The log. Appending gives the next number and does not touch any index: index.h is what does both. log_read: false
 * where there is no such event (it was forgotten) or it is damaged (sticky -EUCLEAN). The views live as those of
 * kv_get.
 */
event_t log_append(struct txn *txn, const struct event *event);
bool log_read(struct txn *txn, event_t number, struct event *ret_event);

/** A scan of the log: to the first event not before `number`, then on. */
bool log_seek(struct cursor *c, event_t number, event_t *ret_number, struct event *ret_event);
bool log_next(struct cursor *c, event_t *ret_number, struct event *ret_event);
