/*
 * Folders: the entries each kind has, by name and in order. The fixed ones are rows of one table (fixed.c); what
 * depends on the store (executions, tasks, runs, outputs, metrics) is one lister a kind (children.c).
 */
#pragma once

#include "core/store/kv.h"
#include "core/store/records.h"
#include "fs/tree/node.h"

/** A folder as a request sees it: its node, and what the store says of it. */
struct folder {
	struct txn *txn;
	struct node node;
	struct scope root; /* what the tree's root shows: everything, or a namespace; of event 0 while that has no execution */
	struct scope
		scope; /* KIND_GROUP, RUN, RUNS: the group; METRICS: whose points; a collection's folders: the collection; else of the execution or attempt */
	event_t execution; /* 0 above executions */
	bool closed;
	event_t attempt;    /* 0 where there is none */
	struct bytes value; /* KIND_VALUE: the object and what follows it in its output */
	struct attempt_record record;
	uint32_t *counter; /* for nodes of growing files */
	unsigned lost;	   /* running attempts of the execution whose helper is gone and whose end cannot be recorded */
};

/** Fills the rest of a folder from its node. -ESTALE where it is gone, -ENOTDIR where the node is a file. */
int folder_open(struct folder *f);

/** Whether everything below can change no more; and whether a name's absence is for ever too. */
bool folder_ended(const struct folder *f);
bool folder_final(const struct folder *f);

/** What a name of a folder leads to. */
struct child {
	struct node node;
	enum node_type type;
	enum keep keep;
};

/** Marks the node of a folder below `attempts/<n>` as such: whoever gets a child from the functions below calls this. */
void folder_mark_child(const struct folder *f, struct child *child);

/** True where there is such an entry. */
bool fixed_find(struct folder *f, struct bytes name, struct child *ret);

/** The fixed entry number `i` of those this folder has: false beyond the last. */
bool fixed_at(struct folder *f, unsigned i, struct bytes *ret_name, struct child *ret);

/** The number that stands for all versions of a node. */
uint64_t inode_of(struct txn *txn, struct node node);

/**
 * The same for the entries that the store gives; listing leaves `keep` open. A place is 0 at the start; *ret_place is
 * that of the entry found after `from`. `name` gets appended.
 */
bool children_find(struct folder *f, struct bytes name, struct child *ret);
bool children_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret);

/** The node of a run's folder as it is now: of a group with a run of its own that run's latest attempt. False on an error. */
bool group_node(struct txn *txn, struct scope group, event_t execution, struct node *ret);

/** A value's node type, and the node of the value itself. */
enum node_type value_type(struct bytes value);
