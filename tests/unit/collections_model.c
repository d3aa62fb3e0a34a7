#include "tests/unit/collections_model.h"

#include <stdio.h>

/* The last two have 75 dots, one more than are told apart; the last has all of the 150 bytes that a namespace may have. */
#define DOTS_10 ".........."
#define DOTS_70 DOTS_10 DOTS_10 DOTS_10 DOTS_10 DOTS_10 DOTS_10 DOTS_10
#define A_10 "a.a.a.a.a."

const char *const history_namespaces[NAMESPACES] = {
	"a",
	"a.b",
	"a.b.c",
	"a.b.d",
	"a.bb",
	"ab",
	"a-b",
	"b.a.c",
	"a.",
	"a..",
	"a..b",
	"c.d.e.f",
	"d." DOTS_70 "...x.y",
	A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10 A_10,
};

const char *const history_flows[FLOWS] = {"one", "two.b-c_D"};

/* The model's own answers */

static enum state worst(const struct execution_model *e)
{
	static const enum state order[] = {STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < 3; i++)
		for (int run = 0; run < RUNS_MOST; run++)
			if (e->runs[run].attempt && e->runs[run].state == order[i])
				return order[i];
	return STATE_SUCCESS;
}

static enum state state_of(const struct execution_model *e)
{
	if (e->closed)
		return e->given ? e->given : worst(e);
	if (e->begun)
		return STATE_RUNNING;
	for (int run = 0; run < RUNS_MOST; run++)
		if (e->runs[run].attempt && e->runs[run].state == STATE_RUNNING)
			return STATE_RUNNING;
	return worst(e);
}

static enum outcome outcome_in_words(enum state state)
{
	const char *word = state_name(state);

	if (strcmp(word, "SUCCESS") == 0 || strcmp(word, "WARNING") == 0)
		return OUTCOME_SUCCESS;
	return strcmp(word, "RUNNING") == 0 ? OUTCOME_ANY : OUTCOME_FAILURE;
}

static bool is_below(const char *name, const char *above)
{
	size_t len = strlen(above);

	return strncmp(name, above, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

bool model_is_in(const struct execution_model *e, struct which which)
{
	if (!which.namespace)
		return true;
	if (which.flow)
		return strcmp(e->namespace, which.namespace) == 0 && strcmp(e->flow, which.flow) == 0;
	return is_below(e->namespace, which.namespace);
}

static bool started_before(const struct execution_model *a, const struct execution_model *b)
{
	return a->start != b->start ? a->start < b->start : a->event < b->event;
}

const struct execution_model *model_started_next(const struct history_model *m, struct which which, const struct execution_model *after)
{
	const struct execution_model *found = NULL;

	for (size_t i = 0; i < m->n; i++) {
		const struct execution_model *e = &m->executions[i];

		if (model_is_in(e, which) && (!after || started_before(after, e)) && (!found || started_before(e, found)))
			found = e;
	}
	return found;
}

const struct execution_model *model_latest(const struct history_model *m, struct which which, enum outcome outcome)
{
	const struct execution_model *found = NULL;

	for (size_t i = 0; i < m->n; i++) {
		const struct execution_model *e = &m->executions[i];

		if (model_is_in(e, which) && (!outcome || outcome_in_words(state_of(e)) == outcome) && (!found || started_before(found, e)))
			found = e;
	}
	return found;
}

struct tally model_tally(const struct history_model *m, struct which which)
{
	struct tally tally = {0};

	for (size_t i = 0; i < m->n; i++)
		if (model_is_in(&m->executions[i], which))
			tally.of[state_of(&m->executions[i])]++;
	return tally;
}

/* Steps */

static struct who who_of(const struct execution_model *e, int run, char path[256])
{
	static const char *const tasks[RUNS_MOST] = {"t1", "t2", "t3"};

	snprintf(path, 256, "%s/%s/%s/%s", e->namespace, e->flow, e->id, run < 0 ? "" : tasks[run]);
	return (struct who){.path = path};
}

static struct execution_model *add_execution(struct history_model *m, struct fixture *f, bool begun)
{
	struct execution_model *e = &m->executions[m->n];

	*e = (struct execution_model){
		.namespace = history_namespaces[chance(NAMESPACES)], .flow = history_flows[chance(FLOWS)], .begun = begun};
	snprintf(e->id, sizeof(e->id), "E%zu", m->n++);
	f->now = FIXTURE_START + (usec_t)chance(100) * USEC_PER_SEC / 4; /* often the same as another's */
	e->start = f->now;
	return e;
}

static void begin_attempt(struct fixture *f, struct execution_model *e)
{
	int run = (int)chance(RUNS_MOST);
	char path[256];
	struct who who = who_of(e, run, path);

	e->runs[run].attempt = record_begin(f, &who);
	e->runs[run].state = STATE_RUNNING;
}

static void end_attempt(struct fixture *f, struct execution_model *e)
{
	for (int run = 0; run < RUNS_MOST; run++)
		if (e->runs[run].state == STATE_RUNNING) {
			e->runs[run].state = (enum state)(STATE_SUCCESS + chance(4));
			record_ends(f, e->runs[run].attempt, e->runs[run].state, 0);
			return;
		}
}

static void end_execution(struct fixture *f, struct execution_model *e)
{
	enum state given = chance(2) ? STATE_NONE : (enum state)(STATE_SUCCESS + chance(4));
	char path[256];
	struct who who = who_of(e, -1, path);

	record_execution_ends(f, &who, given);
	e->closed = true;
	if (given)
		e->given = given;
}

/* An execution that is there: rather one of the newest, so that some come to an end. */
static struct execution_model *some(struct history_model *m)
{
	return &m->executions[m->n - 1 - chance(m->n < 6 ? m->n : 6)];
}

void history_step(struct history_model *m, struct fixture *f)
{
	unsigned kind = m->n ? (unsigned)chance(8) : 0;
	struct execution_model *e = kind > 1 ? some(m) : add_execution(m, f, kind == 1);
	char path[256];
	struct who who = who_of(e, -1, path);

	if (kind == 1)
		record_execution_begins(f, &who);
	else if (kind == 0 || (kind < 4 && !e->closed))
		begin_attempt(f, e);
	else if (kind < 7)
		end_attempt(f, e);
	else
		end_execution(f, e);
}
