/*
 * outputs.json: of an attempt the outputs themselves, of a folder of runs `{"<value>": {…}}`, of an execution at the path a Kestra expression uses (`<task>.vars.<name>`,
 * `<task>.<value>.vars.<name>`). What has no output is left out.
 */
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "core/store/path.h"
#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

static void write_key(struct sink *sink, struct bytes key, bool *first)
{
	autobuf struct buf text = BUF_INIT;

	if (!*first)
		sink_add_text(sink, ",");
	*first = false;
	text_add_json_string(&text, key);
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
		write_key(sink, event.output.name, first);
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

static bool has_outputs(struct txn *txn, event_t execution, struct scope folder, event_t version)
{
	struct scope below = {0};
	struct group g;
	event_t attempt, place = 0, number;

	if (folder.event > version || !group_get(txn, folder, &g))
		return false;
	attempt = own_attempt(txn, execution, &g, version);
	if (attempt && output_next(txn, attempt, 0, version, &place, &number))
		return true;
	while (group_next(txn, folder, below.event, &below))
		if (has_outputs(txn, execution, below, version))
			return true;
	return false;
}

static void write_folder_key(struct txn *txn, struct scope folder, struct sink *sink, bool *first)
{
	autobuf struct buf key = BUF_INIT;
	struct run_path path;
	struct event event;

	if (!log_read(txn, folder.event, &event))
		return;
	run_path_of_event(&event, &path);
	run_path_key(&path, scope_depth(folder), &key);
	write_key(sink, buf_bytes(&key), first);
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
	if (attempt && vars) {
		write_key(sink, BYTES_LITERAL("vars"), &first);
		outputs_write(txn, attempt, version, sink);
	} else if (attempt) {
		write_members(txn, attempt, version, sink, &first);
	}
	while (!sink_full(sink) && group_next(txn, folder, below.event, &below)) {
		if (!has_outputs(txn, execution, below, version))
			continue;
		write_folder_key(txn, below, sink, &first);
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
		write_folder_key(d->txn, task, sink, &first);
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
