#include "core/store/lines.h"

#include "core/base/text.h"
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/path.h"

static const char *const level_names[LOG_LEVELS] = {
	[LOG_LEVEL_ERROR] = "ERROR", [LOG_LEVEL_WARN] = "WARN",	  [LOG_LEVEL_INFO] = "INFO",
	[LOG_LEVEL_DEBUG] = "DEBUG", [LOG_LEVEL_TRACE] = "TRACE",
};

static void write_log(const struct event *event, struct buf *ret)
{
	char time[CLOCK_TEXT_LEN];

	clock_format(event->time, time);
	buf_add(ret, time, sizeof(time));
	buf_add_char(ret, ' ');
	buf_add_text(ret, level_names[event->log.level]);
	buf_add_char(ret, ' ');
	text_add_escaped(ret, event->log.message, SIZE_MAX);
}

void line_write(const struct event *event, const struct run_path *path, struct buf *ret)
{
	if (path) {
		buf_add_bytes(ret, path->task);
		for (unsigned i = 0; i < path->n_values; i++) {
			buf_add_char(ret, ' ');
			text_add_escaped(ret, path->values[i], SIZE_MAX);
		}
		buf_add_text(ret, ": ");
	}
	if (event->type == EVENT_LOG)
		write_log(event, ret);
	else
		buf_add_bytes(ret, event->warning.text);
	buf_add_char(ret, '\n');
}

#define OFFSET_KEY_LEN 8
#define LINES_KEY_LEN (SCOPE_KEY_LEN + 1 + OFFSET_KEY_LEN)

static struct key lines_key(struct scope scope, enum line_kind kind, uint64_t offset)
{
	struct key key = key_scope(scope);

	key.at[key.len++] = (unsigned char)kind;
	put_u32_key((uint32_t)(offset >> 32), key.at + key.len);
	put_u32_key((uint32_t)offset, key.at + key.len + 4);
	key.len += OFFSET_KEY_LEN;
	return key;
}

struct line {
	uint64_t start;
	uint64_t len;
	event_t event;
};

static bool line_here(const struct cursor *c, struct scope scope, enum line_kind kind, struct line *ret)
{
	struct key key = lines_key(scope, kind, 0);
	const char *offset = c->key.data + SCOPE_KEY_LEN + 1;
	struct reader r;

	if (c->key.len != LINES_KEY_LEN || !cursor_in(c, bytes_make(key.at, SCOPE_KEY_LEN + 1)))
		return false;
	ret->start = (uint64_t)u32_of_key(offset) << 32 | u32_of_key(offset + 4);
	r = reader_of(c->value);
	ret->event = get_varint(&r);
	ret->len = get_varint(&r);
	return !r.bad;
}

uint64_t lines_size(struct txn *txn, struct scope scope, enum line_kind kind, event_t *ret_last)
{
	autocursor struct cursor c = {0};
	struct key key = lines_key(scope, kind, UINT64_MAX);
	struct line line = {0};

	cursor_init(&c, txn, TABLE_LINES);
	if (!cursor_seek_last(&c, key_bytes(&key)) || !line_here(&c, scope, kind, &line))
		line = (struct line){0};
	if (ret_last)
		*ret_last = line.event;
	return line.start + line.len;
}

static void add_line(struct txn *txn, struct scope scope, const struct line *line, struct buf *ret)
{
	struct event event, attempt;
	struct run_path path;

	if (!log_read(txn, line->event, &event))
		return;
	if (scope.code != SCOPE_EXECUTION) {
		line_write(&event, NULL, ret);
	} else if (log_read(txn, event.about, &attempt)) {
		run_path_of_event(&attempt, &path);
		line_write(&event, &path, ret);
	}
}

void lines_read(struct txn *txn, struct scope scope, enum line_kind kind, uint64_t offset, size_t want, struct buf *ret, uint64_t *ret_at)
{
	autocursor struct cursor c = {0};
	struct key key = lines_key(scope, kind, offset);
	struct line line;

	*ret_at = offset;
	cursor_init(&c, txn, TABLE_LINES);
	if (!cursor_seek_last(&c, key_bytes(&key)) || !line_here(&c, scope, kind, &line) || line.start + line.len <= offset)
		return;
	*ret_at = line.start;
	want += (size_t)(offset - line.start);
	do
		add_line(txn, scope, &line, ret);
	while (ret->len < want && cursor_next(&c) && line_here(&c, scope, kind, &line));
}

bool lines_next(struct txn *txn, struct scope scope, enum line_kind kind, uint64_t *offset, event_t *ret_event)
{
	autocursor struct cursor c = {0};
	struct key key = lines_key(scope, kind, *offset);
	struct line line;

	cursor_init(&c, txn, TABLE_LINES);
	if (!cursor_seek(&c, key_bytes(&key)) || !line_here(&c, scope, kind, &line))
		return false;
	*offset = line.start + line.len;
	*ret_event = line.event;
	return true;
}

/* Recording */

static void append(struct txn *txn, struct scope scope, enum line_kind kind, event_t number, uint64_t len)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key key = lines_key(scope, kind, lines_size(txn, scope, kind, NULL));

	buf_clear(b);
	put_varint(b, number);
	put_varint(b, len);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_LINES, key_bytes(&key), buf_bytes(b));
}

static uint64_t length(struct txn *txn, const struct event *event, const struct run_path *path)
{
	struct buf *b = &recording_of(txn)->scratch;

	buf_clear(b);
	line_write(event, path, b);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	return b->len;
}

void apply_log(struct txn *txn, event_t number, const struct event *event)
{
	append(txn, scope_of(SCOPE_ATTEMPT, event->about), LINE_LOG, number, length(txn, event, NULL));
}

void apply_warning(struct txn *txn, event_t number, const struct event *event)
{
	const struct attempt_scopes *scopes = index_scopes(txn, event->about);
	struct event attempt;
	struct run_path path;

	append(txn, scope_of(SCOPE_ATTEMPT, event->about), LINE_WARNING, number, length(txn, event, NULL));
	if (!log_read(txn, event->about, &attempt))
		return;
	run_path_of_event(&attempt, &path);
	append(txn, scope_of(SCOPE_EXECUTION, scopes->execution), LINE_WARNING, number, length(txn, event, &path));
}
