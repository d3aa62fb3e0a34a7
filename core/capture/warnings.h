/* A run's warnings: printed and kept, the first 100 of them, and one more line that says how many there were. */
#pragma once

#include "core/capture/notices.h"
#include "core/capture/recorder.h"

#include <pthread.h>

#define WARNINGS_MOST 100

struct warnings {
	struct notices *notices;
	struct recorder *recorder; /* NULL: they are not kept */
	pthread_mutex_t lock;
	size_t n;
	size_t n_lost; /* of those that told of something that was not recorded */
	bool hinted;   /* the one about a message in the middle of a line has been given */
};

void warnings_init(struct warnings *w, struct notices *notices, struct recorder *recorder);
void warnings_finish(struct warnings *w);

/** Any thread. */
void warnings_add(struct warnings *w, struct bytes text);

/** The hint about a message in the middle of a line, of which a run gives one: whichever of its streams comes first. Nothing was lost. */
void warnings_hint(struct warnings *w, struct bytes text);

/** The one more line, where there were too many. */
void warnings_end(struct warnings *w);

/** How many told of something that was not recorded. */
size_t warnings_lost(struct warnings *w);
