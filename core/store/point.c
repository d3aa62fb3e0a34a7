#include "core/store/point.h"

#include "core/base/cleanup.h"
#include "core/base/csv.h"
#include "core/base/number.h"
#include "core/base/text.h"

#define NAME_KEY "{\"name\":\""
#define TYPE_KEY "\",\"type\":\""
#define VALUE_KEY "\",\"value\":"
#define UNIT ",\"unit\":\"seconds\""
#define TIMESTAMP_KEY ",\"timestamp\":\""
#define TAGS_KEY "\",\"tags\":"

static const char *const type_names[METRIC_TYPES] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_TIMER] = "timer",
	[METRIC_GAUGE] = "gauge",
};

const char *metric_type_name(enum metric_type type)
{
	return type_names[type];
}

static struct bytes type_text(enum metric_type type)
{
	return bytes_of(type_names[type]);
}

static void add_member(struct buf *b, const char *key, struct bytes value)
{
	buf_add_text(b, ",\"");
	buf_add_text(b, key);
	buf_add_text(b, "\":");
	text_add_json_string(b, value);
}

void values_write(struct list values, struct buf *ret)
{
	bool nested = values.n > 1;
	struct bytes value;

	if (nested)
		buf_add_char(ret, '[');
	for (bool first = true; list_next(&values, &value); first = false) {
		if (!first)
			buf_add_char(ret, ',');
		text_add_json_string(ret, value);
	}
	if (nested)
		buf_add_char(ret, ']');
}

void point_suffix(const struct event *attempt, struct buf *ret)
{
	add_member(ret, "namespace", attempt->attempt.namespace);
	add_member(ret, "flowId", attempt->attempt.flow);
	add_member(ret, "executionId", attempt->attempt.execution);
	add_member(ret, "taskId", attempt->attempt.task);
	add_member(ret, "taskRunId", attempt->attempt.taskrun);
	if (attempt->attempt.values.n) {
		buf_add_text(ret, ",\"taskRunValue\":");
		values_write(attempt->attempt.values, ret);
	}
	if (attempt->attempt.number > 1)
		buf_add_format(ret, ",\"attempt\":%u", attempt->attempt.number);
	buf_add_char(ret, '}');
}

uint64_t point_bytes(const struct event *point, size_t suffix_len)
{
	size_t fixed = sizeof(NAME_KEY TYPE_KEY VALUE_KEY TIMESTAMP_KEY TAGS_KEY) - 1 + CLOCK_TEXT_LEN;

	return fixed + point->point.name.len + type_text(point->point.type).len + point->point.value.len +
	       (point->point.type == METRIC_TIMER ? sizeof(UNIT) - 1 : 0) + point->point.tags.len + suffix_len + 2;
}

static void add_cell(struct buf *b, struct bytes text)
{
	buf_add_char(b, ',');
	csv_add(b, text);
}

static void add_values_cell(struct buf *b, struct list values)
{
	autobuf struct buf text = BUF_INIT;
	struct bytes value = {0};

	if (values.n == 1) {
		list_next(&values, &value);
		add_cell(b, value);
		return;
	}
	if (values.n)
		values_write(values, &text);
	add_cell(b, buf_bytes(&text));
	if (buf_error(&text) && !b->error)
		b->error = buf_error(&text);
}

void point_csv_suffix(const struct event *attempt, struct buf *ret)
{
	add_cell(ret, attempt->attempt.namespace);
	add_cell(ret, attempt->attempt.flow);
	add_cell(ret, attempt->attempt.execution);
	add_cell(ret, attempt->attempt.task);
	add_cell(ret, attempt->attempt.taskrun);
	add_values_cell(ret, attempt->attempt.values);
	buf_add_char(ret, ',');
	if (attempt->attempt.number > 1)
		buf_add_number(ret, attempt->attempt.number);
}

uint64_t point_csv_bytes(const struct event *point, size_t suffix_len)
{
	return CLOCK_TEXT_LEN + 1 + point->point.value.len + 1 + type_text(point->point.type).len + suffix_len + 1;
}

void point_csv_write(const struct event *point, struct bytes suffix, struct buf *ret)
{
	char *at = buf_reserve(ret, (size_t)point_csv_bytes(point, suffix.len));

	if (!at)
		return;
	clock_format(point->point.timestamp, at);
	ret->len += CLOCK_TEXT_LEN;
	buf_add_char(ret, ',');
	buf_add_bytes(ret, point->point.value);
	buf_add_char(ret, ',');
	buf_add_bytes(ret, type_text(point->point.type));
	buf_add_bytes(ret, suffix);
}

double point_value(const struct event *point)
{
	double value = 0;

	number_parse(point->point.value.data, point->point.value.len, &value);
	return value;
}

struct series_point point_values(event_t number, const struct event *point)
{
	return (struct series_point){
		.number = number, .type = point->point.type, .timestamp = point->point.timestamp, .value = point_value(point)};
}

static char *add(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

#define ADD_LITERAL(at, text) add(at, text, sizeof(text) - 1)

/* Written into room that was reserved once: this is what reading a million points consists of. */
void point_write(const struct event *point, struct bytes suffix, struct buf *ret)
{
	struct bytes type = type_text(point->point.type);
	char *at = buf_reserve(ret, (size_t)point_bytes(point, suffix.len));

	if (!at)
		return;
	at = ADD_LITERAL(at, NAME_KEY);
	at = add(at, point->point.name.data, point->point.name.len);
	at = ADD_LITERAL(at, TYPE_KEY);
	at = add(at, type.data, type.len);
	at = ADD_LITERAL(at, VALUE_KEY);
	at = add(at, point->point.value.data, point->point.value.len);
	if (point->point.type == METRIC_TIMER)
		at = ADD_LITERAL(at, UNIT);
	at = ADD_LITERAL(at, TIMESTAMP_KEY);
	clock_format(point->point.timestamp, at);
	at += CLOCK_TEXT_LEN;
	at = ADD_LITERAL(at, TAGS_KEY);
	at = add(at, point->point.tags.data, point->point.tags.len);
	at = add(at, suffix.data, suffix.len);
	ret->len = (size_t)(at - ret->data);
}
