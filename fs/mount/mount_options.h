/* The words of `-o`. */
#pragma once

#include "fs/mount/options.h"

/**
 * Applies the comma-separated words of one `-o` argument to `o`; a backslash takes the next byte as it is, as libfuse has it. 0, or
 * -EINVAL with text in `e`, -ENOMEM.
 */
int mount_options_apply(struct options *o, const char *list, struct error *e);
