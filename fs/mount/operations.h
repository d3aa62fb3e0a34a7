/* Nodes to libfuse: the kernel's requests and their answers. */
#pragma once

#include "fs/mount/libfuse.h"

/** Userdata of the session is a struct mount. What is missing here is answered ENOSYS by libfuse, and most of that is asked only once. */
extern const struct fuse_lowlevel_ops operations;
