/* Entries that the store gives: one row a kind of folder. Here are those of tasks, runs, attempts, outputs and the members of an object. */
#include "core/base/cleanup.h"
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/store/path.h"
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/document/document.h"
#include "fs/tree/entries.h"

#include <errno.h>
#include <stdlib.h>

enum node_type value_type(struct bytes value)
{
	return json_type_of(value) == JSON_OBJECT ? NODE_FOLDER : NODE_FILE;
}

/* Tasks of an execution, runs of a task or of an outer value: groups both */

bool group_node(struct txn *txn, struct scope group, event_t execution, struct node *ret)
{
	struct group g;
	struct run run;

	if (!group_get(txn, group, &g))
		return false;
	*ret = node_make(KIND_GROUP, scope_depth(group), group.event);
	if (!g.run)
		return true;
	if (!run_get(txn, execution, g.run, &run))
		return false;
	*ret = node_make(KIND_RUN, g.children > 0, run.attempt);
	return true;
}

static bool group_entry(struct folder *f, struct bytes name, struct child *ret)
{
	struct scope group;

	ret->type = NODE_FOLDER;
	ret->keep = f->closed ? KEEP_FOREVER : KEEP_NOT; /* a closed execution has its last attempts */
	return group_find(f->txn, f->scope, name, &group) && group_node(f->txn, group, f->execution, &ret->node);
}

static bool next_group(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct run_path path;
	struct scope group;
	struct event event;

	if (!group_next(f->txn, f->scope, from, &group) || !log_read(f->txn, group.event, &event))
		return false;
	run_path_of_event(&event, &path);
	run_path_entry(&path, scope_depth(group), name);
	*ret_place = group.event;
	*ret = (struct child){.node = node_make(KIND_GROUP, scope_depth(group), group.event), .type = NODE_FOLDER};
	return true;
}

/* attempts/ */

static bool attempt_entry(struct folder *f, struct bytes name, struct child *ret)
{
	struct attempt_record a;
	unsigned number = 0;
	event_t id;

	if (!name.len || name.len > 9 || name.data[0] == '0')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] < '0' || name.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(name.data[i] - '0');
	}
	if (number > f->record.number || !attempt_numbered(f->txn, f->attempt, number, &id, &a))
		return false;
	*ret = (struct child){node_make(KIND_ATTEMPT, 0, id), NODE_FOLDER, KEEP_FOREVER};
	return true;
}

static bool next_attempt(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct attempt_record a;
	event_t id;

	if (from >= f->record.number || !attempt_numbered(f->txn, f->attempt, (unsigned)from + 1, &id, &a))
		return false;
	*ret_place = from + 1;
	buf_add_number(name, from + 1);
	*ret = (struct child){.node = node_make(KIND_ATTEMPT, 0, id), .type = NODE_FOLDER};
	return true;
}

/* outputs/ */

static bool output_entry(struct folder *f, struct bytes name, struct child *ret)
{
	struct event event;
	event_t number;

	if (!output_find(f->txn, f->attempt, name, &number) || !log_read(f->txn, number, &event))
		return false;
	*ret = (struct child){node_make(KIND_VALUE, 0, number), value_type(event.output.value), folder_ended(f) ? KEEP_FOREVER : KEEP_NOT};
	return true;
}

static bool next_output(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct event event;
	event_t number;

	if (!output_next(f->txn, f->attempt, from, EVENT_MAX, ret_place, &number) || !log_read(f->txn, number, &event))
		return false;
	name_encode(name, event.output.name, NULL, NAME_ENTRY_MAX);
	*ret = (struct child){.node = node_make(KIND_VALUE, 0, number), .type = value_type(event.output.value)};
	return true;
}

/*
 * Members of an object: places are bytes from the start of the value; the member's key begins there. The object's own
 * end is its closing bracket: where that is need not be known to walk through it.
 */

static struct json_walk object_walk(const struct folder *f, uint64_t from)
{
	return (struct json_walk){f->value.data + (from ? from : 1), f->value.data + f->value.len};
}

static bool next_of_object(struct json_walk *walk, struct bytes *ret_key, struct bytes *ret_value)
{
	return walk->at < walk->end && *walk->at != '}' && json_next(walk, ret_key, ret_value);
}

static void member_name(struct bytes key, struct buf *ret)
{
	autobuf struct buf text = BUF_INIT;

	json_string_decode(&text, key);
	name_encode(ret, buf_bytes(&text), NULL, NAME_ENTRY_MAX);
	if (buf_error(&text) && !ret->error)
		ret->error = buf_error(&text);
}

/*
 * Most names are their keys as they stand, so that most members are passed over without decoding them: only an escape
 * on either side can make them differ.
 */
static bool may_be(struct bytes key, struct bytes name)
{
	struct bytes inner = bytes_make(key.data + 1, key.len - 2);

	return bytes_equal(inner, name) || memchr(name.data, '%', name.len) || memchr(inner.data, '\\', inner.len);
}

static bool member_is(struct bytes key, struct bytes name, struct txn *txn)
{
	autobuf struct buf entry = BUF_INIT;

	if (!may_be(key, name))
		return false;
	member_name(key, &entry);
	if (buf_error(&entry))
		txn_fail(txn, buf_error(&entry));
	return bytes_equal(buf_bytes(&entry), name);
}

static bool member_entry(struct folder *f, struct bytes name, struct child *ret)
{
	struct bytes key, value;
	struct json_walk walk;

	if (!name.len)
		return false;
	for (walk = object_walk(f, 0); next_of_object(&walk, &key, &value);) {
		uint64_t place = f->node.detail + (uint64_t)(value.data - f->value.data);

		if (!member_is(key, name, f->txn) || place > NODE_PLACE_MOST)
			continue;
		*ret = (struct child){node_make(KIND_VALUE, (uint32_t)place, f->node.event), value_type(value), KEEP_FOREVER};
		return true;
	}
	return false;
}

static bool next_member(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct json_walk walk = object_walk(f, from);
	struct bytes key, value;

	if (from >= f->value.len || !next_of_object(&walk, &key, &value))
		return false;
	member_name(key, name);
	*ret_place = (uint64_t)(walk.at - f->value.data);
	*ret = (struct child){.type = value_type(value)};
	ret->node = node_make(KIND_VALUE, f->node.detail + (uint32_t)(value.data - f->value.data), f->node.event);
	return true;
}

static const struct {
	bool (*find)(struct folder *f, struct bytes name, struct child *ret);
	bool (*next)(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret);
} listers[KINDS] = {
	[KIND_EXECUTIONS] = {executions_find, executions_next},
	[KIND_FLOWS] = {flows_find, flows_next},
	[KIND_NAMESPACE] = {namespace_flows_find, namespace_flows_next},
	[KIND_MEMBERS] = {members_find, members_next},
	[KIND_BY_TIME] = {by_time_find, by_time_next},
	[KIND_HISTORIES] = {histories_find, histories_next},
	[KIND_HISTORY_TASK] = {history_outputs_find, history_outputs_next},
	[KIND_EXECUTION] = {group_entry, next_group},
	[KIND_RUNS] = {group_entry, next_group},
	[KIND_ATTEMPTS] = {attempt_entry, next_attempt},
	[KIND_OUTPUTS] = {output_entry, next_output},
	[KIND_METRICS] = {metrics_find, metrics_next},
	[KIND_TAGS] = {tags_find, tags_next},
	[KIND_TAG] = {tag_values_find, tag_values_next},
	[KIND_TAGGED] = {metrics_find, metrics_next},
	[KIND_VALUE] = {member_entry, next_member},
};

bool children_find(struct folder *f, struct bytes name, struct child *ret)
{
	return listers[f->node.kind].find && listers[f->node.kind].find(f, name, ret);
}

bool children_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	return listers[f->node.kind].next && listers[f->node.kind].next(f, from, ret_place, name, ret);
}
