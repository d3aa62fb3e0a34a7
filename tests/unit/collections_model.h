/*
 * A model of collections: executions with the states of their runs, in the order they came, from which every answer is
 * written down anew.
 */
#pragma once

#include "tests/unit/store_fixture.h"

#include "core/store/collection.h"

#define HISTORY_STEPS 300
#define RUNS_MOST 3
#define FLOWS 2
#define NAMESPACES 14

extern const char *const history_namespaces[NAMESPACES];
extern const char *const history_flows[FLOWS];

struct execution_model {
	char id[8];
	const char *namespace, *flow;
	event_t event; /* the test's */
	usec_t start;
	bool begun, closed;
	enum state given;
	struct {
		event_t attempt; /* 0: none yet */
		enum state state;
	} runs[RUNS_MOST];
};

struct history_model {
	struct execution_model executions[HISTORY_STEPS];
	size_t n;
};

/** One random step, recorded in the fixture's store and noted in the model. At most HISTORY_STEPS. */
void history_step(struct history_model *m, struct fixture *f);

/** Which executions: all, those in a namespace or below it, those of a flow. */
struct which {
	const char *namespace; /* NULL: all */
	const char *flow;      /* NULL: all below */
};

bool model_is_in(const struct execution_model *e, struct which which);

/** By start, then by recording: the one after `after` (NULL: the first). NULL where there is none. */
const struct execution_model *model_started_next(const struct history_model *m, struct which which, const struct execution_model *after);

/** The one of that outcome that started last; NULL where there is none. */
const struct execution_model *model_latest(const struct history_model *m, struct which which, enum outcome outcome);

struct tally model_tally(const struct history_model *m, struct which which);
