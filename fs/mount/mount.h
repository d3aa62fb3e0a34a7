/*
 * What every answer to the kernel needs to know. Fixed before the first request; there is no state per node, so nothing grows with what
 * was looked at.
 */
#pragma once

#include "fs/mount/libfuse.h"
#include "fs/tree/tree.h"

#include <sys/types.h>

struct mount {
	struct tree *tree;
	const char *store; /* the store's folder */
	uid_t uid;
	gid_t gid;
	mode_t umask;
	unsigned max_read;		/* 0: as the kernel likes */
	int trace;			/* descriptor of the list of requests (trace.h); -1: none */
	bool no_open;			/* the kernel opens files without asking, once told so; set by INIT, before any other request */
	void (*started)(void *context); /* called once, when the kernel and this program have agreed (INIT) */
	void *context;
};

static inline struct mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}
