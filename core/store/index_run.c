/*
 * Runs: a task's folders, the runs in them, their attempts. The invariant of this file: a group's and an execution's
 * tally, `last_…` and series speak of the latest attempt of each run alone, so a new attempt takes the former one's
 * out.
 *
 * A folder with nothing below it shows its attempt's own series; only where there are runs below has it series of its
 * own (so most points are counted once less). When the first run comes to be below a folder that is a run's itself,
 * that run's points are counted in after the fact.
 */
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/history.h"
#include "core/store/index.h"
#include "core/store/path.h"
#include "core/store/point.h"
#include "core/store/query.h"

#include <errno.h>

/* Groups */

bool group_find(struct txn *txn, struct scope parent, struct bytes entry, struct scope *ret)
{
	autobuf struct buf b = BUF_INIT;
	struct key key = key_scope(parent);
	struct bytes value;

	buf_add_bytes(&b, key_bytes(&key));
	buf_add_bytes(&b, entry);
	if (buf_error(&b)) {
		txn_fail(txn, buf_error(&b));
		return false;
	}
	if (b.len > KEY_MOST || !kv_get(txn, TABLE_GROUP_NAMES, buf_bytes(&b), &value))
		return false;
	*ret = scope_of_key(value.data);
	return true;
}

static struct scope group_make(struct txn *txn, struct scope parent, struct bytes entry, event_t number, unsigned depth)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct scope scope = scope_group(number, depth);
	struct key above = key_scope(parent), own = key_scope(scope), order = key_scope_event(parent, number);

	buf_clear(b);
	buf_add_bytes(b, key_bytes(&above));
	buf_add_bytes(b, entry);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_GROUP_NAMES, buf_bytes(b), key_bytes(&own));
	kv_put(txn, TABLE_GROUP_ORDER, key_bytes(&order), key_bytes(&own));
	group_edit(txn, scope)->parent = parent;
	return scope;
}

static void refill(struct txn *txn, struct scope scope, event_t run_id, event_t execution);

/* The folder at `depth` of a path below `parent`, made where it is missing. */
static struct scope group_at(struct txn *txn, struct scope parent, const struct run_path *path, unsigned depth, event_t number,
			     event_t execution)
{
	autobuf struct buf entry = BUF_INIT;
	struct scope scope;
	struct group *above;

	run_path_entry(path, depth, &entry);
	if (buf_error(&entry))
		txn_fail(txn, buf_error(&entry));
	if (group_find(txn, parent, buf_bytes(&entry), &scope))
		return scope;
	scope = group_make(txn, parent, buf_bytes(&entry), number, depth);
	if (scope_is_group(parent)) {
		above = group_edit(txn, parent);
		if (above->children++ == 0 && above->run)
			refill(txn, parent, above->run, execution);
	}
	return scope;
}

/* The folders above an attempt, its own last, from the records. */
static unsigned groups_above(struct txn *txn, struct scope own, struct scope ret_groups[VALUES_MOST + 1])
{
	unsigned depth = scope_depth(own);
	struct scope at = own;
	struct group g;

	if (depth > VALUES_MOST) {
		txn_fail(txn, -EUCLEAN);
		return 0;
	}
	for (unsigned i = depth + 1; i-- > 0; at = g.parent) {
		ret_groups[i] = at;
		if (!group_get(txn, at, &g)) {
			txn_fail(txn, -EUCLEAN);
			return 0;
		}
	}
	return depth + 1;
}

/* Scopes of points */

static void add_scope(struct attempt_scopes *s, struct scope scope)
{
	s->scopes[s->n_scopes++] = scope;
}

static void find_suffixes(struct txn *txn, struct attempt_scopes *s)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct event event;

	buf_clear(b);
	if (!log_read(txn, s->attempt, &event) || event.type != EVENT_ATTEMPT) {
		txn_fail(txn, -EUCLEAN);
		return;
	}
	point_suffix(&event, b);
	s->json_suffix = b->len;
	point_csv_suffix(&event, b);
	s->csv_suffix = b->len - s->json_suffix;
	if (sample_hash_attempt(&event, &s->sample) < 0 || buf_error(b))
		txn_fail(txn, -ENOMEM);
}

struct attempt_scopes *index_scopes(struct txn *txn, event_t attempt)
{
	struct attempt_scopes *s = &recording_of(txn)->scopes;
	struct attempt_record a;
	struct group own;

	if (s->attempt == attempt)
		return s;
	*s = (struct attempt_scopes){.attempt = attempt, .serial = ++recording_of(txn)->next_serial};
	if (!attempt_get(txn, attempt, &a) || !group_get(txn, scope_group(a.group_event, a.depth), &own)) {
		txn_fail(txn, -EUCLEAN);
		return s;
	}
	s->execution = a.execution;
	s->shown = a.next == 0;
	s->n_groups = groups_above(txn, scope_group(a.group_event, a.depth), s->groups);
	s->n_scopes = s->n_collections = collections_of(txn, a.execution, s->scopes);
	add_scope(s, scope_of(SCOPE_EXECUTION, a.execution));
	add_scope(s, scope_of(SCOPE_ATTEMPT, attempt));
	for (unsigned i = 0; s->shown && i < s->n_groups; i++)
		if (i + 1 < s->n_groups || own.children)
			add_scope(s, s->groups[i]);
	find_suffixes(txn, s);
	return s;
}

/* A run's folder gets its first neighbour below: what it has so far is counted into the folder's own series. */
static void refill(struct txn *txn, struct scope scope, event_t run_id, event_t execution)
{
	struct run run;

	if (run_get(txn, execution, run_id, &run))
		index_copy_points(txn, scope_of(SCOPE_ATTEMPT, run.attempt), scope);
}

/* States */

static void tally_move(struct tally *tally, enum state from, enum state to)
{
	if (from != STATE_NONE)
		tally->of[from]--;
	tally->of[to]++;
}

/* The run's latest attempt went from one state to another: in its folders and its execution. */
static void state_moved(struct txn *txn, event_t number, event_t execution, const struct scope *groups, unsigned n_groups, enum state from,
			enum state to)
{
	struct execution *e = execution_edit(txn, execution);

	tally_move(&e->runs, from, to);
	e->last_event = number;
	execution_moved(txn, execution, number);
	for (unsigned i = 0; i < n_groups; i++) {
		struct group *g = group_edit(txn, groups[i]);

		tally_move(&g->runs, from, to);
		index_state(txn, groups[i], number, tally_state(&g->runs));
	}
}

/* Attempts */

/*
 * The attempt before no longer counts for its run: what showed its outputs has changed; its points are taken out by the
 * SHRUNK events that follow.
 */
static enum state supersede(struct txn *txn, event_t number, event_t former, event_t execution, const struct scope *groups,
			    unsigned n_groups)
{
	struct attempt_record *a = attempt_edit(txn, former);

	a->next = number;
	if (a->last_output) {
		history_supersede(txn, number, former);
		execution_edit(txn, execution)->last_output = number;
		for (unsigned i = 0; i < n_groups; i++)
			group_edit(txn, groups[i])->last_output = number;
	}
	return a->state;
}

static event_t run_of(struct txn *txn, struct scope own, event_t number)
{
	struct group *g = group_edit(txn, own);

	if (!g->run) {
		g->run = number;
		g->run_began = number;
	}
	return g->run;
}

void apply_attempt(struct txn *txn, event_t number, const struct event *event)
{
	struct scope groups[VALUES_MOST + 1];
	struct run_path path;
	struct scope at = scope_of(SCOPE_EXECUTION, event->about);
	enum state former = STATE_NONE;
	struct attempt_record *a;
	struct run *run;
	struct key key;
	unsigned n_groups;

	run_path_of_event(event, &path);
	n_groups = run_path_depth(&path) + 1;
	for (unsigned depth = 0; depth < n_groups; depth++)
		groups[depth] = at = group_at(txn, at, &path, depth, number, event->about);
	recording_of(txn)->scopes.attempt = 0; /* folders and latest attempts have changed */

	a = attempt_edit(txn, number);
	*a = (struct attempt_record){
		.execution = event->about,
		.run = run_of(txn, at, number),
		.group_event = at.event,
		.depth = scope_depth(at),
		.number = event->attempt.number,
		.state = STATE_RUNNING,
		.exit_code = EXIT_CODE_NONE,
	};
	key = key_events(event->about, a->run);
	run = record_edit(txn, TABLE_RUNS, key_bytes(&key));
	a->previous = run->attempt;
	if (run->attempt)
		former = supersede(txn, number, run->attempt, event->about, groups, n_groups);
	*run = (struct run){.group_event = at.event, .depth = scope_depth(at), .attempt = number, .attempts = event->attempt.number};

	key = key_events(event->about, number);
	kv_put(txn, TABLE_RUNNING, key_bytes(&key), BYTES_LITERAL(""));
	state_moved(txn, number, event->about, groups, n_groups, former, STATE_RUNNING);
}

void apply_attempt_end(struct txn *txn, event_t number, const struct event *event)
{
	const struct attempt_scopes *scopes = index_scopes(txn, event->about);
	struct attempt_record *a = attempt_edit(txn, event->about);
	enum state former = a->state;
	struct key key = key_events(a->execution, event->about);

	a->end = number;
	a->state = event->attempt_end.state;
	a->exit_code = event->attempt_end.exit_code;
	kv_delete(txn, TABLE_RUNNING, key_bytes(&key));
	if (scopes->shown)
		state_moved(txn, number, scopes->execution, scopes->groups, scopes->n_groups, former, event->attempt_end.state);
	else
		execution_edit(txn, scopes->execution)->last_event = number;
}
