/*
 * Helpers inside helpers. Every helper records what passes through it, so what a helper prints into another one's pipe is recorded twice.
 * A helper leaves the files it reads in the environment, together with which store it records to, and one that finds its own output among
 * them says so.
 */
#pragma once

#include "core/capture/environment.h"

#include <stdbool.h>
#include <stdint.h>

struct nested_store {
	uint64_t device; /* store_identity */
	uint64_t inode;
};

/** Adds the pipes or the terminal behind `fds` to what COMMAND's environment says. */
void nested_mark(struct environment *env, struct nested_store store, const int *fds, size_t n_fds);

/** Whether our standard output or standard error goes into a helper that records to the same store. */
bool nested_inside(struct nested_store store);
