/* The workers that answer requests. */
#pragma once

#include "fs/mount/libfuse.h"
#include "fs/mount/options.h"

/** Answers requests until the mount is gone or a signal comes: 0, or a negative errno. */
int loop_run(struct fuse_session *fuse, const struct options *o);
