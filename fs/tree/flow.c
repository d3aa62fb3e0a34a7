/*
 * Executions, by recording, by flow and by start, and the links to the latest of them. A folder's scope is the
 * collection it shows; a tree of one namespace differs in that alone, and in the namespaces that /flow lists.
 */
#include "core/base/clock.h"
#include "core/store/collection.h"
#include "core/store/query.h"
#include "fs/document/document.h"
#include "fs/tree/entries.h"

#include <errno.h>

static bool make(struct child *ret, enum node_kind kind, uint32_t detail, event_t event, enum node_type type)
{
	*ret = (struct child){node_make(kind, detail, event), type, KEEP_FOREVER};
	return true;
}

/* By its id, where the folder's collection has it. */
static bool member_find(struct folder *f, struct bytes id, event_t *ret)
{
	return execution_find(f->txn, id, ret) && member_is(f->txn, f->scope, *ret);
}

static bool execution_name(struct txn *txn, event_t execution, struct buf *ret)
{
	struct event event;

	if (!log_read(txn, execution, &event) || event.type != EVENT_EXECUTION)
		return false;
	buf_add_bytes(ret, event.execution.id);
	return true;
}

/* /exec */

bool executions_find(struct folder *f, struct bytes name, struct child *ret)
{
	event_t id;

	return member_find(f, name, &id) && make(ret, KIND_EXECUTION, 0, id, NODE_FOLDER);
}

bool executions_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	return member_next(f->txn, f->scope, from, ret_place) && execution_name(f->txn, *ret_place, name) &&
	       make(ret, KIND_EXECUTION, 0, *ret_place, NODE_FOLDER);
}

/* /flow: the namespaces that have flows themselves, of the tree's own namespace or below it */

static bool is_shown(struct folder *f, struct scope namespace)
{
	struct scope above;

	if (f->root.code == SCOPE_ROOT)
		return true;
	return namespace_of(f->txn, namespace.event, f->root.code - SCOPE_NAMESPACE, &above) && scope_equal(above, f->root);
}

static bool make_namespace(struct scope namespace, struct child *ret)
{
	return make(ret, KIND_NAMESPACE, namespace.code, namespace.event, NODE_FOLDER);
}

bool flows_find(struct folder *f, struct bytes name, struct child *ret)
{
	struct scope namespace;
	event_t flow;

	return namespace_find(f->txn, name, &namespace) && is_shown(f, namespace) && flow_next(f->txn, namespace, 0, &flow) &&
	       make_namespace(namespace, ret);
}

bool flows_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct scope namespace;

	do {
		if (!namespace_next(f->txn, from, ret_place, &namespace))
			return false;
		from = *ret_place;
	} while (!is_shown(f, namespace));
	buf_add_bytes(name, namespace_text(f->txn, namespace));
	return make_namespace(namespace, ret);
}

/* /flow/<namespace> */

bool namespace_flows_find(struct folder *f, struct bytes name, struct child *ret)
{
	event_t flow;

	return flow_find(f->txn, f->scope, name, &flow) && make(ret, KIND_FLOW, 0, flow, NODE_FOLDER);
}

bool namespace_flows_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct event event;

	if (!flow_next(f->txn, f->scope, from, ret_place) || !log_read(f->txn, *ret_place, &event))
		return false;
	buf_add_bytes(name, event.execution.flow);
	return make(ret, KIND_FLOW, 0, *ret_place, NODE_FOLDER);
}

/* Links to executions */

/* How many folders a collection's own folder is below the root. */
static uint32_t depth_of(struct scope collection)
{
	return collection.code == SCOPE_FLOW ? 3 : 0; /* flow/<namespace>/<flow> */
}

static bool make_link(struct folder *f, unsigned below, event_t execution, struct child *ret)
{
	return make(ret, KIND_LINK, depth_of(f->scope) + below, execution, NODE_LINK);
}

int link_write(struct txn *txn, struct node node, struct buf *ret)
{
	for (uint32_t i = 0; i < node.detail; i++)
		buf_add_text(ret, "../");
	buf_add_text(ret, "exec/");
	if (!execution_name(txn, node.event, ret))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	return buf_error(ret);
}

/* exec/ of a flow */

bool members_find(struct folder *f, struct bytes name, struct child *ret)
{
	event_t id;

	return member_find(f, name, &id) && make_link(f, 1, id, ret);
}

bool members_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	return member_next(f->txn, f->scope, from, ret_place) && execution_name(f->txn, *ret_place, name) &&
	       make_link(f, 1, *ret_place, ret);
}

/* by-time/: `<start>_<execution>`; a place is an execution */

static void write_start(struct folder *f, event_t execution, char ret[CLOCK_TEXT_LEN])
{
	clock_format(execution_start(f->txn, execution), ret);
}

bool by_time_find(struct folder *f, struct bytes name, struct child *ret)
{
	const size_t before = CLOCK_TEXT_LEN + 1;
	char start[CLOCK_TEXT_LEN];
	event_t id;

	if (name.len <= before || name.data[CLOCK_TEXT_LEN] != '_' ||
	    !member_find(f, bytes_make(name.data + before, name.len - before), &id))
		return false;
	write_start(f, id, start);
	return memcmp(start, name.data, CLOCK_TEXT_LEN) == 0 && make_link(f, 1, id, ret);
}

bool by_time_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	char start[CLOCK_TEXT_LEN];

	if (!started_next(f->txn, f->scope, from, ret_place))
		return false;
	write_start(f, *ret_place, start);
	buf_add(name, start, CLOCK_TEXT_LEN);
	buf_add_char(name, '_');
	return execution_name(f->txn, *ret_place, name) && make_link(f, 1, *ret_place, ret);
}

/* Fixed entries */

bool fixed_flows(struct folder *f, struct child *ret)
{
	return fixed_always(f, KIND_FLOWS, 0, 0, ret);
}

/* Of a namespace that has no execution yet it gets another number with the first. */
bool fixed_by_time(struct folder *f, struct child *ret)
{
	fixed_always(f, KIND_BY_TIME, f->scope.code, f->scope.event, ret);
	if (f->scope.code != SCOPE_ROOT && !f->scope.event)
		ret->keep = KEEP_NOT;
	return true;
}

bool fixed_members(struct folder *f, struct child *ret)
{
	return fixed_always(f, KIND_MEMBERS, 0, f->scope.event, ret);
}

/* While there is no store there is nothing to ask, and no execution. */
static bool latest(struct folder *f, enum outcome outcome, struct child *ret)
{
	event_t id;

	return f->txn && latest_find(f->txn, f->scope, outcome, &id) && fixed_changing(KIND_LINK, depth_of(f->scope), id, ret);
}

bool fixed_latest(struct folder *f, struct child *ret)
{
	return latest(f, OUTCOME_ANY, ret);
}

bool fixed_latest_success(struct folder *f, struct child *ret)
{
	return latest(f, OUTCOME_SUCCESS, ret);
}

bool fixed_latest_failed(struct folder *f, struct child *ret)
{
	return latest(f, OUTCOME_FAILURE, ret);
}

bool fixed_overview(struct folder *f, struct child *ret)
{
	struct collection c = {0};
	uint64_t bytes = 0;

	if (f->txn) {
		collection_get(f->txn, f->scope, &c);
		bytes = store_bytes(f->txn);
	}
	return fixed_changing(KIND_OVERVIEW, store_size_pack(bytes), c.last_event, ret);
}
