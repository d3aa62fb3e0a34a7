/* Inside of a store and a transaction: only for the files of core/store that handle LMDB itself. */
#pragma once

#include "core/store/kv.h"
#include "core/store/records.h"

#include <lmdb.h>
#include <pthread.h>

struct store {
	MDB_env *env;
	MDB_dbi tables[TABLES];
	bool writable;
	bool unsynced;	/* the last commit was STORE_SOON */
	int directory;	/* of the store */
	int alive;	/* the file of liveness locks (alive.h): the opening that holds ours */
	int alive_test; /* the one that tests them, our own too */
	size_t map_size;
	bool unmapped; /* a new map could not be had and the old one is gone: nothing may be looked at any more */

	/* Held shared by everyone inside a transaction, exclusively while the map is changed: LMDB wants no transaction then. */
	pthread_rwlock_t map_lock;

	/* Read transactions that were reset, to be renewed: beginning one anew would search the reader table each time. */
	pthread_mutex_t pool_lock;
	MDB_txn *pool[64];
	size_t n_pool;
};

struct txn {
	struct store *store;
	MDB_txn *handle;
	bool writable;
	int error;
	struct record_cache records; /* changed records not yet written; only in a write transaction */
	uint64_t generation;	     /* of those records: pointers to them hold while it stays the same */
	struct recording *recording; /* what appends keep between them (index.h); owned */

	uintptr_t log_page;  /* of the log, read last */
	uintptr_t log_ahead; /* up to where the kernel was asked for the log's pages */
	unsigned log_walk;   /* pages in a row */
};

/** LMDB's return codes as negative errno. */
int env_error(int code);
