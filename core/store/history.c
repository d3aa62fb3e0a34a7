/*
 * Reading histories. A row once made stays: while its run has not got the output, because a new attempt has not set it (yet), it holds the
 * event 0. So a walk meets every run that ever had the output, whatever the version: what the run showed then follows from its attempts and
 * their outputs, which are never changed. The newest version is what the rows themselves say.
 */
#include "core/store/history.h"

#include "core/base/csv.h"
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/point.h"
#include "core/store/query.h"

#define START_LEN 8

/* Tasks and histories */

/* In `history_order`: what came after `from` below a flow, a task. */
static bool next_below(struct txn *txn, event_t parent, event_t from, event_t *ret)
{
	autocursor struct cursor c = {0};
	struct key key = key_events(parent, from + 1);

	cursor_init(&c, txn, TABLE_HISTORY_ORDER);
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, EVENT_KEY_LEN)))
		return false;
	*ret = event_of_key(c.key.data + EVENT_KEY_LEN);
	return true;
}

static bool find_below(struct txn *txn, enum table table, event_t parent, struct bytes name, event_t *ret)
{
	unsigned char at[KEY_MOST];
	struct bytes value;

	if (name.len > sizeof(at) - EVENT_KEY_LEN)
		return false;
	event_to_key(parent, at);
	if (name.len)
		memcpy(at + EVENT_KEY_LEN, name.data, name.len);
	if (!kv_get(txn, table, bytes_make(at, EVENT_KEY_LEN + name.len), &value))
		return false;
	*ret = event_of_key(value.data);
	return true;
}

bool history_task_next(struct txn *txn, event_t flow, event_t from, event_t *ret_task)
{
	return next_below(txn, flow, from, ret_task);
}

bool history_task_find(struct txn *txn, event_t flow, struct bytes task, event_t *ret_task)
{
	return find_below(txn, TABLE_HISTORY_TASKS, flow, task, ret_task);
}

bool history_next(struct txn *txn, event_t task, event_t from, event_t *ret_history)
{
	return next_below(txn, task, from, ret_history);
}

bool history_find(struct txn *txn, event_t task, struct bytes stem, event_t *ret_history)
{
	return find_below(txn, TABLE_HISTORY_NAMES, task, stem, ret_history);
}

bool history_name(struct txn *txn, event_t history, struct bytes *ret_name)
{
	struct event event;

	if (!log_read(txn, history, &event) || event.type != EVENT_OUTPUT)
		return false;
	*ret_name = event.output.name;
	return true;
}

/* The history of an output that was set. */
static bool history_of_output(struct txn *txn, const struct event *output, event_t *ret_history)
{
	autobuf struct buf stem = BUF_INIT;
	struct attempt_record a;
	struct execution e;
	struct event attempt;
	event_t task;

	metric_stem(output->output.name, &stem);
	if (buf_error(&stem))
		txn_fail(txn, buf_error(&stem));
	return attempt_get(txn, output->about, &a) && execution_get(txn, a.execution, &e) && log_read(txn, output->about, &attempt) &&
	       history_task_find(txn, e.flow, attempt.attempt.task, &task) && history_find(txn, task, buf_bytes(&stem), ret_history);
}

bool history_of_version(struct txn *txn, event_t version, uint32_t place, event_t *ret_history)
{
	struct key key = key_events(version, place);
	struct event event;
	struct bytes value;

	if (!place)
		return log_read(txn, version, &event) && event.type == EVENT_OUTPUT && history_of_output(txn, &event, ret_history);
	if (!kv_get(txn, TABLE_HISTORY_ORDER, key_bytes(&key), &value) || value.len != EVENT_KEY_LEN)
		return false;
	*ret_history = event_of_key(value.data);
	return true;
}

/* Rows */

struct key history_row_key(event_t history, usec_t start, event_t run)
{
	struct key key = key_event(history);
	uint64_t biased = (uint64_t)start ^ UINT64_C(1) << 63;

	for (int shift = 56; shift >= 0; shift -= 8)
		key.at[key.len++] = (unsigned char)(biased >> shift);
	event_to_key(run, key.at + key.len);
	key.len += EVENT_KEY_LEN;
	return key;
}

static struct history_row row_of(const struct cursor *c)
{
	const unsigned char *at = (const unsigned char *)c->key.data + EVENT_KEY_LEN;
	uint64_t biased = 0;

	for (int i = 0; i < START_LEN; i++)
		biased = biased << 8 | at[i];
	return (struct history_row){
		.start = (usec_t)(biased ^ UINT64_C(1) << 63),
		.run = event_of_key(at + START_LEN),
		.output = event_of_key(c->value.data),
	};
}

/* The event of the value that a run showed as of a version; 0 where it had none. `entry`: the output's name in its attempts. */
static event_t shown_then(struct txn *txn, event_t run_id, struct bytes entry, event_t version)
{
	struct attempt_record a;
	struct run run;
	event_t attempt, place;

	if (run_id > version || !attempt_get(txn, run_id, &a) || !run_get(txn, a.execution, run_id, &run))
		return 0;
	attempt = run_attempt_at(txn, &run, version, &a);
	return output_place(txn, attempt, entry, &place) ? output_value(txn, attempt, place, version) : 0;
}

static bool find_entry(struct txn *txn, event_t history, struct buf *ret)
{
	struct bytes name;

	if (!history_name(txn, history, &name))
		return false;
	name_encode(ret, name, NULL, NAME_ENTRY_MAX);
	if (buf_error(ret))
		txn_fail(txn, buf_error(ret));
	return !buf_error(ret);
}

/* A walk over the rows of a history as of a version. */
struct walk {
	struct cursor c;
	struct buf entry; /* the output's name in its attempts, for an older version */
	event_t version;
	bool newest;
};

static void walk_finish(struct walk *w)
{
	cursor_finish(&w->c);
	buf_finish(&w->entry);
}

static bool walk_init(struct walk *w, struct txn *txn, event_t history, event_t version)
{
	struct history h;

	if (!history_get(txn, history, &h))
		return false;
	w->version = version;
	w->newest = version >= h.last;
	cursor_init(&w->c, txn, TABLE_HISTORY_ROWS);
	return w->newest || find_entry(txn, history, &w->entry);
}

/* Whether the row at the cursor shows something then. */
static bool walk_row(struct walk *w, struct history_row *ret)
{
	*ret = row_of(&w->c);
	if (!w->newest)
		ret->output = shown_then(w->c.txn, ret->run, buf_bytes(&w->entry), w->version);
	return ret->output != 0;
}

bool history_row_next(struct txn *txn, event_t history, event_t version, struct history_row *row)
{
	cleanup(walk_finish) struct walk w = {0};
	struct key own = key_event(history), key = row->run ? history_row_key(history, row->start, row->run + 1) : own;

	if (!walk_init(&w, txn, history, version))
		return false;
	for (bool more = cursor_seek(&w.c, key_bytes(&key)); more && cursor_in(&w.c, key_bytes(&own)); more = cursor_next(&w.c))
		if (walk_row(&w, row))
			return true;
	return false;
}

/* No step of a cursor goes back: the key below is looked for. */
bool history_row_previous(struct txn *txn, event_t history, event_t version, struct history_row *row)
{
	cleanup(walk_finish) struct walk w = {0};
	struct key own = key_event(history), key = history_row_key(history, row->start, row->run - 1);

	if (!row->run)
		key = history_row_key(history, INT64_MAX, EVENT_MAX);
	if (!walk_init(&w, txn, history, version))
		return false;
	while (cursor_seek_last(&w.c, key_bytes(&key)) && cursor_in(&w.c, key_bytes(&own))) {
		if (walk_row(&w, row))
			return true;
		key = history_row_key(history, row->start, row->run - 1);
	}
	return false;
}

bool history_row_find(struct txn *txn, event_t history, event_t version, event_t run, struct history_row *ret)
{
	cleanup(walk_finish) struct walk w = {0};
	struct attempt_record a;
	struct key key;

	if (!attempt_get(txn, run, &a) || !walk_init(&w, txn, history, version))
		return false;
	key = history_row_key(history, execution_start(txn, a.execution), run);
	return cursor_seek(&w.c, key_bytes(&key)) && cursor_in(&w.c, key_bytes(&key)) && walk_row(&w, ret);
}

bool history_at(struct txn *txn, event_t history, event_t version, struct history *ret)
{
	struct history_row row = {0};
	struct event attempt, output;

	if (!history_get(txn, history, ret))
		return false;
	if (version >= ret->last)
		return true;
	*ret = (struct history){.last = version};
	while (history_row_next(txn, history, version, &row)) {
		if (!log_read(txn, row.output, &output) || !log_read(txn, output.about, &attempt))
			return false;
		history_count_in(ret, &attempt, &output);
	}
	return !txn_error(txn);
}

/* The text of a row. Its length is counted when it is recorded, without writing it. */

#define EXECUTION_KEY "{\"executionId\":\""
#define VALUES_KEY ",\"taskRunValue\":"
#define TIMESTAMP_KEY ",\"timestamp\":\""
#define VALUE_KEY "\",\"value\":"
#define LITERAL_LEN(text) (sizeof(text) - 1)
#define SEPARATOR_LEN 2

static void add_time(struct buf *b, usec_t time)
{
	char *at = buf_reserve(b, CLOCK_TEXT_LEN);

	if (!at)
		return;
	clock_format(time, at);
	b->len += CLOCK_TEXT_LEN;
}

void history_head_json(const struct event *attempt, const struct event *output, struct buf *ret)
{
	buf_add_text(ret, EXECUTION_KEY);
	buf_add_bytes(ret, attempt->attempt.execution);
	buf_add_char(ret, '"');
	if (attempt->attempt.values.n) {
		buf_add_text(ret, VALUES_KEY);
		values_write(attempt->attempt.values, ret);
	}
	buf_add_text(ret, TIMESTAMP_KEY);
	add_time(ret, output->time);
	buf_add_text(ret, VALUE_KEY);
}

/* Of one value its text, of several their JSON. */
static void add_values_cell(struct list values, struct buf *ret)
{
	autobuf struct buf json = BUF_INIT;
	struct bytes value;

	if (values.n == 1 && list_next(&values, &value)) {
		csv_add(ret, value);
	} else if (values.n) {
		values_write(values, &json);
		csv_add(ret, buf_bytes(&json));
	}
	if (buf_error(&json))
		ret->error = buf_error(&json);
}

void history_head_csv(const struct event *attempt, const struct event *output, struct buf *ret)
{
	csv_add(ret, attempt->attempt.execution);
	buf_add_char(ret, ',');
	add_values_cell(attempt->attempt.values, ret);
	buf_add_char(ret, ',');
	add_time(ret, output->time);
	buf_add_char(ret, ',');
}

struct bytes history_cell(struct bytes value, bool *ret_json)
{
	*ret_json = json_type_of(value) == JSON_STRING;
	return *ret_json ? bytes_make(value.data + 1, value.len - 2) : value;
}

void history_row_json(const struct event *attempt, const struct event *output, struct buf *ret)
{
	history_head_json(attempt, output, ret);
	buf_add_bytes(ret, output->output.value);
	buf_add_char(ret, '}');
}

void history_row_csv(const struct event *attempt, const struct event *output, struct buf *ret)
{
	bool json;
	struct bytes cell = history_cell(output->output.value, &json);

	history_head_csv(attempt, output, ret);
	if (json)
		csv_add_json(ret, cell);
	else
		csv_add(ret, cell);
	buf_add_char(ret, '\n');
}

/* Of a text as a JSON string, and of that inside quotes of CSV, where each of its quotes stands twice. */
struct text_len {
	uint64_t json;
	uint64_t doubled;
};

static struct text_len text_len_of(struct bytes text)
{
	struct text_len len = {2, 4};

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		unsigned bytes = c == '"' || c == '\\' || (c && strchr("\b\f\n\r\t", c)) ? 2 : c < 0x20 ? 6 : 1;

		len.json += bytes;
		len.doubled += bytes + (c == '"');
	}
	return len;
}

/* Of a run's values as JSON (values_write), and of that inside quotes of CSV. */
static struct text_len values_len_of(struct list values)
{
	struct text_len sum = {0};
	uint64_t around = values.n > 1 ? values.n + 1 : 0; /* `[`, `]` and the commas */
	struct bytes value;

	while (list_next(&values, &value)) {
		struct text_len len = text_len_of(value);

		sum.json += len.json;
		sum.doubled += len.doubled;
	}
	return (struct text_len){sum.json + around, sum.doubled + around};
}

uint64_t history_row_json_bytes(const struct event *attempt, const struct event *output)
{
	struct list values = attempt->attempt.values;
	uint64_t fixed = LITERAL_LEN(EXECUTION_KEY) + 1 + LITERAL_LEN(TIMESTAMP_KEY) + CLOCK_TEXT_LEN + LITERAL_LEN(VALUE_KEY) + 1;

	return fixed + attempt->attempt.execution.len + (values.n ? LITERAL_LEN(VALUES_KEY) + values_len_of(values).json : 0) +
	       output->output.value.len + SEPARATOR_LEN;
}

static uint64_t values_cell_len(struct list values)
{
	struct bytes value;

	if (values.n > 1)
		return values_len_of(values).doubled + 2;
	return values.n && list_next(&values, &value) ? csv_len(value) : 0;
}

uint64_t history_row_csv_bytes(const struct event *attempt, const struct event *output)
{
	bool json;
	struct bytes cell = history_cell(output->output.value, &json);

	return csv_len(attempt->attempt.execution) + 1 + values_cell_len(attempt->attempt.values) + 1 + CLOCK_TEXT_LEN + 1 +
	       (json ? csv_len_json(cell) : csv_len(cell)) + 1;
}

static bool is_number(const struct event *output)
{
	return json_type_of(output->output.value) == JSON_NUMBER;
}

void history_count_in(struct history *h, const struct event *attempt, const struct event *output)
{
	h->rows++;
	h->not_numbers += !is_number(output);
	h->json_bytes += history_row_json_bytes(attempt, output);
	h->csv_bytes += history_row_csv_bytes(attempt, output);
}

void history_count_out(struct history *h, const struct event *attempt, const struct event *output)
{
	h->rows--;
	h->not_numbers -= !is_number(output);
	h->json_bytes -= history_row_json_bytes(attempt, output);
	h->csv_bytes -= history_row_csv_bytes(attempt, output);
}
