/*
 * Who is alive. A helper holds an open-file-description lock on one byte of the file `alive` for each attempt it runs;
 * the kernel drops it with the process, however that ends, and everybody on the machine can test it, across containers
 * and without process ids. It is never `lock.mdb`: opening that a second time in a process would drop LMDB's own locks.
 */
#pragma once

#include "core/store/store.h"

/** Opens (makes, with `mode`) the file. Returns the descriptor, close-on-exec, or a negative errno. */
int alive_open(int directory, unsigned mode, bool writable);

/** Takes the lock of an attempt. -EAGAIN: somebody holds it. */
int alive_take(int fd, event_t attempt);

/** Drops it again. */
void alive_drop(int fd, event_t attempt);

/**
 * Whether some process holds the lock of an attempt other than through this very opening of the file (so a store tests
 * with one of its own). Also true where it cannot be told.
 */
bool alive_held(int fd, event_t attempt);
