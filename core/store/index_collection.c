/*
 * Collections: which an execution is in, and what they keep of it. The invariant of this file: a collection's tally and
 * its rows by outcome have each of its executions under the state that the execution's record says is `shown`.
 */
#include "core/store/codec.h"
#include "core/store/collection.h"
#include "core/store/index.h"

#include <errno.h>

static void put_empty(struct txn *txn, enum table table, struct key key)
{
	kv_put(txn, table, key_bytes(&key), BYTES_LITERAL(""));
}

unsigned collections_of(struct txn *txn, event_t execution, struct scope ret[COLLECTIONS_MOST])
{
	struct execution e;
	struct event event;
	struct bytes name;
	unsigned n = 0;

	ret[n++] = scope_of(SCOPE_ROOT, 0);
	if (!execution_get(txn, execution, &e) || !log_read(txn, execution, &event) || event.type != EVENT_EXECUTION) {
		txn_fail(txn, -EUCLEAN);
		return n;
	}
	for (unsigned dots = 0; namespace_cut(event.execution.namespace, dots, &name); dots++)
		if (namespace_find(txn, name, &ret[n]))
			n++;
	ret[n++] = scope_of(SCOPE_FLOW, e.flow);
	return n;
}

/* The namespace of an execution and those above it, made where they are new; its own. */
static struct scope namespaces_make(struct txn *txn, event_t execution, struct bytes name)
{
	struct scope scope = scope_of(SCOPE_ROOT, 0);
	struct bytes prefix;
	struct key key;

	for (unsigned dots = 0; namespace_cut(name, dots, &prefix); dots++) {
		if (namespace_find(txn, prefix, &scope))
			continue;
		scope = scope_namespace(execution, dots);
		key = key_scope(scope);
		kv_put(txn, TABLE_NAMESPACES, prefix, key_bytes(&key));
	}
	return scope;
}

/* A namespace is listed from its first flow on. */
static void flow_add(struct txn *txn, struct scope namespace, event_t flow)
{
	struct key order = key_event(flow), scope = key_scope(namespace);
	event_t first;

	if (!flow_next(txn, namespace, 0, &first))
		kv_put(txn, TABLE_NAMESPACE_ORDER, key_bytes(&order), key_bytes(&scope));
	put_empty(txn, TABLE_FLOW_ORDER, key_scope_event(namespace, flow));
}

void collections_add(struct txn *txn, event_t execution, const struct event *event)
{
	struct scope scopes[COLLECTIONS_MOST], namespace = namespaces_make(txn, execution, event->execution.namespace);
	unsigned n;

	if (execution_edit(txn, execution)->flow == execution)
		flow_add(txn, namespace, execution);
	n = collections_of(txn, execution, scopes);
	for (unsigned i = 0; i < n; i++) {
		if (scopes[i].code != SCOPE_ROOT)
			put_empty(txn, TABLE_MEMBERS, key_scope_event(scopes[i], execution));
		put_empty(txn, TABLE_BY_TIME, key_by_time(scopes[i], OUTCOME_ANY, event->time, execution));
		collection_edit(txn, scopes[i])->last_event = execution;
	}
}

static void tally_move(struct tally *tally, enum state from, enum state to)
{
	if (from != STATE_NONE)
		tally->of[from]--;
	tally->of[to]++;
}

static void outcome_move(struct txn *txn, struct scope scope, event_t execution, usec_t start, enum outcome from, enum outcome to)
{
	struct key former = key_by_time(scope, from, start, execution);

	if (from == to)
		return;
	if (from != OUTCOME_ANY)
		kv_delete(txn, TABLE_BY_TIME, key_bytes(&former));
	if (to != OUTCOME_ANY)
		put_empty(txn, TABLE_BY_TIME, key_by_time(scope, to, start, execution));
}

void collections_move(struct txn *txn, event_t execution, event_t number, enum state state)
{
	enum state former = execution_edit(txn, execution)->shown;
	usec_t start = execution_start(txn, execution);
	struct scope scopes[COLLECTIONS_MOST];
	unsigned n = collections_of(txn, execution, scopes);

	for (unsigned i = 0; i < n; i++) {
		struct collection *c = collection_edit(txn, scopes[i]);

		tally_move(&c->executions, former, state);
		c->last_event = number;
		outcome_move(txn, scopes[i], execution, start, outcome_of(former), outcome_of(state));
	}
}
