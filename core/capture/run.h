/* One run from its beginning to its end: a command or a filter, recorded or (as the frame of an execution's steps) not. */
#pragma once

#include "core/capture/identity.h"

/**
 * Runs what the options say and returns our exit status. May end the process itself, where a thread has to be left behind or a signal is
 * to be passed up.
 */
int run(const struct options *o, const struct run_identity *identity);
