/* Tables over LMDB. */
#include "core/store/kv.h"

#include "core/store/env.h"

#include <errno.h>

static const char *const names[TABLES] = {
	[TABLE_META] = "meta",
	[TABLE_EVENTS] = "events",
	[TABLE_EXECUTION_IDS] = "execution_ids",
	[TABLE_EXECUTIONS] = "executions",
	[TABLE_EXECUTION_EVENTS] = "execution_events",
	[TABLE_FLOWS] = "flows",
	[TABLE_NAMESPACES] = "namespaces",
	[TABLE_NAMESPACE_ORDER] = "namespace_order",
	[TABLE_FLOW_ORDER] = "flow_order",
	[TABLE_COLLECTIONS] = "collections",
	[TABLE_MEMBERS] = "members",
	[TABLE_BY_TIME] = "by_time",
	[TABLE_RUNS] = "runs",
	[TABLE_RUNNING] = "running",
	[TABLE_GROUPS] = "groups",
	[TABLE_GROUP_NAMES] = "group_names",
	[TABLE_GROUP_ORDER] = "group_order",
	[TABLE_ATTEMPTS] = "attempts",
	[TABLE_STATES] = "states",
	[TABLE_OUTPUTS] = "outputs",
	[TABLE_OUTPUT_NAMES] = "output_names",
	[TABLE_HISTORY_TASKS] = "history_tasks",
	[TABLE_HISTORY_NAMES] = "history_names",
	[TABLE_HISTORY_ORDER] = "history_order",
	[TABLE_HISTORIES] = "histories",
	[TABLE_HISTORY_ROWS] = "history_rows",
	[TABLE_LINES] = "lines",
	[TABLE_NAMES] = "names",
	[TABLE_NAME_TEXTS] = "name_texts",
	[TABLE_TAGS] = "tags",
	[TABLE_TAG_TEXTS] = "tag_texts",
	[TABLE_SAMPLES] = "samples",
	[TABLE_SERIES] = "series",
	[TABLE_SERIES_ORDER] = "series_order",
	[TABLE_COLUMNS] = "columns",
	[TABLE_CHUNKS] = "chunks",
};

const char *table_name(enum table table)
{
	return names[table];
}

bool txn_writable(const struct txn *txn)
{
	return txn->writable;
}

struct store *txn_store(const struct txn *txn)
{
	return txn->store;
}

int txn_error(const struct txn *txn)
{
	return txn->error;
}

int txn_fail(struct txn *txn, int error)
{
	if (!txn->error)
		txn->error = error;
	return txn->error;
}

static MDB_val val_of(struct bytes bytes)
{
	return (MDB_val){bytes.len, (void *)(uintptr_t)bytes.data};
}

/* Keeps an error; true if there is none. "Not found" is not one, but not true either. */
static bool check(struct txn *txn, int code)
{
	if (code && code != MDB_NOTFOUND)
		txn_fail(txn, env_error(code));
	return code == 0;
}

bool kv_get(struct txn *txn, enum table table, struct bytes key, struct bytes *ret_value)
{
	MDB_val k = val_of(key), v;

	if (txn->error || !check(txn, mdb_get(txn->handle, txn->store->tables[table], &k, &v)))
		return false;
	*ret_value = bytes_make(v.mv_data, v.mv_size);
	return true;
}

static void put(struct txn *txn, enum table table, struct bytes key, struct bytes value, unsigned flags)
{
	MDB_val k = val_of(key), v = val_of(value);

	if (!txn->error)
		check(txn, mdb_put(txn->handle, txn->store->tables[table], &k, &v, flags));
}

void kv_put(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
	put(txn, table, key, value, 0);
}

void kv_append(struct txn *txn, enum table table, struct bytes key, struct bytes value)
{
	put(txn, table, key, value, MDB_APPEND);
}

void kv_delete(struct txn *txn, enum table table, struct bytes key)
{
	MDB_val k = val_of(key);

	if (!txn->error)
		check(txn, mdb_del(txn->handle, txn->store->tables[table], &k, NULL));
}

uint64_t kv_count(struct txn *txn, enum table table)
{
	MDB_stat stat;

	if (txn->error || !check(txn, mdb_stat(txn->handle, txn->store->tables[table], &stat)))
		return 0;
	return stat.ms_entries;
}

void cursor_init(struct cursor *c, struct txn *txn, enum table table)
{
	MDB_cursor *handle = NULL;

	if (!txn->error)
		check(txn, mdb_cursor_open(txn->handle, txn->store->tables[table], &handle));
	*c = (struct cursor){.txn = txn, .handle = handle};
}

void cursor_finish(struct cursor *c)
{
	if (c->handle)
		mdb_cursor_close(c->handle);
	c->handle = NULL;
}

static bool cursor_move(struct cursor *c, struct bytes key, MDB_cursor_op op)
{
	MDB_val k = val_of(key), v;

	if (c->txn->error || !c->handle || !check(c->txn, mdb_cursor_get(c->handle, &k, &v, op)))
		return false;
	c->key = bytes_make(k.mv_data, k.mv_size);
	c->value = bytes_make(v.mv_data, v.mv_size);
	return true;
}

bool cursor_seek(struct cursor *c, struct bytes key)
{
	return cursor_move(c, key, MDB_SET_RANGE);
}

bool cursor_seek_last(struct cursor *c, struct bytes key)
{
	if (!cursor_seek(c, key))
		return cursor_last(c);
	if (bytes_equal(c->key, key))
		return true;
	return cursor_move(c, c->key, MDB_PREV);
}

bool cursor_next(struct cursor *c)
{
	return cursor_move(c, c->key, MDB_NEXT);
}

bool cursor_last(struct cursor *c)
{
	return cursor_move(c, c->key, MDB_LAST);
}
