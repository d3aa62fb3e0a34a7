/*
 * The tree while there is no store: the root's fixed entries alone, and nothing of that may be kept. The functions are
 * those of tree.h for a node, all -ESTALE where it cannot be of this tree.
 */
#pragma once

#include "fs/document/sink.h"
#include "fs/tree/node.h"

int empty_lookup(struct node parent, struct bytes name, struct entry *ret_entry);
int empty_attributes(struct node n, struct attributes *ret);
int empty_render(struct node n, struct sink *sink);
int empty_list(struct node node, uint64_t from,
	       bool (*visit)(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next), void *context,
	       enum keep *ret_keep, bool *ret_end);
