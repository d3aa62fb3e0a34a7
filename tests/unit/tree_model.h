/*
 * A model of what the tree shows: lists of what was recorded, and each document written down from them as docs/tree.md
 * says, with no thought of speed. It knows nothing of events, indexes or nodes.
 */
#pragma once

#include "tests/unit/store_fixture.h"

#include "core/protocol/message.h"

struct model;

/** One random step: what is recorded in the fixture's store is noted in the model. */
void model_step(struct model *m, struct fixture *f);

struct model *model_new(void);
void model_free(struct model *m);

/**
 * What a path of the tree should be: a file with these bytes, or a folder with these names, one a line; a folder before
 * what is in it.
 */
struct expected {
	const char *path;
	bool folder;
	bool opaque; /* a file; what is in it is not said */
	struct bytes contents;
};

/** Calls `visit` with everything there should be now. */
void model_show(struct model *m, void (*visit)(void *context, const struct expected *expected), void *context);
