/*
 * Collections against a model: after each step of a random history everything asked of the store agrees with it, and at
 * the end the tallies do as of every version.
 */
#include "tests/unit/collections_model.h"

#include "core/store/query.h"

#include <stdlib.h>

/* Asked for beside the model's own: namespaces that only hold others, and some that are never there. */
static const char *const others[] = {"b", "b.a", "c", "c.d", "c.d.e", "d", "d.", "d..", "a.b.", "a.b.c.d", "b.", ".", "", "z"};

#define OTHERS (sizeof(others) / sizeof(*others))
#define NAMES (NAMESPACES + OTHERS)
#define COLLECTIONS (1 + NAMES + NAMESPACES * FLOWS)

static struct which which_of(size_t collection)
{
	if (collection == 0)
		return (struct which){0};
	if (collection <= NAMESPACES)
		return (struct which){.namespace = history_namespaces[collection - 1]};
	if (collection <= NAMES)
		return (struct which){.namespace = others[collection - 1 - NAMESPACES]};
	collection -= 1 + NAMES;
	return (struct which){history_namespaces[collection / FLOWS], history_flows[collection % FLOWS]};
}

/* What a collection was when the log ended with an event. */
struct past {
	event_t version;
	struct {
		struct tally tally;
		event_t last_event;
	} of[COLLECTIONS];
};

struct comparison {
	struct history_model model;
	struct past past[HISTORY_STEPS];
	size_t n_past;
	struct txn *txn;
};

/* One collection */

static const char *id_of_event(const struct comparison *c, event_t event)
{
	for (size_t i = 0; i < c->model.n; i++)
		if (c->model.executions[i].event == event)
			return c->model.executions[i].id;
	return "unknown";
}

static void compare_members(const struct comparison *c, struct scope scope, struct which which)
{
	event_t event = 0;
	uint64_t n = 0;

	for (size_t i = 0; i < c->model.n; i++) {
		const struct execution_model *e = &c->model.executions[i];

		assert_int_equal(member_is(c->txn, scope, e->event), model_is_in(e, which));
		if (!model_is_in(e, which))
			continue;
		assert_true(member_next(c->txn, scope, event, &event));
		assert_string_equal(id_of_event(c, event), e->id);
		n++;
	}
	assert_false(member_next(c->txn, scope, event, &event));
	assert_int_equal(member_count(c->txn, scope), n);
	assert_false(member_is(c->txn, scope, EVENT_MAX));
}

static void compare_by_time(const struct comparison *c, struct scope scope, struct which which)
{
	const struct execution_model *e = NULL;
	event_t event = 0;

	while ((e = model_started_next(&c->model, which, e))) {
		assert_true(started_next(c->txn, scope, event, &event));
		assert_string_equal(id_of_event(c, event), e->id);
		assert_int_equal(execution_start(c->txn, event), e->start);
	}
	assert_false(started_next(c->txn, scope, event, &event));
	assert_false(started_next(c->txn, scope, EVENT_MAX, &event));
}

static void compare_latest(const struct comparison *c, struct scope scope, struct which which)
{
	for (int outcome = 0; outcome < OUTCOMES; outcome++) {
		const struct execution_model *e = model_latest(&c->model, which, (enum outcome)outcome);
		event_t event;

		assert_int_equal(latest_find(c->txn, scope, (enum outcome)outcome, &event), e != NULL);
		if (e)
			assert_string_equal(id_of_event(c, event), e->id);
	}
}

static bool same_tally(const struct tally *a, const struct tally *b)
{
	for (int state = 0; state < STATES; state++)
		if (a->of[state] != b->of[state])
			return false;
	return true;
}

static void compare_tally(const struct comparison *c, struct scope scope, event_t version, const struct tally *expected)
{
	struct tally tally;

	assert_true(collection_tally(c->txn, scope, version, &tally));
	if (!same_tally(&tally, expected))
		fail_msg("the tally as of %llu is wrong", (unsigned long long)version);
}

static bool scope_find(const struct comparison *c, struct which which, struct scope *ret)
{
	event_t flow;

	*ret = scope_of(SCOPE_ROOT, 0);
	if (which.namespace && !namespace_find(c->txn, bytes_of(which.namespace), ret))
		return false;
	if (!which.flow)
		return true;
	if (!flow_find(c->txn, *ret, bytes_of(which.flow), &flow))
		return false;
	*ret = scope_of(SCOPE_FLOW, flow);
	return true;
}

static void compare_collection(struct comparison *c, size_t i, struct past *past)
{
	struct which which = which_of(i);
	struct collection record;
	struct scope scope;

	past->of[i].tally = model_tally(&c->model, which);
	if (scope_find(c, which, &scope) != (model_latest(&c->model, which, OUTCOME_ANY) != NULL))
		fail_msg("namespace %s, flow %s", which.namespace, which.flow);
	if (!scope_find(c, which, &scope))
		return;
	compare_members(c, scope, which);
	compare_by_time(c, scope, which);
	compare_latest(c, scope, which);
	compare_tally(c, scope, EVENT_MAX, &past->of[i].tally);
	assert_true(collection_get(c->txn, scope, &record));
	past->of[i].last_event = record.last_event;
}

/* A collection's version is another when it has changed, and only then. */
static void compare_versions(const struct past *former, const struct past *past)
{
	for (size_t i = 0; i < COLLECTIONS; i++) {
		event_t since = past->of[i].last_event;

		if (same_tally(&former->of[i].tally, &past->of[i].tally))
			assert_int_equal(since, former->of[i].last_event);
		else
			assert_true(since > former->version && since <= past->version);
	}
}

/* Namespaces and flows */

static bool came_before(const struct history_model *m, size_t i, bool same_flow)
{
	const struct execution_model *e = &m->executions[i];

	for (size_t j = 0; j < i; j++)
		if (m->executions[j].namespace == e->namespace && (!same_flow || m->executions[j].flow == e->flow))
			return true;
	return false;
}

static void compare_namespaces(const struct comparison *c)
{
	struct scope scope;
	event_t place = 0;

	for (size_t i = 0; i < c->model.n; i++) {
		if (came_before(&c->model, i, false))
			continue;
		assert_true(namespace_next(c->txn, place, &place, &scope));
		assert_bytes("the next namespace", namespace_text(c->txn, scope), bytes_of(c->model.executions[i].namespace));
	}
	assert_false(namespace_next(c->txn, place, &place, &scope));
}

static void compare_flows(const struct comparison *c, const char *namespace)
{
	struct scope scope;
	event_t flow = 0;

	if (!namespace_find(c->txn, bytes_of(namespace), &scope))
		return;
	assert_bytes("a namespace's text", namespace_text(c->txn, scope), bytes_of(namespace));
	for (size_t i = 0; i < c->model.n; i++) {
		if (strcmp(c->model.executions[i].namespace, namespace) != 0 || came_before(&c->model, i, true))
			continue;
		assert_true(flow_next(c->txn, scope, flow, &flow));
		assert_string_equal(id_of_event(c, flow), c->model.executions[i].id);
	}
	assert_false(flow_next(c->txn, scope, flow, &flow));
}

/* An execution's collections are the root, its namespaces from the shortest, its flow. */
static void compare_collections_of(const struct comparison *c, const struct execution_model *e)
{
	struct scope scopes[COLLECTIONS_MOST], above;
	unsigned n = collections_of(c->txn, e->event, scopes);
	size_t len = 0;

	assert_true(n >= 3 && n <= COLLECTIONS_MOST);
	assert_int_equal(scopes[0].code, SCOPE_ROOT);
	assert_int_equal(scopes[n - 1].code, SCOPE_FLOW);
	for (unsigned i = 1; i + 1 < n; i++) {
		struct bytes text = namespace_text(c->txn, scopes[i]);

		assert_int_equal(scopes[i].code, SCOPE_NAMESPACE + i - 1);
		assert_true(text.len > len && strncmp(text.data, e->namespace, text.len) == 0);
		assert_true(namespace_of(c->txn, e->event, i - 1, &above) && scope_equal(above, scopes[i]));
		len = text.len;
	}
	assert_int_equal(len, strlen(e->namespace));
	assert_false(namespace_of(c->txn, e->event, n - 2, &above));
}

/* All of a store */

static event_t last_event(struct txn *txn)
{
	autocursor struct cursor c = {0};
	struct event event;
	event_t last = 0, number;

	cursor_init(&c, txn, TABLE_EVENTS);
	for (bool more = log_seek(&c, 1, &number, &event); more; more = log_next(&c, &number, &event))
		last = number;
	return last;
}

static int compare_now(struct txn *txn, void *context)
{
	struct comparison *c = context;
	struct past *past = &c->past[c->n_past];

	c->txn = txn;
	past->version = last_event(txn);
	for (size_t i = 0; i < c->model.n; i++)
		assert_true(execution_find(txn, bytes_of(c->model.executions[i].id), &c->model.executions[i].event));
	for (size_t i = 0; i < COLLECTIONS; i++)
		compare_collection(c, i, past);
	if (c->n_past++)
		compare_versions(past - 1, past);
	compare_namespaces(c);
	for (size_t i = 1; i <= NAMES; i++)
		compare_flows(c, which_of(i).namespace);
	for (size_t i = 0; i < c->model.n; i++)
		compare_collections_of(c, &c->model.executions[i]);
	return txn_error(txn);
}

static int compare_past(struct txn *txn, void *context)
{
	struct comparison *c = context;
	struct scope scope;

	c->txn = txn;
	for (size_t i = 0; i < COLLECTIONS; i++)
		for (size_t n = 0; n < c->n_past && scope_find(c, which_of(i), &scope); n++)
			compare_tally(c, scope, c->past[n].version, &c->past[n].of[i].tally);
	return txn_error(txn);
}

static struct store *open_store(const struct fixture *f)
{
	struct error e = {""};
	struct store *s;

	if (store_open(f->dir, STORE_OPEN, &s, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void collections_agree_with_the_model(void **state)
{
	struct fixture f autofixture;
	struct comparison *c = calloc(1, sizeof(*c));
	struct store *s;

	(void)state;
	assert_non_null(c);
	fixture_init(&f);
	s = open_store(&f);
	for (int i = 0; i < HISTORY_STEPS; i++) {
		history_step(&c->model, &f);
		assert_int_equal(store_view(s, compare_now, c), 0);
	}
	assert_int_equal(store_view(s, compare_past, c), 0);
	store_close(s);
	free(c);
}

/* Cuts */

static const struct {
	const char *name;
	const char *cuts[5];
} cuts[] = {
	{"a", {"a"}},
	{"a.b.c", {"a", "a.b", "a.b.c"}},
	{"a.", {"a", "a."}},
	{"a..b", {"a", "a.", "a..b"}},
	{"a...", {"a", "a.", "a..", "a..."}},
	{"a-.b_", {"a-", "a-.b_"}},
};

static void a_namespace_is_cut_at_each_dot(void **state)
{
	struct bytes cut;

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		unsigned n = 0;

		for (; cuts[i].cuts[n]; n++) {
			assert_true(namespace_cut(bytes_of(cuts[i].name), n, &cut));
			assert_bytes(cuts[i].name, cut, bytes_of(cuts[i].cuts[n]));
		}
		assert_false(namespace_cut(bytes_of(cuts[i].name), n, &cut));
	}
}

static void a_namespace_of_too_many_dots_is_cut_at_the_first(void **state)
{
	struct bytes cut;
	char name[150];

	(void)state;
	memset(name, '.', sizeof(name));
	name[0] = 'a';
	for (unsigned dots = 0; dots < NAMESPACE_DOTS_MOST; dots++) {
		assert_true(namespace_cut(bytes_make(name, sizeof(name)), dots, &cut));
		assert_int_equal(cut.len, 1 + dots);
	}
	assert_true(namespace_cut(bytes_make(name, sizeof(name)), NAMESPACE_DOTS_MOST, &cut));
	assert_int_equal(cut.len, sizeof(name));
	assert_false(namespace_cut(bytes_make(name, sizeof(name)), NAMESPACE_DOTS_MOST + 1, &cut));
}

/* Lost helpers */

static int find_lost(struct txn *txn, void *context)
{
	struct buf *ret = context;
	struct event event;
	event_t execution;

	buf_clear(ret);
	if (lost_find(txn, &execution) && log_read(txn, execution, &event))
		buf_add_bytes(ret, event.execution.id);
	return txn_error(txn);
}

static void assert_lost(struct store *s, const char *id)
{
	autobuf struct buf lost = BUF_INIT;

	assert_int_equal(store_view(s, find_lost, &lost), 0);
	assert_bytes("the execution that has lost a helper", buf_bytes(&lost), bytes_of(id));
}

static void a_lost_helper_is_found_among_those_that_live(void **state)
{
	struct fixture f autofixture;
	struct recorder *other;
	struct store *s;

	(void)state;
	fixture_init(&f);
	s = open_store(&f);
	assert_lost(s, "");
	record_begin(&f, WHO("dev/flow/E1/t"));
	assert_lost(s, "");
	other = f.recorder;
	f.recorder = recorder_new(f.dir);
	record_begin(&f, WHO("dev/flow/E2/t"));
	record_begin(&f, WHO("dev/flow/E3/t"));
	assert_lost(s, "");
	recorder_kill(f.recorder);
	f.recorder = other;
	assert_lost(s, "E2");
	record_execution_ends(&f, WHO("dev/flow/E2"), STATE_NONE);
	assert_lost(s, "E3");
	record_execution_ends(&f, WHO("dev/flow/E3"), STATE_NONE);
	assert_lost(s, "");
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_namespace_is_cut_at_each_dot),
		cmocka_unit_test(a_namespace_of_too_many_dots_is_cut_at_the_first),
		cmocka_unit_test(collections_agree_with_the_model),
		cmocka_unit_test(a_lost_helper_is_found_among_those_that_live),
	};

	return cmocka_run_group_tests_name("store collections", tests, NULL, NULL);
}
