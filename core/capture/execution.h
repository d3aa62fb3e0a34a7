/* --begin and --end without a COMMAND: an execution starts, or ends, and nothing runs. */
#pragma once

#include "core/capture/identity.h"

/** Starts the execution and prints its id. Our exit status. */
int execution_begin(const struct options *o, const struct run_identity *identity);

/** Ends and closes it. Our exit status. */
int execution_end(const struct options *o, const struct run_identity *identity);
