/*
 * outputs/<task>/<name>.json and .csv of a flow: one row a run. A part of a document is found from whichever is nearest of its start, its
 * end, and where the last read of it was, forwards or backwards: so neither reading on nor reads that overtake each other begin at the
 * start again.
 */
#include "core/store/history.h"
#include "core/base/cleanup.h"
#include "core/base/csv.h"
#include "fs/document/format.h"

#include <errno.h>

/* Of a longer cell, so much of its text is turned into CSV at a time. */
#define PIECE ((size_t)64 << 10)

struct writer;

/* A way to write histories. Every row counts with `between`, of which the last has `after` alone. */
struct form {
	const char *head, *between, *after, *tail;
	uint64_t (*bytes)(const struct history *h);
	uint64_t (*row_bytes)(const struct event *attempt, const struct event *output);
	void (*write)(struct writer *w, const struct event *attempt, const struct event *output);
};

struct writer {
	struct document *d;
	struct sink *sink;
	const struct form *form;
	event_t history;
	struct history_row row; /* the one that begins at `at`, or goes on there; run 0: none is left */
	uint64_t at;		/* counted with what separates it from the one before */
	uint64_t inside;	/* of a long cell: which part of it is written already. 0: the row begins */
	struct buf line;
};

static int stale(struct txn *txn)
{
	return txn_error(txn) ? txn_error(txn) : -ESTALE;
}

static int find_history(struct document *d, event_t *ret)
{
	return history_of_version(d->txn, d->node.event, d->node.detail >> 3, ret) ? 0 : stale(d->txn);
}

static int sums(struct document *d, struct history *ret)
{
	event_t history;
	int r = find_history(d, &history);

	return r < 0 ? r : history_at(d->txn, history, d->node.event, ret) ? 0 : stale(d->txn);
}

static int size(struct document *d, const struct form *form, uint64_t *ret_size)
{
	struct history h;
	int r = sums(d, &h);

	if (r < 0)
		return r;
	*ret_size = strlen(form->head) + form->bytes(&h) + strlen(form->tail);
	if (h.rows)
		*ret_size -= strlen(form->between) - strlen(form->after);
	return 0;
}

static int read_row(struct writer *w, struct event *ret_attempt, struct event *ret_output)
{
	struct txn *txn = w->d->txn;

	return log_read(txn, w->row.output, ret_output) && log_read(txn, ret_output->about, ret_attempt) ? 0 : stale(txn);
}

/* Where to begin */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

static bool take_up(struct writer *w, uint64_t from)
{
	const struct resume *resume = w->d->resume;

	if (!resume || !resume->place || distance(resume->at, from) >= from || (resume->len && resume->at > from) ||
	    !history_row_find(w->d->txn, w->history, w->d->node.event, resume->place, &w->row))
		return false;
	w->at = resume->at;
	w->inside = resume->len;
	return true;
}

/* Where the end is, is known at once of the newest version alone. */
static bool from_end(struct writer *w, uint64_t from)
{
	struct history h;
	uint64_t end;

	if (!history_get(w->d->txn, w->history, &h) || h.last > w->d->node.event)
		return false;
	end = strlen(w->form->head) + w->form->bytes(&h);
	if (distance(end, from) >= from)
		return false;
	w->at = end;
	return true;
}

static int step_back(struct writer *w)
{
	struct event attempt, output;
	int r;

	if (!history_row_previous(w->d->txn, w->history, w->d->node.event, &w->row))
		return stale(w->d->txn);
	r = read_row(w, &attempt, &output);
	if (!r)
		w->at -= w->form->row_bytes(&attempt, &output);
	return r;
}

static bool next_row(struct writer *w)
{
	if (history_row_next(w->d->txn, w->history, w->d->node.event, &w->row))
		return true;
	w->row = (struct history_row){0};
	return false;
}

/* To a row that begins at or before the window does. */
static int find_start(struct writer *w)
{
	uint64_t from = w->sink->data ? w->sink->from : 0, head = strlen(w->form->head);
	int r = 0;

	if (!take_up(w, from) && !from_end(w, from)) {
		w->at = head;
		next_row(w);
	}
	while (!r && w->at > from && w->at > head)
		r = step_back(w);
	return r;
}

/* What stands before the row. */
static void write_head(struct writer *w)
{
	if (w->inside)
		w->sink->at = w->at;
	else if (w->at > strlen(w->form->head))
		w->sink->at = w->at - strlen(w->form->between);
	else
		sink_add_text(w->sink, w->form->head);
}

/* Rows */

static void leave_off(struct writer *w, uint64_t at)
{
	if (w->d->resume)
		*w->d->resume = (struct resume){.at = at, .place = w->row.run, .len = w->inside};
}

static int write_row(struct writer *w)
{
	struct event attempt, output;
	int r = read_row(w, &attempt, &output);

	if (r < 0)
		return r;
	if (!w->inside) {
		leave_off(w, w->at);
		if (w->at > strlen(w->form->head))
			sink_add_text(w->sink, w->form->between);
	}
	buf_clear(&w->line);
	w->form->write(w, &attempt, &output);
	w->inside = 0;
	w->at = w->sink->at + strlen(w->form->between);
	return buf_error(&w->line);
}

static int write_rows(struct writer *w)
{
	int r = 0;

	for (; !r && w->row.run && !sink_full(w->sink); next_row(w))
		r = write_row(w);
	if (sink_full(w->sink))
		return r;
	if (w->sink->at > strlen(w->form->head))
		sink_add_text(w->sink, w->form->after);
	sink_add_text(w->sink, w->form->tail);
	return r;
}

static int render(struct document *d, struct sink *sink, const struct form *form)
{
	struct writer w = {.d = d, .sink = sink, .form = form};
	int r = find_history(d, &w.history);

	if (!r)
		r = find_start(&w);
	if (!r) {
		write_head(&w);
		r = write_rows(&w);
	}
	buf_finish(&w.line);
	return r;
}

/* JSON */

static void write_json(struct writer *w, const struct event *attempt, const struct event *output)
{
	history_head_json(attempt, output, &w->line);
	sink_add_bytes(w->sink, buf_bytes(&w->line));
	sink_add_bytes(w->sink, output->output.value);
	sink_add_text(w->sink, "}");
}

static uint64_t json_bytes(const struct history *h)
{
	return h->json_bytes;
}

static const struct form json_form = {"[\n", ",\n", "\n", "]\n", json_bytes, history_row_json_bytes, write_json};

int render_history_json(struct document *d, struct sink *sink)
{
	return render(d, sink, &json_form);
}

int size_history_json(struct document *d, uint64_t *ret_size)
{
	return size(d, &json_form, ret_size);
}

/*
 * CSV. Of a long cell it is kept how far it was written, in `inside`: bytes of its text, whether it is quoted, and a bit that is always
 * set.
 */

#define INSIDE_SET 1
#define INSIDE_QUOTED 2
#define INSIDE_SHIFT 2

static void begin_cell(struct writer *w, struct bytes text, bool json)
{
	bool quoted = csv_quoted(text, json);

	sink_add_text(w->sink, quoted ? "\"" : "");
	w->inside = INSIDE_SET | (quoted ? INSIDE_QUOTED : 0);
}

/* False where the window is full before its end. */
static bool write_long_cell(struct writer *w, struct bytes text, bool json)
{
	struct bytes rest;
	uint64_t taken;

	if (!w->inside)
		begin_cell(w, text, json);
	taken = w->inside >> INSIDE_SHIFT;
	rest = bytes_make(text.data + taken, text.len - taken);
	while (rest.len && !buf_error(&w->line) && !sink_full(w->sink)) {
		leave_off(w, w->sink->at);
		buf_clear(&w->line);
		csv_add_piece(&w->line, &rest, json, PIECE);
		sink_add_bytes(w->sink, buf_bytes(&w->line));
		w->inside = (text.len - rest.len) << INSIDE_SHIFT | (w->inside & (INSIDE_SET | INSIDE_QUOTED));
	}
	if (rest.len)
		return false;
	sink_add_text(w->sink, w->inside & INSIDE_QUOTED ? "\"" : "");
	return true;
}

static void write_csv(struct writer *w, const struct event *attempt, const struct event *output)
{
	bool json;
	struct bytes text = history_cell(output->output.value, &json);

	if (text.len <= PIECE) {
		history_row_csv(attempt, output, &w->line);
		sink_add_bytes(w->sink, buf_bytes(&w->line));
		return;
	}
	if (!w->inside) {
		history_head_csv(attempt, output, &w->line);
		sink_add_bytes(w->sink, buf_bytes(&w->line));
	}
	if (write_long_cell(w, text, json))
		sink_add_text(w->sink, "\n");
}

static uint64_t csv_bytes(const struct history *h)
{
	return h->csv_bytes;
}

static const struct form csv_form = {"executionId,taskRunValue,timestamp,value\n", "", "", "", csv_bytes, history_row_csv_bytes, write_csv};

int render_history_csv(struct document *d, struct sink *sink)
{
	return render(d, sink, &csv_form);
}

int size_history_csv(struct document *d, uint64_t *ret_size)
{
	return size(d, &csv_form, ret_size);
}
