/*
 * A flow's `outputs`: a folder for each task that has set outputs in it, in that a file for each output and format. A history that has no
 * rows now (its runs are being tried again) is not shown, nor one in a format that cannot show all of its values. Nor one whose last change
 * was the retry of a run with more than DETAIL_PLACE_MOST outputs, if it is a later one of them, until the output is set again: its version
 * has no number.
 */
#include "core/store/history.h"
#include "core/store/query.h"
#include "fs/document/format.h"
#include "fs/tree/entries.h"

bool fixed_histories(struct folder *f, struct child *ret)
{
	event_t task;

	return history_task_next(f->txn, f->scope.event, 0, &task) && fixed_always(f, KIND_HISTORIES, 0, f->scope.event, ret);
}

/* Tasks */

static void to_task(event_t task, struct child *ret)
{
	*ret = (struct child){node_make(KIND_HISTORY_TASK, 0, task), NODE_FOLDER, KEEP_FOREVER};
}

bool histories_find(struct folder *f, struct bytes name, struct child *ret)
{
	event_t task;

	if (!history_task_find(f->txn, f->scope.event, name, &task))
		return false;
	to_task(task, ret);
	return true;
}

/* A task's id is a name as it stands. */
bool histories_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct event event, attempt;
	event_t task;

	if (!history_task_next(f->txn, f->scope.event, from, &task) || !log_read(f->txn, task, &event) ||
	    !log_read(f->txn, event.about, &attempt))
		return false;
	buf_add_bytes(name, attempt.attempt.task);
	*ret_place = task;
	to_task(task, ret);
	return true;
}

/* Outputs. A place is a history and a format of it. */

#define PLACE_FORMAT_BITS 3

static bool shows(const struct format *format, const struct history *h)
{
	bool numbers_only = format->history.render == render_history_svg;

	return format->history.render && h->rows && h->last_place <= DETAIL_PLACE_MOST && !(numbers_only && h->not_numbers);
}

static void to_history(unsigned format, const struct history *h, struct child *ret)
{
	*ret = (struct child){node_make(KIND_HISTORY, history_detail(format, h->last_place), h->last), NODE_FILE, KEEP_NOT};
}

bool history_outputs_find(struct folder *f, struct bytes name, struct child *ret)
{
	struct bytes stem;
	struct history h;
	unsigned format;
	event_t history;

	if (!format_of_name(name, &stem, &format) || !history_find(f->txn, f->node.event, stem, &history) ||
	    !history_get(f->txn, history, &h) || !shows(format_at(format), &h))
		return false;
	to_history(format, &h, ret);
	return true;
}

/* The first format from number `*format` on that a history is shown in. */
static bool next_format(const struct history *h, unsigned *format)
{
	const struct format *at;

	for (; (at = format_at(*format)); ++*format)
		if (shows(at, h))
			return true;
	return false;
}

static bool write_name(struct txn *txn, event_t history, unsigned format, struct buf *name)
{
	struct bytes output;

	if (!history_name(txn, history, &output))
		return false;
	metric_stem(output, name);
	buf_add_text(name, format_at(format)->suffix);
	return true;
}

bool history_outputs_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	event_t history = from >> PLACE_FORMAT_BITS;
	unsigned format = (unsigned)(from & ((1u << PLACE_FORMAT_BITS) - 1)) + 1;
	struct history h;

	for (;;) {
		if (history && !history_get(f->txn, history, &h))
			return false;
		if (history && next_format(&h, &format))
			break;
		if (!history_next(f->txn, f->node.event, history, &history))
			return false;
		format = 0;
	}
	*ret_place = history << PLACE_FORMAT_BITS | format;
	to_history(format, &h, ret);
	return write_name(f->txn, history, format, name);
}
