/*
 * Tables of keys and values, and the transaction that reads or changes them: what the rest of the store sees of LMDB.
 *
 * Errors stick: the first failure of a transaction is kept in it, every later call returns it, and store_update then
 * drops the lot. So the code above reads straight down and asks txn_error once. "Not there" is no error: kv_get says so
 * by false.
 */
#pragma once

#include "core/base/bytes.h"
#include "core/store/store.h"

/** Every table: its name in LMDB. docs/store.md gives keys and records. */
enum table {
	TABLE_META,
	TABLE_EVENTS,
	TABLE_EXECUTION_IDS,
	TABLE_EXECUTIONS,
	TABLE_EXECUTION_EVENTS,
	TABLE_FLOWS,
	TABLE_NAMESPACES,
	TABLE_NAMESPACE_ORDER,
	TABLE_FLOW_ORDER,
	TABLE_COLLECTIONS,
	TABLE_MEMBERS,
	TABLE_BY_TIME,
	TABLE_RUNS,
	TABLE_RUNNING,
	TABLE_GROUPS,
	TABLE_GROUP_NAMES,
	TABLE_GROUP_ORDER,
	TABLE_ATTEMPTS,
	TABLE_STATES,
	TABLE_OUTPUTS,
	TABLE_OUTPUT_NAMES,
	TABLE_HISTORY_TASKS,
	TABLE_HISTORY_NAMES,
	TABLE_HISTORY_ORDER,
	TABLE_HISTORIES,
	TABLE_HISTORY_ROWS,
	TABLE_LINES,
	TABLE_NAMES,
	TABLE_NAME_TEXTS,
	TABLE_TAGS,
	TABLE_TAG_TEXTS,
	TABLE_SAMPLES,
	TABLE_SERIES,
	TABLE_SERIES_ORDER,
	TABLE_COLUMNS,
	TABLE_CHUNKS,
	TABLES,
};

const char *table_name(enum table table);

/** Longest key LMDB takes. */
#define KEY_MOST 511

bool txn_writable(const struct txn *txn);
struct store *txn_store(const struct txn *txn);

/** The sticky error: 0 or a negative errno. txn_fail sets it if it is the first and returns it. */
int txn_error(const struct txn *txn);
int txn_fail(struct txn *txn, int error);

/**
 * True and a view that lives until the next write or the end of the transaction; false where it is not there or on an
 * error (txn_error tells).
 */
bool kv_get(struct txn *txn, enum table table, struct bytes key, struct bytes *ret_value);

void kv_put(struct txn *txn, enum table table, struct bytes key, struct bytes value);

/** Like kv_put for a key greater than all in the table: fills pages to the end. */
void kv_append(struct txn *txn, enum table table, struct bytes key, struct bytes value);

/** Nothing happens where the key is not there. */
void kv_delete(struct txn *txn, enum table table, struct bytes key);

uint64_t kv_count(struct txn *txn, enum table table);

/**
 * A place in a table, for scans. Lives on the stack; cursor_finish (or `autocursor`) frees it, before the transaction
 * ends. Keys and values are views as of kv_get.
 */
struct cursor {
	struct txn *txn;
	void *handle;
	struct bytes key;
	struct bytes value;
};

void cursor_init(struct cursor *c, struct txn *txn, enum table table);
void cursor_finish(struct cursor *c);
#define autocursor cleanup(cursor_finish)

/** To the first key not below `key`; false at the end of the table or on an error. */
bool cursor_seek(struct cursor *c, struct bytes key);
/** To the last key not above `key`. */
bool cursor_seek_last(struct cursor *c, struct bytes key);
bool cursor_next(struct cursor *c);
bool cursor_last(struct cursor *c);

/** Whether the cursor's key begins with `prefix`. */
static inline bool cursor_in(const struct cursor *c, struct bytes prefix)
{
	return c->key.len >= prefix.len && memcmp(c->key.data, prefix.data, prefix.len) == 0;
}
