/*
 * The kernel refuses to write where the mount is read-only, before it asks. It asks after somebody with the right to has remounted it
 * writable: the answer is the same.
 */
#pragma once

#include "fs/mount/libfuse.h"

void refuse_setattr(fuse_req_t req, fuse_ino_t node, struct stat *attributes, int which, struct fuse_file_info *fi);
void refuse_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void refuse_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
/** Whatever takes a node and a name away: unlink, rmdir, removexattr. */
void refuse_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void refuse_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void refuse_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent, const char *to_name, unsigned flags);
void refuse_link(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent, const char *name);
void refuse_write(fuse_req_t req, fuse_ino_t node, const char *data, size_t size, off_t offset, struct fuse_file_info *fi);
void refuse_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *fi);
void refuse_fallocate(fuse_req_t req, fuse_ino_t node, int mode, off_t offset, off_t len, struct fuse_file_info *fi);
void refuse_setxattr(fuse_req_t req, fuse_ino_t node, const char *name, const char *value, size_t size, int flags);
