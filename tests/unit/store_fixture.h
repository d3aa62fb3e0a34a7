/*
 * What the tests of the store and of the tree share: a store of their own in a temporary folder, a process that records
 * into it, and a tree that reads it.
 *
 * The recorder is a process, as a helper is: LMDB wants a store opened once in a process, and the tree of the test has
 * it open. What it is asked stands in memory that both see. Time is the test's own: it begins at FIXTURE_START and each
 * update takes it one second further.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/store/record.h"
#include "fs/tree/tree.h"

#include <sys/types.h>

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** 2026-11-22T10:00:00Z */
#define FIXTURE_START (INT64_C(1795341600) * USEC_PER_SEC)

struct recorder;

struct fixture {
	char dir[32]; /* of the store */
	struct recorder *recorder;
	struct tree *tree; /* NULL until fixture_tree */
	usec_t now;	   /* of the next update */
};

/** A store in a new folder, with a recorder. The test fails if that cannot be. */
void fixture_init(struct fixture *f);
/** Ends the recorder and removes the store. */
void fixture_finish(struct fixture *f);
#define autofixture cleanup(fixture_finish)

/** The tree over the store, opened at the first call; fixture_forget closes it, so that nothing remembered helps the next. */
struct tree *fixture_tree(struct fixture *f);
void fixture_forget(struct fixture *f);

/** A second recorder of the same store; to be freed. recorder_kill ends it as SIGKILL does. */
struct recorder *recorder_new(const char *dir);
void recorder_free(struct recorder *r);
void recorder_kill(struct recorder *r);
pid_t recorder_pid(const struct recorder *r);

/**
 * Runs `function` in one update of the recorder's store, in its process: what it is to see or to answer stands in
 * memory of recorder_memory. Returns what store_update does.
 */
int recorder_update(struct recorder *r, int (*function)(struct txn *txn, void *context), void *context);

/** Memory that the recorder shares with the test, until its end; zeroed. */
void *recorder_memory(struct recorder *r, size_t size);

/* Whom to record for: `namespace/flow/execution/task`, then values, outermost first, then NULL. */
struct who {
	const char *path;
	const char *taskrun; /* NULL: none */
	const char *labels;  /* `key=value,key=value` */
	const char *values[8];
};

#define WHO(path_, ...) (&(const struct who){.path = (path_), .values = {__VA_ARGS__}})

/* One update each; the test fails where it does. */
event_t record_begin(struct fixture *f, const struct who *who);
/** Messages, one a line, as a script prints them between the marks: `{"outputs":{…}}`. */
void record_says(struct fixture *f, event_t attempt, const char *messages);
void record_says_bytes(struct fixture *f, event_t attempt, struct bytes messages);
void record_warns(struct fixture *f, event_t attempt, const char *text);
void record_ends(struct fixture *f, event_t attempt, enum state state, int exit_code);
void record_execution_begins(struct fixture *f, const struct who *who);
void record_execution_ends(struct fixture *f, const struct who *who, enum state state);

/** The same, but returns the update's result; the error's text goes into `e` (may be NULL), the attempt into `ret` (may be NULL). */
int try_begin(struct fixture *f, const struct who *who, struct attempt *ret, struct error *e);
int try_says(struct fixture *f, event_t attempt, struct bytes messages);
int try_warns(struct fixture *f, event_t attempt, const char *text);
int try_ends(struct fixture *f, event_t attempt, enum state state, int exit_code);
int try_execution_begins(struct fixture *f, const struct who *who, struct error *e);
int try_execution_ends(struct fixture *f, const struct who *who, enum state state, struct error *e);

/** Reads a node whole, in pieces of `piece` bytes. */
void read_node(struct tree *tree, node_t node, size_t piece, struct buf *ret);

/** What a path leads to; the test fails if there is nothing. */
struct entry walk(struct fixture *f, const char *path);
bool is_there(struct fixture *f, const char *path);

/** Contents of the file at a path: read in several ways that must agree with each other and with its size. */
void read_path(struct fixture *f, const char *path, struct buf *ret);
void assert_file(struct fixture *f, const char *path, const char *expected);
void assert_file_bytes(struct fixture *f, const char *path, struct bytes expected);

/** Fails with both texts where they differ. */
void assert_bytes(const char *what, struct bytes actual, struct bytes expected);

/** Names in a folder, one a line, in the tree's order. Each is looked up by its name, and has the type that the listing said. */
void list_node(struct tree *tree, node_t folder, struct buf *ret);
void assert_list(struct fixture *f, const char *path, const char *expected);

/** Calls `visit` for every entry below `path` (all of the tree: ""), folders before what is in them. */
void walk_all(struct fixture *f, const char *path, void (*visit)(void *context, const char *path, const struct entry *entry),
	      void *context);

/* Chance that is the same in each run; $KESTRAFS_TEST_SEED chooses another. */
uint64_t chance(uint64_t below);
