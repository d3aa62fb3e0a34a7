/*
 * What the tables of fixed.c and children.c name and other files here define: a pair of functions for each kind of folder
 * whose entries the store gives (children_find and children_next of folder.h for their kind), and a function for each fixed entry
 * (true where the folder has it: sets ret->node and ret->keep).
 */
#pragma once

#include "fs/tree/folder.h"

#define LISTER(kind)                                                              \
	bool kind##_find(struct folder *f, struct bytes name, struct child *ret); \
	bool kind##_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)

/* flow.c */
LISTER(executions);
LISTER(flows);
LISTER(namespace_flows);
LISTER(members);
LISTER(by_time);
bool fixed_flows(struct folder *f, struct child *ret);
bool fixed_by_time(struct folder *f, struct child *ret);
bool fixed_latest(struct folder *f, struct child *ret);
bool fixed_latest_success(struct folder *f, struct child *ret);
bool fixed_latest_failed(struct folder *f, struct child *ret);
bool fixed_members(struct folder *f, struct child *ret);
bool fixed_overview(struct folder *f, struct child *ret);

/** Appends the target of a KIND_LINK node. -ESTALE where its execution is gone. */
int link_write(struct txn *txn, struct node node, struct buf *ret);

/* history.c */
LISTER(histories);
LISTER(history_outputs);
bool fixed_histories(struct folder *f, struct child *ret);

/* metrics.c, tags.c */
LISTER(metrics);
LISTER(tags);
LISTER(tag_values);
bool fixed_tags(struct folder *f, struct child *ret);

/* fixed.c, for the others: a node that is the same for ever; one that may be another later. Always true. */
bool fixed_always(struct folder *f, enum node_kind kind, uint32_t detail, event_t event, struct child *ret);
bool fixed_changing(enum node_kind kind, uint32_t detail, event_t version, struct child *ret);
