/*
 * Ends the attempts whose helper is gone. A thread of its own, because LMDB's writer lock has no time-out and a reader
 * must never wait for a writer that is stopped: whoever looks waits a moment for the end to be recorded, then goes on
 * without.
 */
#pragma once

#include "core/store/store.h"

struct reaper;

int reaper_new(struct reaper **ret);

/** Stops the thread. One that is stuck in the store is left behind: then false, and the store is its to close. */
bool reaper_free(struct reaper *r);

/** Records the end of what an execution has lost. True once that is done, false where it cannot be now. */
bool reaper_run(struct reaper *r, struct store *s, event_t execution);
