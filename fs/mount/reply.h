/* The tree's attributes in the kernel's terms. */
#pragma once

#include "fs/mount/mount.h"

#include <sys/stat.h>

/** Seconds for which the kernel may keep what was said. */
double reply_timeout(enum keep keep);

/** S_IFREG, S_IFDIR or S_IFLNK. */
mode_t reply_type(enum node_type type);

void reply_stat(const struct mount *m, const struct attributes *attributes, struct stat *ret_stat);

/** Answers a LOOKUP. A name that is not there and may be remembered so is node 0 with a timeout, else ENOENT. */
void reply_entry(fuse_req_t req, const struct entry *entry);
