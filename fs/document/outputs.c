/*
 * outputs.json: of an attempt the outputs themselves, of a folder of runs `{"<value>": {…}}`, of an execution at the
 * path a Kestra expression uses (`<task>.vars.<name>`, `<task>.<value>.vars.<name>`). What has no output is left out. A
 * task may have a run without a value beside runs with values: the keys of both stand in one object then.
 */
#include "core/base/cleanup.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/store/path.h"
#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static void write_key(struct txn *txn, struct sink *sink, struct bytes key, bool *first)
{
	autobuf struct buf text = BUF_INIT;

	if (!*first)
		sink_add_text(sink, ",");
	*first = false;
	text_add_json_string(&text, key);
	if (buf_error(&text))
		txn_fail(txn, buf_error(&text));
	sink_add_bytes(sink, buf_bytes(&text));
	sink_add_text(sink, ":");
}

static void write_members(struct txn *txn, event_t attempt, event_t version, struct sink *sink, bool *first)
{
	struct event event;
	event_t place = 0, number;

	while (!sink_full(sink) && output_next(txn, attempt, place, version, &place, &number)) {
		if (!log_read(txn, number, &event))
			return;
		write_key(txn, sink, event.output.name, first);
		sink_add_bytes(sink, event.output.value);
	}
}

void outputs_write(struct txn *txn, event_t attempt, event_t version, struct sink *sink)
{
	bool first = true;

	sink_add_text(sink, "{");
	write_members(txn, attempt, version, sink, &first);
	sink_add_text(sink, "}");
}

/* The attempt whose outputs a folder of its own run shows as of a version; 0 where there was none. */
static event_t own_attempt(struct txn *txn, event_t execution, const struct group *g, event_t version)
{
	struct attempt_record a;
	struct run run;

	if (!g->run || g->run_began > version || !run_get(txn, execution, g->run, &run))
		return 0;
	return run_attempt_at(txn, &run, version, &a);
}

static bool attempt_has_outputs(struct txn *txn, event_t attempt, event_t version)
{
	event_t place, number;

	return attempt && output_next(txn, attempt, 0, version, &place, &number);
}

static bool has_outputs(struct txn *txn, event_t execution, struct scope folder, event_t version)
{
	struct scope below = {0};
	struct group g;

	if (folder.event > version || !group_get(txn, folder, &g))
		return false;
	if (attempt_has_outputs(txn, own_attempt(txn, execution, &g, version), version))
		return true;
	while (group_next(txn, folder, below.event, &below))
		if (has_outputs(txn, execution, below, version))
			return true;
	return false;
}

/* What a folder's own run has in an object beside the folders below: its outputs, or all of them under `vars`. */
struct beside {
	event_t attempt; /* 0: nothing */
	bool vars;
};

static bool is_taken(struct txn *txn, struct beside beside, struct bytes key, event_t version)
{
	autobuf struct buf entry = BUF_INIT;
	event_t place;

	if (!beside.attempt)
		return false;
	if (beside.vars)
		return bytes_equal(key, BYTES_LITERAL("vars")) && attempt_has_outputs(txn, beside.attempt, version);
	name_encode(&entry, key, NULL, NAME_ENTRY_MAX);
	if (buf_error(&entry))
		txn_fail(txn, buf_error(&entry));
	return output_place(txn, beside.attempt, buf_bytes(&entry), &place) && place <= version;
}

/*
 * As with names of files: what would meet a name that is there gets its first byte as `%XX`, and so does what begins with `%` itself and could be
 * taken for such a one: no key stands twice.
 */
static void avoid(struct buf *key)
{
	struct buf avoided = BUF_INIT;

	buf_add_format(&avoided, "%%%02X", (unsigned char)key->data[0]);
	buf_add(&avoided, key->data + 1, key->len - 1);
	buf_finish(key);
	*key = avoided;
}

/* Whether a value (a twin's hash is none) begins as an encoded name does. */
static bool begins_encoded(const struct run_path *path, unsigned depth)
{
	return depth && depth <= path->n_values && path->values[depth - 1].len && path->values[depth - 1].data[0] == '%';
}

static void write_folder_key(struct txn *txn, struct scope folder, struct beside beside, event_t version, struct sink *sink, bool *first)
{
	autobuf struct buf key = BUF_INIT;
	struct run_path path;
	struct event event;

	if (!log_read(txn, folder.event, &event))
		return;
	run_path_of_event(&event, &path);
	run_path_key(&path, scope_depth(folder), &key);
	if (key.len && beside.attempt && (begins_encoded(&path, scope_depth(folder)) || is_taken(txn, beside, buf_bytes(&key), version)))
		avoid(&key);
	if (buf_error(&key))
		txn_fail(txn, buf_error(&key));
	write_key(txn, sink, buf_bytes(&key), first);
}

/* `vars`: the execution's form. */
static void write_folder(struct txn *txn, event_t execution, struct scope folder, event_t version, bool vars, struct sink *sink)
{
	struct scope below = {0};
	bool first = true;
	struct group g;
	event_t attempt;

	if (!group_get(txn, folder, &g))
		return;
	attempt = own_attempt(txn, execution, &g, version);
	sink_add_text(sink, "{");
	if (vars && attempt_has_outputs(txn, attempt, version)) {
		write_key(txn, sink, BYTES_LITERAL("vars"), &first);
		outputs_write(txn, attempt, version, sink);
	} else if (attempt && !vars) {
		write_members(txn, attempt, version, sink, &first);
	}
	while (!sink_full(sink) && group_next(txn, folder, below.event, &below)) {
		if (!has_outputs(txn, execution, below, version))
			continue;
		write_folder_key(txn, below, (struct beside){attempt, vars}, version, sink, &first);
		write_folder(txn, execution, below, version, vars, sink);
	}
	sink_add_text(sink, "}");
}

int render_execution_outputs(struct document *d, struct sink *sink)
{
	struct scope task = {0};
	bool first = true;
	event_t execution;
	int r = version_execution(d->txn, d->node.event, &execution);

	if (r < 0)
		return r;
	sink_add_text(sink, "{");
	while (!sink_full(sink) && group_next(d->txn, scope_of(SCOPE_EXECUTION, execution), task.event, &task)) {
		if (!has_outputs(d->txn, execution, task, d->node.event))
			continue;
		write_folder_key(d->txn, task, (struct beside){0}, d->node.event, sink, &first);
		write_folder(d->txn, execution, task, d->node.event, true, sink);
	}
	sink_add_text(sink, "}\n");
	return 0;
}

int render_group_outputs(struct document *d, struct sink *sink)
{
	struct scope folder;
	event_t execution;
	int r = version_scope(d->txn, SCOPE_GROUP + d->node.detail, d->node.event, &folder);

	if (!r)
		r = version_execution(d->txn, d->node.event, &execution);
	if (r < 0)
		return r;
	write_folder(d->txn, execution, folder, d->node.event, false, sink);
	sink_add_text(sink, "\n");
	return 0;
}

int render_attempt_outputs(struct document *d, struct sink *sink)
{
	event_t attempt;
	int r = version_attempt(d->txn, d->node.event, &attempt);

	if (r < 0)
		return r;
	outputs_write(d->txn, attempt, d->node.event, sink);
	sink_add_text(sink, "\n");
	return 0;
}
