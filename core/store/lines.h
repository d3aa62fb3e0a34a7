/*
 * The files that grow in place, `log` and `warnings`: their lines, and where each begins. A line is rendered from its
 * event alone, so its length is known when it is recorded and a file can be read from any offset.
 */
#pragma once

#include "core/store/event.h"

enum line_kind { LINE_LOG, LINE_WARNING };

/**
 * Appends the line of a LOG or WARNING event, with its newline. `path`: whose task and values stand in front (an
 * execution's `warnings`), or NULL.
 */
struct run_path;
void line_write(const struct event *event, const struct run_path *path, struct buf *ret);

/**
 * Size of the file of one scope (an attempt, or an execution for warnings) in bytes; *ret_last (may be NULL) is the
 * event of its last line, 0 where it is empty.
 */
uint64_t lines_size(struct txn *txn, struct scope scope, enum line_kind kind, event_t *ret_last);

/**
 * Appends whole lines from the one that holds the byte `offset` on, until at least `want` bytes stand in `ret` or the
 * file ends; *ret_at is where the first begins.
 */
void lines_read(struct txn *txn, struct scope scope, enum line_kind kind, uint64_t offset, size_t want, struct buf *ret, uint64_t *ret_at);

/** Line by line: the event of the one that begins at the byte `*offset`, which goes on to the next. False at the end. */
bool lines_next(struct txn *txn, struct scope scope, enum line_kind kind, uint64_t *offset, event_t *ret_event);
