/* The folder of a store and the files in it, before LMDB opens them. */
#pragma once

#include "core/base/message.h"
#include "core/store/store.h"

#define STORE_DATA "data.mdb"
#define STORE_LOCK "lock.mdb"
#define STORE_ALIVE "alive"

/** What LMDB's lock file takes with STORE_READERS_MOST readers: 64 bytes each after a head of 128. */
#define STORE_READERS_MOST 510
#define STORE_LOCK_SIZE (128 + STORE_READERS_MOST * 64)

/**
 * Opens the folder `dir` (`create`: made with its parents, mode 0700, if it is not there) and looks whether a store can
 * live in it: -EREMOTE on a network file system,
 * -EUCLEAN where the data file is shorter than a database can be. Without `create`, -ENOENT where there is no data
 * file. *ret_mode is the mode its files get: the folder's, without execution. The caller closes *ret_fd.
 */
int place_open(const char *dir, bool create, int *ret_fd, unsigned *ret_mode, struct error *e);

/**
 * Gives the store's files the folder's mode and group where they are ours and differ. Best effort: a file of somebody
 * else keeps what it has.
 */
void place_adopt(int directory, unsigned mode);

/** The text for a person of why the store in `dir` cannot be used; returns `code`. */
int place_explain(const char *dir, int code, struct error *e);
