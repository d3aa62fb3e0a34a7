/*
 * Fixed entries: one row each. A row says in which kinds of folder its name stands, and makes the node it leads to now;
 * `keep` is for ever only where the node can be no other one later.
 */
#include "core/store/lines.h"
#include "core/store/query.h"
#include "fs/tree/entries.h"

#define IN(kind) (UINT64_C(1) << (kind))
#define IN_COLLECTION (IN(KIND_ROOT) | IN(KIND_FLOW))
#define IN_RUN (IN(KIND_GROUP) | IN(KIND_RUN) | IN(KIND_ATTEMPT))

/* A run's folder with runs below it speaks of them all, as one that is no run's own. */
static bool is_group(const struct folder *f)
{
	return f->node.kind == KIND_GROUP || (f->node.kind == KIND_RUN && f->node.detail);
}

static enum keep while_running(const struct folder *f)
{
	return folder_ended(f) ? KEEP_FOREVER : KEEP_NOT;
}

static event_t or_else(event_t version, event_t none_yet)
{
	return version ? version : none_yet;
}

bool fixed_always(struct folder *f, enum node_kind kind, uint32_t detail, event_t event, struct child *ret)
{
	(void)f;
	ret->node = node_make(kind, detail, event);
	ret->keep = KEEP_FOREVER;
	return true;
}

bool fixed_changing(enum node_kind kind, uint32_t detail, event_t version, struct child *ret)
{
	ret->node = node_make(kind, detail, version);
	ret->keep = KEEP_NOT;
	return true;
}

/* A document that shows states while ends are missing in the log: see NODE_LOST. `counted`: it may show more of them later. */
static bool with_lost(const struct folder *f, bool counted, struct child *ret)
{
	uint32_t count = f->lost < NODE_LOST_COUNT_MOST ? f->lost : NODE_LOST_COUNT_MOST;

	if (f->lost) {
		ret->node.detail |= NODE_LOST | (counted ? count << NODE_LOST_COUNT_SHIFT : 0);
		ret->keep = KEEP_NOT;
	}
	return true;
}

static bool readme(struct folder *f, struct child *ret)
{
	return fixed_always(f, KIND_README, 0, 0, ret);
}

static bool executions(struct folder *f, struct child *ret)
{
	return fixed_always(f, KIND_EXECUTIONS, 0, 0, ret);
}

/* Of the root and of a flow. A namespace that has no execution yet gets another number with its first. */
static bool collection_metrics(struct folder *f, struct child *ret)
{
	fixed_always(f, KIND_METRICS, f->scope.code, f->scope.event, ret);
	if (f->scope.code != SCOPE_ROOT && !f->scope.event)
		ret->keep = KEEP_NOT;
	return true;
}

static bool collection_summary(struct folder *f, struct child *ret)
{
	struct collection c = {0};

	collection_get(f->txn, f->scope, &c);
	return fixed_changing(KIND_SUMMARY, f->scope.code, or_else(c.last_point, f->scope.event), ret);
}

static bool execution_json(struct folder *f, struct child *ret)
{
	struct execution e;

	return execution_get(f->txn, f->execution, &e) && fixed_changing(KIND_EXECUTION_JSON, 0, e.last_event, ret) &&
	       with_lost(f, true, ret);
}

static bool execution_state_file(struct folder *f, struct child *ret)
{
	enum state state;
	event_t since = f->execution;

	state_at(f->txn, f->scope, EVENT_MAX, &since, &state);
	return fixed_changing(KIND_EXECUTION_STATE, 0, since, ret) && with_lost(f, true, ret);
}

static bool execution_outputs(struct folder *f, struct child *ret)
{
	struct execution e;

	return execution_get(f->txn, f->execution, &e) &&
	       fixed_changing(KIND_EXECUTION_OUTPUTS, 0, or_else(e.last_output, f->execution), ret);
}

static bool execution_metrics(struct folder *f, struct child *ret)
{
	return fixed_always(f, KIND_METRICS, SCOPE_EXECUTION, f->execution, ret);
}

static bool execution_summary(struct folder *f, struct child *ret)
{
	struct execution e;

	return execution_get(f->txn, f->execution, &e) &&
	       fixed_changing(KIND_SUMMARY, SCOPE_EXECUTION, or_else(e.last_point, f->execution), ret);
}

/* Each lookup of a file that may grow gets a node of its own, so that no two readers share pages of different lengths. */
static bool growing(struct folder *f, enum node_kind kind, event_t event, struct child *ret)
{
	uint32_t number = __atomic_add_fetch(f->counter, 1, __ATOMIC_RELAXED) & NODE_DETAIL_MOST;

	return fixed_changing(kind, number ? number : 1, event, ret);
}

/* Once closed it takes no more runs: when those it has have ended too, nobody can add a line. */
static bool execution_warnings(struct folder *f, struct child *ret)
{
	event_t running;

	if (f->closed && !attempt_next_running(f->txn, f->execution, 0, &running))
		return fixed_always(f, KIND_EXECUTION_WARNINGS, 0, f->execution, ret);
	return growing(f, KIND_EXECUTION_WARNINGS, f->execution, ret);
}

/* As new as the newest of what it shows. */
static bool report(struct folder *f, struct child *ret)
{
	event_t version, warned = 0;
	struct execution e;

	if (!execution_get(f->txn, f->execution, &e))
		return false;
	version = e.last_event > e.last_point ? e.last_event : e.last_point;
	lines_size(f->txn, f->scope, LINE_WARNING, &warned);
	return fixed_changing(KIND_REPORT, 0, warned > version ? warned : version, ret) && with_lost(f, true, ret);
}

static bool run_state(struct folder *f, struct child *ret)
{
	enum state state;
	event_t since = f->scope.event;

	if (is_group(f)) {
		state_at(f->txn, f->scope, EVENT_MAX, &since, &state);
		return fixed_changing(KIND_GROUP_STATE, scope_depth(f->scope), since, ret) && with_lost(f, true, ret);
	}
	ret->node = node_make(KIND_ATTEMPT_STATE, 0, or_else(f->record.end, f->attempt));
	ret->keep = while_running(f);
	return f->record.end || !attempt_is_lost(f->txn, f->attempt) || with_lost(f, false, ret);
}

static bool run_outputs_json(struct folder *f, struct child *ret)
{
	struct group g;

	if (is_group(f))
		return group_get(f->txn, f->scope, &g) &&
		       fixed_changing(KIND_GROUP_OUTPUTS, scope_depth(f->scope), or_else(g.last_output, f->scope.event), ret);
	ret->node = node_make(KIND_ATTEMPT_OUTPUTS, 0, or_else(f->record.last_output, f->attempt));
	ret->keep = while_running(f);
	return true;
}

static struct scope points_of(const struct folder *f)
{
	return is_group(f) ? f->scope : scope_of(SCOPE_ATTEMPT, f->attempt);
}

static bool run_metrics(struct folder *f, struct child *ret)
{
	struct scope scope = points_of(f);

	return fixed_always(f, KIND_METRICS, scope.code, scope.event, ret);
}

static bool run_summary(struct folder *f, struct child *ret)
{
	struct group g;

	if (is_group(f))
		return group_get(f->txn, f->scope, &g) &&
		       fixed_changing(KIND_SUMMARY, f->scope.code, or_else(g.last_point, f->scope.event), ret);
	ret->node = node_make(KIND_SUMMARY, SCOPE_ATTEMPT, or_else(f->record.last_point, f->attempt));
	ret->keep = while_running(f);
	return true;
}

static bool outputs(struct folder *f, struct child *ret)
{
	return f->attempt && fixed_always(f, KIND_OUTPUTS, 0, f->attempt, ret);
}

/* It shows all attempts up to its own, so it is final only when each of them has ended. */
static bool taskrun(struct folder *f, struct child *ret)
{
	struct attempt_record a = f->record;
	event_t version = f->attempt;
	bool ended = true;

	if (!f->attempt)
		return false;
	version = a.last_output > version ? a.last_output : version;
	for (;;) {
		version = a.end > version ? a.end : version;
		ended = ended && a.end;
		if (!a.previous || !attempt_get(f->txn, a.previous, &a))
			break;
	}
	ret->node = node_make(KIND_TASKRUN, f->record.number, version);
	ret->keep = ended ? KEEP_FOREVER : KEEP_NOT;
	return ended || with_lost(f, false, ret);
}

static bool lines(struct folder *f, enum node_kind kind, struct child *ret)
{
	if (!f->attempt)
		return false;
	return folder_ended(f) ? fixed_always(f, kind, 0, f->attempt, ret) : growing(f, kind, f->attempt, ret);
}

static bool log_file(struct folder *f, struct child *ret)
{
	return lines(f, KIND_LOG, ret);
}

static bool warnings(struct folder *f, struct child *ret)
{
	return lines(f, KIND_WARNINGS, ret);
}

static bool attempts(struct folder *f, struct child *ret)
{
	return f->attempt && f->record.number > 1 && fixed_always(f, KIND_ATTEMPTS, 0, f->attempt, ret);
}

static bool runs(struct folder *f, struct child *ret)
{
	return is_group(f) && fixed_always(f, KIND_RUNS, scope_depth(f->scope), f->scope.event, ret);
}

static const struct row {
	const char *name;
	uint64_t in; /* kinds of folder */
	enum node_type type;
	bool (*make)(struct folder *f, struct child *ret); /* false: this folder has it not */
} rows[] = {
	{"README.txt", IN(KIND_ROOT), NODE_FILE, readme},
	{"exec", IN(KIND_ROOT), NODE_FOLDER, executions},
	{"exec", IN(KIND_FLOW), NODE_FOLDER, fixed_members},
	{"flow", IN(KIND_ROOT), NODE_FOLDER, fixed_flows},
	{"by-time", IN_COLLECTION, NODE_FOLDER, fixed_by_time},
	{"latest", IN_COLLECTION, NODE_LINK, fixed_latest},
	{"latest-success", IN_COLLECTION, NODE_LINK, fixed_latest_success},
	{"latest-failed", IN_COLLECTION, NODE_LINK, fixed_latest_failed},
	{"metrics", IN_COLLECTION, NODE_FOLDER, collection_metrics},
	{"metrics.json", IN_COLLECTION, NODE_FILE, collection_summary},
	{"kestrafs.prom", IN(KIND_ROOT), NODE_FILE, fixed_overview},
	{"outputs", IN(KIND_FLOW), NODE_FOLDER, fixed_histories},

	{"execution.json", IN(KIND_EXECUTION), NODE_FILE, execution_json},
	{"state", IN(KIND_EXECUTION), NODE_FILE, execution_state_file},
	{"outputs.json", IN(KIND_EXECUTION), NODE_FILE, execution_outputs},
	{"metrics", IN(KIND_EXECUTION), NODE_FOLDER, execution_metrics},
	{"metrics.json", IN(KIND_EXECUTION), NODE_FILE, execution_summary},
	{"warnings", IN(KIND_EXECUTION), NODE_FILE, execution_warnings},
	{"report.html", IN(KIND_EXECUTION), NODE_FILE, report},

	{"state", IN_RUN, NODE_FILE, run_state},
	{"outputs.json", IN_RUN, NODE_FILE, run_outputs_json},
	{"metrics", IN_RUN, NODE_FOLDER, run_metrics},
	{"metrics.json", IN_RUN, NODE_FILE, run_summary},
	{"outputs", IN(KIND_RUN) | IN(KIND_ATTEMPT), NODE_FOLDER, outputs},
	{"taskrun.json", IN(KIND_RUN) | IN(KIND_ATTEMPT), NODE_FILE, taskrun},
	{"log", IN(KIND_RUN) | IN(KIND_ATTEMPT), NODE_FILE, log_file},
	{"warnings", IN(KIND_RUN) | IN(KIND_ATTEMPT), NODE_FILE, warnings},
	{"attempts", IN(KIND_RUN), NODE_FOLDER, attempts},
	{"runs", IN(KIND_GROUP) | IN(KIND_RUN), NODE_FOLDER, runs},

	{"tags", IN(KIND_METRICS), NODE_FOLDER, fixed_tags},
};

#define N_ROWS (sizeof(rows) / sizeof(*rows))

_Static_assert(KINDS <= 64, "a bit for each kind");

static bool stands_in(const struct row *row, const struct folder *f)
{
	return row->in & IN(f->node.kind);
}

bool fixed_find(struct folder *f, struct bytes name, struct child *ret)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (stands_in(&rows[i], f) && bytes_equal(name, bytes_of(rows[i].name))) {
			ret->type = rows[i].type;
			return rows[i].make(f, ret);
		}
	return false;
}

bool fixed_at(struct folder *f, unsigned i, struct bytes *ret_name, struct child *ret)
{
	for (size_t row = 0; row < N_ROWS; row++) {
		if (!stands_in(&rows[row], f) || !rows[row].make(f, ret) || i--)
			continue;
		*ret_name = bytes_of(rows[row].name);
		ret->type = rows[row].type;
		return true;
	}
	return false;
}
