/*
 * The one way to libfuse's low-level interface, with what differs between its versions: 3.10 numbered them 3 * 10 + minor, 3.12 began to
 * count in hundreds (and brought the loop's settings as functions), 3.14 the reading of requests by a function of ours.
 */
#pragma once

#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>
#include <fuse_opt.h>

#define LIBFUSE_HAS_LOOP_SETTINGS (FUSE_VERSION >= 312)
#define LIBFUSE_HAS_CUSTOM_IO (FUSE_VERSION >= 314)
