/* One entry of `logs`: a level and a message. */
#include "core/json/scan.h"
#include "core/protocol/reader.h"

enum field { FIELD_LEVEL, FIELD_MESSAGE, FIELDS };

static const struct bytes field_keys[FIELDS] = {
	[FIELD_LEVEL] = BYTES_LITERAL("\"level\""),
	[FIELD_MESSAGE] = BYTES_LITERAL("\"message\""),
};

static const struct bytes level_words[LOG_LEVELS] = {
	[LOG_LEVEL_ERROR] = BYTES_LITERAL("\"ERROR\""), [LOG_LEVEL_WARN] = BYTES_LITERAL("\"WARN\""),
	[LOG_LEVEL_INFO] = BYTES_LITERAL("\"INFO\""),	[LOG_LEVEL_DEBUG] = BYTES_LITERAL("\"DEBUG\""),
	[LOG_LEVEL_TRACE] = BYTES_LITERAL("\"TRACE\""),
};

static bool read_level(struct reader *r, const struct part *part, struct bytes value, struct log_line *line)
{
	size_t level = value.data ? reader_find_word(value, level_words, LOG_LEVELS) : LOG_LEVELS;

	if (level == LOG_LEVELS)
		return part_wrong_word(r, part, "level", value, " is not ERROR, WARN, INFO, DEBUG or TRACE");
	line->level = (enum log_level)level;
	return true;
}

static bool read_message(struct reader *r, const struct part *part, struct bytes value, struct log_line *line)
{
	if (!value.data)
		return part_wrong(r, part, "no message");
	return reader_text(r, value, &line->message) || part_wrong(r, part, "message is not a string or a number");
}

void reader_log(struct reader *r, size_t number, struct bytes value)
{
	struct part part = {.kind = "log", .number = number};
	struct bytes fields[FIELDS];
	struct log_line line;

	if (json_type_of(value) != JSON_OBJECT) {
		part_wrong(r, &part, "not an object");
		return;
	}
	reader_pick(value, field_keys, FIELDS, fields);
	if (read_level(r, &part, fields[FIELD_LEVEL], &line) && read_message(r, &part, fields[FIELD_MESSAGE], &line))
		reader_append(r, &r->logs, &line, sizeof(line));
}
