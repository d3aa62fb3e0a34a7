/* Folders and their listings, streamed: nothing of a listing is kept between two requests. */
#pragma once

#include "fs/mount/libfuse.h"

/**
 * Tells the kernel whether it may keep the listing. Unlike files, folders are asked for at every opening: kept for ever would be said of
 * all or none of them.
 */
void answer_opendir(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi);

/** Names and types without attributes: walking a tree renders no document. */
void answer_readdir(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi);
