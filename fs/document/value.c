/*
 * One output as a file: a string as it is, an array one element a line, everything else as its JSON, each with a
 * newline. Long ones are read in pieces: where a piece ended is remembered, so that reading on does not begin at the
 * start again.
 */
#include "core/json/scan.h"
#include "core/store/event.h"
#include "fs/document/document.h"

#include <errno.h>

int value_from_node(struct txn *txn, struct node node, struct bytes *ret_rest)
{
	struct event event;

	if (!log_read(txn, node.event, &event))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	if (event.type != EVENT_OUTPUT || node.detail >= event.output.value.len)
		return -ESTALE;
	*ret_rest = bytes_make(event.output.value.data + node.detail, event.output.value.len - node.detail);
	return 0;
}

/* Where a value inside another ends is found by going through it: once for all reads of it. */
static int value_of_document(struct document *d, struct bytes *ret_value)
{
	int r = value_from_node(d->txn, d->node, ret_value);

	if (r < 0 || !d->node.detail)
		return r;
	if (d->resume && d->resume->len)
		ret_value->len = d->resume->len;
	else
		*ret_value = json_value_at(*ret_value, 0);
	if (d->resume)
		d->resume->len = ret_value->len;
	return 0;
}

/* Strings */

static unsigned hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 32) - 'a' + 10;
}

/* What an escape of canonical text stands for, one byte always: only what JSON must be escaped is. */
static size_t unescape(const char *at, char *ret)
{
	static const char plain[] = "\"\\bfnrt", meaning[] = "\"\\\b\f\n\r\t";

	if (at[1] == 'u') {
		*ret = (char)(hex(at[4]) << 4 | hex(at[5]));
		return 6;
	}
	*ret = meaning[strchr(plain, at[1]) - plain];
	return 2;
}

/* Takes up a value where the last read of it ended, if that is not behind the window. */
static const char *take_up(struct bytes value, const char *start, const struct resume *resume, struct sink *sink)
{
	if (!resume || !sink->data || !resume->place || resume->at > sink->from)
		return start;
	sink->at = resume->at;
	return value.data + resume->place;
}

static void leave_off(struct bytes value, const char *at, struct resume *resume, const struct sink *sink)
{
	if (!resume || !sink->data)
		return;
	resume->at = sink->at;
	resume->place = (uint64_t)(at - value.data);
}

/* Writes the text of a string, no further than the window reaches. */
static void write_string(struct bytes value, struct resume *resume, struct sink *sink)
{
	const char *end = value.data + value.len - 1, *at = take_up(value, value.data + 1, resume, sink);

	while (at < end && !sink_full(sink)) {
		uint64_t room = sink_room(sink);
		size_t piece = (uint64_t)(end - at) < room ? (size_t)(end - at) : (size_t)room;
		const char *escape = memchr(at, '\\', piece);
		char byte;

		sink_add(sink, at, escape ? (size_t)(escape - at) : piece);
		at = escape ? escape : at + piece;
		if (escape) {
			at += unescape(escape, &byte);
			sink_add(sink, &byte, 1);
		}
	}
	leave_off(value, at, resume, sink);
}

/* Elements of an array */

/* Whether a string may not stand in a line as it is: it holds a newline or NUL. */
static bool breaks_line(struct bytes value)
{
	const char *at = value.data, *end = value.data + value.len;
	char byte;

	while ((at = memchr(at, '\\', (size_t)(end - at)))) {
		at += unescape(at, &byte);
		if (byte == '\n' || byte == 0)
			return true;
	}
	return false;
}

static void write_element(struct bytes value, struct sink *sink)
{
	if (json_type_of(value) == JSON_STRING && !breaks_line(value))
		write_string(value, NULL, sink);
	else
		sink_add_bytes(sink, value);
	sink_add_text(sink, "\n");
}

static void write_array(struct bytes value, struct resume *resume, struct sink *sink)
{
	struct json_walk walk = json_members(value);
	struct bytes element;

	walk.at = take_up(value, walk.at, resume, sink);
	while (!sink_full(sink)) {
		leave_off(value, walk.at, resume, sink);
		if (!json_next(&walk, NULL, &element))
			break;
		write_element(element, sink);
	}
}

int render_value(struct document *d, struct sink *sink)
{
	struct bytes value;
	int r = value_of_document(d, &value);

	if (r < 0)
		return r;
	switch (json_type_of(value)) {
	case JSON_OBJECT:
		return -EISDIR;
	case JSON_ARRAY:
		write_array(value, d->resume, sink);
		return 0;
	case JSON_STRING:
		write_string(value, d->resume, sink);
		break;
	default:
		sink_add_bytes(sink, value);
	}
	if (!sink_full(sink))
		sink_add_text(sink, "\n");
	return 0;
}
