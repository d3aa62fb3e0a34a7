/*
 * The environment and its transactions. What is special about LMDB 0.9.24 is kept in this file:
 * one opening a process, the map that may have to grow, descriptors that are not close-on-exec, readers that died.
 */
#include "core/store/store.h"

#include "core/base/cleanup.h"
#include "core/store/alive.h"
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/place.h"
#include "core/store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Address space, not memory or disk: the file grows as it is filled. $KESTRAFS_MAP_SIZE (bytes) for valgrind and small containers. */
#define MAP_SIZE_DEFAULT ((size_t)1 << 40)
#define MAP_SIZE_LEAST ((size_t)16 << 20)

#define FORMAT_VERSION 2

/* Room on the disk below which a write that failed in part did so for want of it. */
#define DISK_FULL_BELOW (UINT64_C(1) << 20)

/*
 * The map is full; another process has outgrown ours. Numbers that no system call of LMDB's comes back with: EFBIG, for
 * one, is a limit on the file's size, and no larger map helps.
 */
#define MAP_FULL (-EXFULL)
#define MAP_OUTGROWN (-ELNRNG)

int env_error(int code)
{
	static const struct {
		int lmdb;
		int error;
	} errors[] = {
		{MDB_SUCCESS, 0},
		{MDB_NOTFOUND, -ENOENT},
		{MDB_PAGE_NOTFOUND, -EUCLEAN},
		{MDB_CORRUPTED, -EUCLEAN},
		{MDB_PANIC, -EUCLEAN},
		{MDB_INVALID, -EUCLEAN},
		{MDB_VERSION_MISMATCH, -EMEDIUMTYPE},
		{MDB_MAP_FULL, MAP_FULL},
		{MDB_MAP_RESIZED, MAP_OUTGROWN},
		{MDB_READERS_FULL, -EUSERS},
		{MDB_BAD_RSLOT, -EUSERS},
	};

	if (code >= 0)
		return -code;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].lmdb == code)
			return errors[i].error;
	return -EIO;
}

static int open_table(struct store *s, MDB_txn *handle, enum table table, bool create)
{
	return env_error(mdb_dbi_open(handle, table_name(table), create ? MDB_CREATE : 0, &s->tables[table]));
}

/* Opening */

static size_t map_size_wanted(void)
{
	const char *setting = getenv("KESTRAFS_MAP_SIZE");
	unsigned long long size = setting ? strtoull(setting, NULL, 10) : 0;

	if (size)
		return size < MAP_SIZE_LEAST ? MAP_SIZE_LEAST : (size_t)size;
	return sizeof(size_t) > 4 ? MAP_SIZE_DEFAULT : (size_t)1 << 30;
}

static void cleanup_env(MDB_env **env)
{
	if (*env)
		mdb_env_close(*env);
}

/*
 * One try of opening with a map size; the map of a file that is larger already is as large as that. Without read-ahead:
 * what is looked up lies all over the file, and some disks would read megabytes for each page (log.c asks ahead where
 * it walks).
 */
static int env_try(const char *path, size_t map_size, unsigned flags, unsigned mode, MDB_env **ret_env)
{
	cleanup(cleanup_env) MDB_env *env = NULL;
	int r = mdb_env_create(&env);

	if (!r)
		r = mdb_env_set_mapsize(env, map_size);
	if (!r)
		r = mdb_env_set_maxdbs(env, TABLES);
	if (!r)
		r = mdb_env_set_maxreaders(env, STORE_READERS_MOST);
	if (!r)
		r = mdb_env_open(env, path, flags | MDB_NOTLS | MDB_NORDAHEAD, mode);
	if (r)
		return env_error(r);
	*ret_env = env;
	env = NULL;
	return 0;
}

/* Address space may be limited (ulimit -v, a container; valgrind says EINVAL): half as much until it fits. */
static int env_fit(struct store *s, const char *path, unsigned flags, unsigned mode)
{
	int r;

	for (s->map_size = map_size_wanted();; s->map_size /= 2) {
		r = env_try(path, s->map_size, flags, mode, &s->env);
		if ((r != -ENOMEM && r != -EINVAL) || s->map_size / 2 < MAP_SIZE_LEAST)
			return r;
	}
}

/* A file that was cut would be SIGBUS at the first look at what is missing. */
static int check_length(struct store *s)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat file;
	mdb_filehandle_t fd;

	if (mdb_env_info(s->env, &info) || mdb_env_stat(s->env, &stat) || mdb_env_get_fd(s->env, &fd) || fstat(fd, &file) < 0)
		return -EIO;
	return (uint64_t)file.st_size < (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize ? -EUCLEAN : 0;
}

static int hide_descriptors(struct store *s)
{
	mdb_filehandle_t fd;

	if (mdb_env_get_fd(s->env, &fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -EIO;
	return 0;
}

#define KEY_FORMAT BYTES_LITERAL("format")

static int check_format(struct txn *txn)
{
	struct bytes value;
	uint64_t version;
	struct reader r;

	if (!kv_get(txn, TABLE_META, KEY_FORMAT, &value))
		return txn_error(txn) ? txn_error(txn) : -ENOENT;
	r = reader_of(value);
	version = get_varint(&r);
	if (version == FORMAT_VERSION)
		return 0;
	return version > FORMAT_VERSION ? -EMEDIUMTYPE : -EPROTO;
}

/*
 * LMDB gives an emptied table's last page back only at the commit, so an import whose attempts begin and end in one
 * transaction would take a fresh page for each. A row of no execution keeps the table from ever being empty.
 */
static int keep_running_filled(struct txn *txn)
{
	struct key key = key_events(0, 0);
	struct bytes value;

	if (!kv_get(txn, TABLE_RUNNING, key_bytes(&key), &value))
		kv_put(txn, TABLE_RUNNING, key_bytes(&key), BYTES_LITERAL(""));
	return txn_error(txn);
}

static int make_format(struct txn *txn)
{
	autobuf struct buf b = BUF_INIT;
	int r = check_format(txn);

	if (r != -ENOENT)
		return r;
	put_varint(&b, FORMAT_VERSION);
	put_u64(&b, (uint64_t)clock_now());
	if (buf_error(&b))
		return buf_error(&b);
	kv_put(txn, TABLE_META, KEY_FORMAT, buf_bytes(&b));
	return txn_error(txn);
}

uint64_t store_bytes(struct txn *txn)
{
	MDB_envinfo info;
	MDB_stat stat;

	if (mdb_env_info(txn->store->env, &info) || mdb_env_stat(txn->store->env, &stat))
		return 0;
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

usec_t store_created(struct txn *txn)
{
	struct bytes value;
	struct reader r;

	if (!kv_get(txn, TABLE_META, KEY_FORMAT, &value))
		return 0;
	r = reader_of(value);
	get_varint(&r);
	return (usec_t)get_u64(&r);
}

/* The format comes first: a newer store may have other tables. */
static int open_tables(struct txn *txn, bool create)
{
	int r = open_table(txn->store, txn->handle, TABLE_META, create);

	if (!r)
		r = create ? make_format(txn) : check_format(txn);
	for (int table = TABLE_META + 1; !r && table < TABLES; table++)
		r = open_table(txn->store, txn->handle, (enum table)table, create);
	if (!r && create)
		r = keep_running_filled(txn);
	return r;
}

/* All tables are made in one transaction together with the format, so that a store is there whole or not at all. */
static int prepare_tables(struct store *s, bool create)
{
	struct txn txn = {.store = s, .writable = create};
	int r = env_error(mdb_txn_begin(s->env, NULL, create ? 0 : MDB_RDONLY, &txn.handle));

	if (r < 0)
		return r;
	r = open_tables(&txn, create);
	if (r < 0) {
		mdb_txn_abort(txn.handle);
		return r;
	}
	return env_error(mdb_txn_commit(txn.handle));
}

static int open_alive(struct store *s, unsigned mode)
{
	s->alive = alive_open(s->directory, mode, s->writable);
	if (s->alive < 0)
		return s->alive;
	s->alive_test = alive_open(s->directory, mode, false);
	return s->alive_test < 0 ? s->alive_test : 0;
}

/* By the folder's descriptor where /proc allows, so that a folder renamed or replaced meanwhile is not mixed with another. */
static int open_env(struct store *s, const char *dir, enum store_access access, unsigned mode)
{
	int r = env_fit(s, dir, 0, mode);

	s->writable = r == 0;
	if ((r == -EACCES || r == -EROFS) && access == STORE_OPEN)
		r = env_fit(s, dir, MDB_RDONLY, mode);
	if (r < 0)
		return r;
	place_adopt(s->directory, mode);
	mdb_reader_check(s->env, NULL); /* a reader that was killed keeps every page freed since */
	r = hide_descriptors(s);
	return r < 0 ? r : check_length(s);
}

static int store_begin_life(struct store *s, const char *dir, enum store_access access, struct error *e)
{
	unsigned mode;
	int r = place_open(dir, access == STORE_CREATE, &s->directory, &mode, e);

	if (r < 0)
		return r;
	r = open_env(s, dir, access, mode);
	if (!r)
		r = prepare_tables(s, access == STORE_CREATE);
	if (!r)
		r = open_alive(s, mode);
	if (!r && access == STORE_CREATE)
		place_adopt(s->directory, mode);
	return r < 0 ? place_explain(dir, r, e) : 0;
}

int store_open(const char *dir, enum store_access access, struct store **ret_store, struct error *e)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(e, -ENOMEM, "out of memory");
	s->directory = s->alive = s->alive_test = -1;
	pthread_rwlock_init(&s->map_lock, NULL);
	pthread_mutex_init(&s->pool_lock, NULL);
	r = store_begin_life(s, dir, access, e);
	if (r < 0) {
		store_close(s);
		return r;
	}
	*ret_store = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_pool; i++)
		mdb_txn_abort(s->pool[i]);
	if (s->env)
		mdb_env_close(s->env);
	cleanup_close_(&s->alive);
	cleanup_close_(&s->alive_test);
	cleanup_close_(&s->directory);
	pthread_mutex_destroy(&s->pool_lock);
	pthread_rwlock_destroy(&s->map_lock);
	free(s);
}

bool store_writable(const struct store *s)
{
	return s->writable;
}

void store_identity(const struct store *s, uint64_t *ret_device, uint64_t *ret_inode)
{
	struct stat file = {0};
	mdb_filehandle_t fd;

	if (mdb_env_get_fd(s->env, &fd) == 0 && fstat(fd, &file) < 0)
		file.st_ino = 0;
	*ret_device = file.st_dev;
	*ret_inode = file.st_ino;
}

/* Whether there is room for so many bytes of address space more. */
static bool has_room(size_t more)
{
	void *at = mmap(NULL, more, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at != MAP_FAILED && munmap(at, more) == 0;
}

/*
 * LMDB drops the old map before it makes the new one: if that fails there is none, and whoever looked at the store
 * again would crash. So room is tried for first.
 */
static int replace_map(struct store *s, size_t size)
{
	MDB_envinfo info;
	int r = env_error(mdb_env_info(s->env, &info));

	if (r < 0)
		return r;
	if (size > info.me_mapsize && !has_room(size - info.me_mapsize))
		return -ENOMEM;
	r = env_error(mdb_env_set_mapsize(s->env, size));
	s->unmapped = r < 0;
	return r;
}

/*
 * Another process may have grown the file beyond our map, or our own map is full: twice as large, or where address
 * space is limited, as much more as there is.
 */
static int grow_map(struct store *s)
{
	int r = -ENOMEM;

	pthread_rwlock_wrlock(&s->map_lock);
	for (size_t i = 0; i < s->n_pool; i++)
		mdb_txn_abort(s->pool[i]);
	s->n_pool = 0;
	for (size_t more = s->map_size; r == -ENOMEM && !s->unmapped && more >= MAP_SIZE_LEAST / 4; more /= 2) {
		r = replace_map(s, s->map_size + more);
		if (!r)
			s->map_size += more;
	}
	pthread_rwlock_unlock(&s->map_lock);
	return r;
}

/* Writing */

/* A commit that writes the disk brings the ones before it along; one that changed nothing writes nothing. */
static int settle(struct store *s, enum durability durability, bool changed)
{
	bool owed = s->unsynced && !changed && durability == STORE_SYNC;

	if (changed)
		s->unsynced = durability == STORE_SOON;
	if (!owed)
		return 0;
	s->unsynced = false;
	return env_error(mdb_env_sync(s->env, 1));
}

/* LMDB calls a write that the disk had room for in part an input/output error. */
static bool disk_is_full(const struct store *s)
{
	struct statvfs fs;

	return fstatvfs(s->directory, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < DISK_FULL_BELOW;
}

/* Locks go first: the next writer gives the same numbers to its own attempts. */
static void drop(struct txn *txn)
{
	index_drop(txn);
	mdb_txn_abort(txn->handle);
}

static int commit(struct txn *txn, enum durability durability)
{
	int r;

	index_finish(txn);
	records_flush(txn);
	if (txn->error) {
		drop(txn);
		return txn->error;
	}
	mdb_env_set_flags(txn->store->env, MDB_NOMETASYNC, durability == STORE_SOON);
	r = env_error(mdb_txn_commit(txn->handle));
	if (r < 0)
		return r == -EIO && disk_is_full(txn->store) ? -ENOSPC : r;
	index_committed(txn);
	return settle(txn->store, durability, txn->recording != NULL);
}

static int update_once(struct store *s, enum durability durability, int (*function)(struct txn *, void *), void *context)
{
	struct txn txn = {.store = s, .writable = true};
	int r;

	pthread_rwlock_rdlock(&s->map_lock);
	r = s->unmapped ? -ENOMEM : env_error(mdb_txn_begin(s->env, NULL, 0, &txn.handle));
	if (!r) {
		r = function(&txn, context);
		if (!r)
			r = txn.error;
		if (r < 0)
			drop(&txn);
		else
			r = commit(&txn, durability);
		/* what made the function fail is the store's trouble, if it had any */
		if (txn.error == MAP_FULL)
			r = MAP_FULL;
		records_drop(&txn.records);
		index_drop(&txn);
	}
	pthread_rwlock_unlock(&s->map_lock);
	return r;
}

int store_update(struct store *s, enum durability durability, int (*function)(struct txn *txn, void *context), void *context)
{
	int r;

	if (!s->writable)
		return -EACCES;
	for (;;) {
		r = update_once(s, durability, function, context);
		if (r != MAP_FULL && r != MAP_OUTGROWN)
			return r;
		r = grow_map(s);
		if (r < 0)
			return r;
	}
}

/* Reading */

static MDB_txn *pool_take(struct store *s)
{
	MDB_txn *handle = NULL;

	pthread_mutex_lock(&s->pool_lock);
	if (s->n_pool)
		handle = s->pool[--s->n_pool];
	pthread_mutex_unlock(&s->pool_lock);
	return handle;
}

static void pool_give(struct store *s, MDB_txn *handle)
{
	mdb_txn_reset(handle);
	pthread_mutex_lock(&s->pool_lock);
	if (s->n_pool < sizeof(s->pool) / sizeof(*s->pool)) {
		s->pool[s->n_pool++] = handle;
		handle = NULL;
	}
	pthread_mutex_unlock(&s->pool_lock);
	if (handle)
		mdb_txn_abort(handle);
}

static int read_begin(struct store *s, MDB_txn **ret)
{
	MDB_txn *handle = pool_take(s);
	int r;

	if (handle) {
		r = mdb_txn_renew(handle);
		if (r) {
			mdb_txn_abort(handle);
			return env_error(r);
		}
	} else {
		r = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &handle);
		if (r == MDB_READERS_FULL) { /* slots of readers that died */
			mdb_reader_check(s->env, NULL);
			r = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &handle);
		}
		if (r)
			return env_error(r);
	}
	*ret = handle;
	return 0;
}

static int view_once(struct store *s, int (*function)(struct txn *, void *), void *context)
{
	struct txn txn = {.store = s};
	int r;

	pthread_rwlock_rdlock(&s->map_lock);
	r = s->unmapped ? -ENOMEM : read_begin(s, &txn.handle);
	if (!r) {
		r = function(&txn, context);
		if (txn.error)
			r = txn.error;
		pool_give(s, txn.handle);
	}
	pthread_rwlock_unlock(&s->map_lock);
	return r;
}

int store_view(struct store *s, int (*function)(struct txn *txn, void *context), void *context)
{
	int r = view_once(s, function, context);

	while (r == MAP_OUTGROWN) {
		r = grow_map(s);
		if (!r)
			r = view_once(s, function, context);
	}
	return r;
}
