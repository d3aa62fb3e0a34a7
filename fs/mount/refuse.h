/* What speaks against mounting, found before anything is changed. */
#pragma once

#include "core/base/message.h"

/** The type under which every kestrafs mount is known to the kernel. */
#define MOUNT_TYPE "fuse.kestrafs"

/**
 * Whether `mountpoint` can take a mount. Clears a dead one of ours first (its program has crashed). On 0 *ret_path is its absolute path
 * without symbolic links, which the caller frees; else a negative errno with text in `e`.
 */
int mountpoint_check(const char *mountpoint, char **ret_path, struct error *e);

/**
 * Whether the store and the mountpoint (as mountpoint_check gave it) lie apart: 0, or -EINVAL with text in `e` if one is the other or
 * lies inside it, by whatever path or bind mount. The store need not exist. A mount over its own store would ask itself and wait for
 * ever.
 */
int store_check(const char *store, const char *mountpoint, struct error *e);
