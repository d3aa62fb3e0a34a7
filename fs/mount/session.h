/* One mount from its beginning to its end. */
#pragma once

#include "fs/mount/options.h"
#include "fs/mount/readiness.h"

/**
 * Mounts r->store on r->mountpoint (both absolute, checked) and answers the kernel until it is unmounted or a signal comes; reports
 * through `r` when the tree is usable. Call it after the last fork: it opens the store. Returns the program's exit status; what went
 * wrong has been said on standard error, or after the report in the system log.
 */
int session_run(const struct options *o, struct readiness *r, int trace);
