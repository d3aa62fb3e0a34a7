/*
 * What a path means: names to nodes, nodes to attributes and bytes. No FUSE here: `kestrafs` answers the kernel with
 * it, other programs print with it.
 *
 * A node never changes; a name may (docs/coherence.md). The number of a node says what it is and which version of it,
 * so there is no table of nodes: any number that a lookup gave can be asked again later, after a restart too. What was
 * forgotten since answers -ESTALE.
 *
 * All functions are safe to call from any thread and take one snapshot of the store each. Errors are negative errno:
 * -ENOENT no such name, -ESTALE the node's execution is gone, -ENOTDIR, -EISDIR, -EINVAL not that kind of node, -EIO a
 * damaged record, or the store's own.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tree;

typedef uint64_t node_t;

/** The root folder, also FUSE's number for it. */
#define NODE_ROOT ((node_t)1)

enum node_type { NODE_FILE, NODE_FOLDER, NODE_LINK };

/** How long what was said may be kept. */
enum keep {
	KEEP_NOT,     /* ask again each time */
	KEEP_FOREVER, /* rests on a state that cannot be taken back */
};

struct attributes {
	enum node_type type;
	uint64_t size;	/* exact; of a folder 0 */
	usec_t time;	/* when the shown version was recorded; of a folder, when what it stands for began */
	uint64_t inode; /* for people and programs: the same for all versions of a file, unlike its node */
	enum keep keep; /* of these attributes: KEEP_NOT only for files that grow */
	bool grows; /* log and warnings: the kernel must drop its pages when the size changes (no keep_cache for the life of the node) */
};

struct entry {
	node_t node;	/* 0 where the name is not there */
	enum keep keep; /* of the name, also of its absence */
	struct attributes attributes;
};

/**
 * A tree over the store in `dir`, which need not exist yet: an empty tree then, that fills as soon as there is one. `namespace` (NULL:
 * everything): only that namespace and those below it, in every part of the tree; it need not exist yet either.
 * Opens the store (or tries to): call it after the last fork. Errors as of store_open, except -ENOENT.
 */
int tree_new(const char *dir, const char *namespace, struct tree **ret_tree, struct error *e);
void tree_free(struct tree *tree);

/** Executions shown now; *ret_there is false while there is no store yet. */
int tree_count(struct tree *tree, uint64_t *ret_executions, bool *ret_there);

/** `name` in the folder `parent`. 0 with entry.node 0 and its `keep` where there is no such name (never -ENOENT). */
int tree_lookup(struct tree *tree, node_t parent, struct bytes name, struct entry *ret_entry);

int tree_attributes(struct tree *tree, node_t node, struct attributes *ret_attributes);

/** Up to `size` bytes of the file `node` from `offset` into `data`; *ret_len less only at its end. */
int tree_read(struct tree *tree, node_t node, uint64_t offset, char *data, size_t size, size_t *ret_len);

/** Appends the target of the link `node`. */
int tree_link(struct tree *tree, node_t node, struct buf *ret_target);

/**
 * Lists the folder `node` from the place `from` (0: its start; else what a former listing passed as `next`), in the
 * tree's order, without `.` and `..`. `visit` gets each name (not NUL-terminated), its type, its attributes' inode and
 * the place after it; it returns false to stop: that name counts as not listed. Places survive commits: each is a key
 * to seek to. *ret_keep: whether the kernel may keep this listing. Bounded: at most a few thousand names a call, then
 * it returns as if `visit` had stopped; *ret_end tells the end.
 */
int tree_list(struct tree *tree, node_t node, uint64_t from,
	      bool (*visit)(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next), void *context,
	      enum keep *ret_keep, bool *ret_end);

/**
 * Walks a path from the root (`/exec/…`, any number of slashes, `.` components): the node at its end or -ENOENT,
 * -ENOTDIR. For programs without a kernel.
 */
int tree_walk(struct tree *tree, struct bytes path, struct entry *ret_entry);
