/* One metric: its fields, each with its rule. The first that is wrong drops the metric, with a warning that names it. */
#include "core/base/number.h"
#include "core/json/scan.h"
#include "core/protocol/reader.h"
#include "core/protocol/timestamp.h"

enum field { FIELD_NAME, FIELD_TYPE, FIELD_VALUE, FIELD_TIMESTAMP, FIELD_TAGS, FIELDS };

static const struct bytes field_keys[FIELDS] = {
	[FIELD_NAME] = BYTES_LITERAL("\"name\""),   [FIELD_TYPE] = BYTES_LITERAL("\"type\""),
	[FIELD_VALUE] = BYTES_LITERAL("\"value\""), [FIELD_TIMESTAMP] = BYTES_LITERAL("\"timestamp\""),
	[FIELD_TAGS] = BYTES_LITERAL("\"tags\""),
};

static const struct bytes type_words[METRIC_TYPES] = {
	[METRIC_COUNTER] = BYTES_LITERAL("\"counter\""),
	[METRIC_TIMER] = BYTES_LITERAL("\"timer\""),
	[METRIC_GAUGE] = BYTES_LITERAL("\"gauge\""),
};

static bool read_name(struct reader *r, struct part *part, struct bytes value, struct metric *m)
{
	if (!value.data)
		return part_wrong(r, part, "no name");
	if (!reader_text(r, value, &m->name))
		return part_wrong(r, part, "name is not a string");
	if (m->name.len == 0)
		return part_wrong(r, part, "name is empty");
	part->name = m->name;
	return true;
}

static bool read_type(struct reader *r, struct part *part, struct bytes value, struct metric *m)
{
	size_t type = value.data ? reader_find_word(value, type_words, METRIC_TYPES) : METRIC_TYPES;

	if (type == METRIC_TYPES)
		return part_wrong_word(r, part, "type", value, " is not counter, timer or gauge");
	m->type = (enum metric_type)type;
	return true;
}

/* A string stands for a number if it is one, and for a span of time in a timer. */
static bool read_value(struct reader *r, struct part *part, struct bytes value, struct metric *m)
{
	struct bytes text;

	if (!value.data)
		return part_wrong(r, part, "no value");
	if (!reader_text(r, value, &text))
		return part_wrong(r, part, "value is not a number");
	if (json_is_number(text))
		return number_parse(text.data, text.len, &m->value) == 0 || part_wrong(r, part, "value is out of range");
	if (m->type != METRIC_TIMER)
		return part_wrong(r, part, "value is not a number");
	return clock_parse_duration(text, &m->value) == 0 || part_wrong(r, part, "value is neither a number nor an ISO-8601 duration");
}

static bool read_timestamp(struct reader *r, struct part *part, struct bytes value, struct metric *m)
{
	bool good = false;

	if (!value.data || json_type_of(value) == JSON_NULL)
		return true;
	if (json_type_of(value) == JSON_NUMBER)
		good = timestamp_parse_seconds(value, &m->timestamp) == 0;
	else if (json_type_of(value) == JSON_STRING)
		good = clock_parse(reader_string(r, value), &m->timestamp) == 0;
	if (!good)
		return part_wrong(r, part, "timestamp is neither RFC 3339 with a zone nor seconds since 1970, in years 1 to 9999");
	m->has_timestamp = true;
	return true;
}

static bool wrong_tag(struct reader *r, struct part *part, struct bytes name)
{
	struct buf *b = part_warn_begin(r, part);

	buf_add_text(b, "tag ");
	warn_add_name(b, name);
	buf_add_text(b, " is not a string, number or boolean");
	part_warn_end(r);
	return false;
}

static bool read_tag(struct reader *r, struct part *part, struct bytes key, struct bytes value, struct metric *m)
{
	struct tag tag = {.name = reader_string(r, key)};

	switch (json_type_of(value)) {
	case JSON_NULL:
		return true;
	case JSON_FALSE:
	case JSON_TRUE:
		tag.value = value;
		break;
	default:
		if (!reader_text(r, value, &tag.value))
			return wrong_tag(r, part, tag.name);
	}
	reader_append(r, &r->tags, &tag, sizeof(tag));
	m->n_tags++;
	return true;
}

static bool read_tags(struct reader *r, struct part *part, struct bytes value, struct metric *m)
{
	struct bytes key, tag;
	struct json_walk walk;

	if (!value.data || json_type_of(value) == JSON_NULL)
		return true;
	if (json_type_of(value) != JSON_OBJECT)
		return part_wrong(r, part, "tags are not an object");
	walk = json_members(value);
	while (json_next(&walk, &key, &tag))
		if (!read_tag(r, part, key, tag, m))
			return false;
	return true;
}

/* In this order: the name comes first because the other warnings show it, the type before the value it decides about. */
static bool (*const field_readers[FIELDS])(struct reader *, struct part *, struct bytes, struct metric *) = {
	[FIELD_NAME] = read_name,	    [FIELD_TYPE] = read_type, [FIELD_VALUE] = read_value,
	[FIELD_TIMESTAMP] = read_timestamp, [FIELD_TAGS] = read_tags,
};

void reader_metric(struct reader *r, size_t number, struct bytes value)
{
	struct part part = {.kind = "metric", .number = number};
	struct metric metric = {.n_tags = 0};
	struct bytes fields[FIELDS];
	size_t tags = r->tags.len;

	if (json_type_of(value) != JSON_OBJECT) {
		part_wrong(r, &part, "not an object");
		return;
	}
	reader_pick(value, field_keys, FIELDS, fields);
	for (enum field i = 0; i < FIELDS; i++) {
		if (field_readers[i](r, &part, fields[i], &metric))
			continue;
		r->tags.len = tags;
		return;
	}
	reader_append(r, &r->metrics, &metric, sizeof(metric));
}
