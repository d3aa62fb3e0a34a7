/* What the kernel says is mounted where. */
#pragma once

#include <stddef.h>

#define MOUNTINFO_TYPE_SIZE 64

/**
 * The type (`fuse.kestrafs`, `ext4`, …) of the mount one sees at exactly `path` (absolute, resolved): of several on top of each other the
 * last. Writes an empty text where nothing is mounted there. 0, or the negative errno of reading /proc/self/mountinfo.
 */
int mountinfo_type(const char *path, char ret_type[MOUNTINFO_TYPE_SIZE]);
