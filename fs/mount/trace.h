/*
 * The list of requests, for tests: with KESTRAFS_TRACE set to a file, or to the number of an open descriptor, each request of the kernel
 * appends a line
 *
 *	OPERATION NODE [NAME]		LOOKUP 1 exec, GETATTR 1, READ 4711, RELEASEDIR 7
 *
 * before it is answered. It sits where requests are read from the device, so that nothing of it runs where it is off, and nothing is
 * missed where it is on.
 */
#pragma once

#include "core/base/message.h"
#include "fs/mount/libfuse.h"

/** Opens what KESTRAFS_TRACE names: *ret_fd is a descriptor, or -1 if it is not set. 0, or a negative errno with text in `e`. */
int trace_open(int *ret_fd, struct error *e);

/**
 * From now on, list the requests of `fuse`, which is mounted and whose userdata is a struct mount. 0, or a negative errno with text in
 * `e`.
 */
int trace_attach(struct fuse_session *fuse, struct error *e);
