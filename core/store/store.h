/*
 * A store: one folder with one LMDB environment in it, that holds the log of events and the indexes made from it
 * (docs/store.md).
 *
 * Three rules of LMDB shape this interface. A process opens a store once (a second opening would silently drop its
 * locks) and after its last fork. A write happens inside store_update, whose function may be run again when the map had
 * to grow. A read happens inside store_view, which must never wait for anything: an open snapshot keeps every page that
 * is freed meanwhile.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/message.h"

#include <stdbool.h>
#include <stdint.h>

struct store;
struct txn;

/** The number of an event: its place in the log, from 1. 0 is "none". Below 2^34, so that node numbers of the mount have room for it. */
typedef uint64_t event_t;
#define EVENT_MAX ((UINT64_C(1) << 34) - 1)

/** False where there is certainly no store in `dir`; does not open it. */
bool store_exists(const char *dir);

enum store_access {
	STORE_CREATE, /* read and write; made (0700) if it is not there. Uses write transactions alone until store_view is called */
	STORE_OPEN,   /* read, and write where permitted; -ENOENT if there is none yet */
};

/**
 * Where the store is: `option` if not NULL, else $KESTRAFS_STORE, else /var/lib/kestrafs for root and for whoever may
 * write it, else $XDG_DATA_HOME/kestrafs, else ~/.local/share/kestrafs (the home from the password file if HOME is
 * unset). Appends an absolute path without a NUL. 0 or a negative errno.
 */
int store_locate(const char *option, struct buf *ret_dir);

/**
 * Opens the store in `dir`. -ENOENT (STORE_OPEN): nothing there, or not complete yet. -EMEDIUMTYPE: written by a newer
 * version. -EREMOTE: on a network file system. -EACCES, -EROFS, -ENOSPC, … as the system says; `e` says it for a
 * person. The caller owns *ret_store.
 */
int store_open(const char *dir, enum store_access access, struct store **ret_store, struct error *e);
void store_close(struct store *s);

/** Whether this process may write it. */
bool store_writable(const struct store *s);

/** st_dev and st_ino of the data file, to tell two stores apart (and to see that the folder was replaced under us). */
void store_identity(const struct store *s, uint64_t *ret_device, uint64_t *ret_inode);

enum durability {
	STORE_SYNC, /* on disk when store_update returns */
	STORE_SOON, /* committed and visible; after a power failure the last moments may be missing, never torn. A later STORE_SYNC covers it */
};

/**
 * Runs `function` in a write transaction and commits it, or drops it if the function returns a negative errno (returned
 * as it is). The function may be run more than once (map full): it must not change anything but through `txn` and what
 * it sets anew each time. Waits for other writers without limit.
 */
int store_update(struct store *s, enum durability durability, int (*function)(struct txn *txn, void *context), void *context);

/** Runs `function` in a read snapshot. Any thread. Returns what it returns, or a negative errno of the store. */
int store_view(struct store *s, int (*function)(struct txn *txn, void *context), void *context);
