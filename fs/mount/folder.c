/*
 * Places in a listing: 0 its start, 1 after `.`, 2 after `..`, 2 + p at the tree's place p. Each is a key to seek to, so that listings go
 * on where they were after any number of commits.
 */
#include "fs/mount/folder.h"
#include "core/base/cleanup.h"
#include "fs/mount/reply.h"

#include <errno.h>
#include <string.h>

#define DOTS 2

/** The dots' inode numbers: the kernel has its own for them. 0 would mean a deleted entry to some. */
#define UNKNOWN_INODE 0xffffffff

/** What readdir(3) gives at most in one name, and the kernel takes. */
#define NAME_MOST 255

struct listing {
	fuse_req_t req;
	char *data;
	size_t size;
	size_t len;
	uint64_t next; /* the tree's place after the last name taken */
	bool full;
};

static bool add_name(struct listing *l, const char *name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct stat st = {.st_ino = inode, .st_mode = reply_type(type)};
	size_t need = fuse_add_direntry(l->req, l->data + l->len, l->size - l->len, name, &st, (off_t)next);

	l->full = need > l->size - l->len;
	if (!l->full)
		l->len += need;
	return !l->full;
}

static bool visit(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct listing *l = context;
	char text[NAME_MOST + 1];

	if (name.len > NAME_MOST)
		return true;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	if (!add_name(l, text, type, inode, next + DOTS))
		return false;
	l->next = next;
	return true;
}

static bool stop_at_once(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	(void)context, (void)name, (void)type, (void)inode, (void)next;
	return false;
}

void answer_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
	enum keep keep = KEEP_NOT;
	bool end;
	int error = tree_list(mount_of(req)->tree, node, 0, stop_at_once, NULL, &keep, &end);

	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	fi->cache_readdir = fi->keep_cache = keep == KEEP_FOREVER;
	fuse_reply_open(req, fi);
}

/** Fills the listing from the tree's place l->next on; goes on where the tree stopped early by itself. */
static int fill(struct listing *l, struct tree *tree, node_t node)
{
	bool end = false;

	while (!end && !l->full) {
		uint64_t before = l->next;
		enum keep keep;
		int error = tree_list(tree, node, before, visit, l, &keep, &end);

		if (error)
			return error;
		if (l->next == before) /* nothing came: no use to ask again */
			return 0;
	}
	return 0;
}

void answer_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi)
{
	static const char *const dots[DOTS] = {".", ".."};
	char *data autofree = malloc(size);
	struct listing l = {.req = req, .data = data, .size = size, .next = offset > DOTS ? (uint64_t)offset - DOTS : 0};
	int error = data ? 0 : -ENOMEM;

	(void)fi;
	for (off_t i = offset; !error && i < DOTS && !l.full; i++)
		add_name(&l, dots[i], NODE_FOLDER, UNKNOWN_INODE, (uint64_t)i + 1);
	if (!error && !l.full)
		error = fill(&l, mount_of(req)->tree, node);
	if (error && l.len == 0) /* what came before the error is said first; it shows again at the next request */
		fuse_reply_err(req, -error);
	else
		fuse_reply_buf(req, l.data, l.len);
}
