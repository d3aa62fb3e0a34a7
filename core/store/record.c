/* From what a helper says to events. What is refused is refused here, before anything is appended. */
#include "core/store/record.h"

#include "core/base/ids.h"
#include "core/base/number.h"
#include "core/base/text.h"
#include "core/store/alive.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/path.h"
#include "core/store/query.h"
#include "core/store/record_shrunk.h"

#include <errno.h>
#include <stdio.h>

/* Executions */

static int shown_len(struct bytes id)
{
	return (int)(id.len > 150 ? 150 : id.len);
}

/* The execution that `who` names: its number and record, 0 where there is none. -EXDEV where it is another flow's. */
static int find_execution(struct txn *txn, const struct identity *who, event_t *ret_id, struct execution *ret, struct error *e)
{
	struct event event;

	*ret_id = 0;
	if (!execution_find(txn, who->execution, ret_id))
		return txn_error(txn);
	if (!execution_get(txn, *ret_id, ret) || !log_read(txn, *ret_id, &event) || event.type != EVENT_EXECUTION)
		return txn_fail(txn, -EUCLEAN);
	if (!who->namespace.len || (bytes_equal(event.execution.namespace, who->namespace) && bytes_equal(event.execution.flow, who->flow)))
		return 0;
	return error_set(e, -EXDEV, "execution %.*s belongs to flow %.*s/%.*s, not to %.*s/%.*s: use that flow or another execution id",
			 shown_len(who->execution), who->execution.data, (int)event.execution.namespace.len, event.execution.namespace.data,
			 (int)event.execution.flow.len, event.execution.flow.data, (int)who->namespace.len, who->namespace.data,
			 (int)who->flow.len, who->flow.data);
}

static void add_labels(const struct identity *who, struct buf *b, struct list *ret)
{
	for (size_t i = 0; i < who->n_labels; i++) {
		list_add(b, &ret->n, who->labels[i].key);
		list_add(b, &ret->n, who->labels[i].value);
	}
	ret->packed = buf_bytes(b);
}

static event_t append_execution(struct txn *txn, const struct identity *who, bool begun, usec_t now)
{
	autobuf struct buf labels = BUF_INIT;
	struct event event = {
		.type = EVENT_EXECUTION,
		.time = now,
		.execution = {.begun = begun, .namespace = who->namespace, .flow = who->flow, .id = who->execution},
	};

	add_labels(who, &labels, &event.execution.labels);
	if (buf_error(&labels))
		txn_fail(txn, buf_error(&labels));
	return index_append(txn, &event);
}

struct label_check {
	const struct identity *who;
	size_t known; /* of the given labels */
};

static void check_label(void *context, struct bytes key, struct bytes value)
{
	struct label_check *check = context;

	for (size_t i = 0; i < check->who->n_labels; i++)
		if (bytes_equal(check->who->labels[i].key, key) && bytes_equal(check->who->labels[i].value, value))
			check->known++;
}

/* Every step of a flow may give the same labels: only what is new becomes an event. */
static void append_labels(struct txn *txn, event_t execution, const struct identity *who, usec_t now)
{
	autobuf struct buf labels = BUF_INIT;
	struct label_check check = {.who = who};
	struct event event = {.type = EVENT_LABELS, .time = now, .about = execution};

	if (!who->n_labels)
		return;
	execution_labels(txn, execution, EVENT_MAX, check_label, &check);
	if (check.known >= who->n_labels)
		return;
	add_labels(who, &labels, &event.labels.list);
	if (buf_error(&labels))
		txn_fail(txn, buf_error(&labels));
	index_append(txn, &event);
}

int record_execution_begin(struct txn *txn, const struct identity *who, usec_t now, struct error *e)
{
	struct identity any = *who;
	struct execution execution;
	event_t id;
	int r;

	any.namespace = BYTES_LITERAL("");
	r = find_execution(txn, &any, &id, &execution, e);
	if (r < 0)
		return r;
	if (id)
		return error_set(e, -EEXIST, "execution %.*s exists already: choose another id, or leave it out to get a fresh one",
				 shown_len(who->execution), who->execution.data);
	append_execution(txn, who, true, now);
	return txn_error(txn);
}

int record_execution_end(struct txn *txn, const struct identity *who, enum state state, usec_t now, struct error *e)
{
	struct execution execution;
	struct event event = {.type = EVENT_EXECUTION_END, .time = now, .execution_end = {state}};
	int r = find_execution(txn, who, &event.about, &execution, e);

	if (r < 0)
		return r;
	if (!event.about)
		return error_set(e, -ENOENT, "execution %.*s is unknown: nothing was recorded for it in this store",
				 shown_len(who->execution), who->execution.data);
	record_lost(txn, event.about, now, NULL);
	if (!execution.closed || (state != STATE_NONE && state != execution.given))
		index_append(txn, &event);
	return txn_error(txn);
}

/* Attempts */

/* What an identity comes to: a new run, or the next attempt of one that is there. */
struct resolved {
	event_t execution; /* 0: new */
	event_t run;	   /* 0: new */
	unsigned number;
	event_t former; /* attempt, 0 of a new run */
	bool twin;
	char taskrun[151]; /* empty: a fresh one */
};

static bool find_folder(struct txn *txn, event_t execution, const struct run_path *path, struct scope *ret)
{
	autobuf struct buf entry = BUF_INIT;
	struct scope at = scope_of(SCOPE_EXECUTION, execution);

	for (unsigned depth = 0; depth <= run_path_depth(path); depth++) {
		buf_clear(&entry);
		run_path_entry(path, depth, &entry);
		if (buf_error(&entry))
			txn_fail(txn, buf_error(&entry));
		if (!group_find(txn, at, buf_bytes(&entry), &at))
			return false;
	}
	*ret = at;
	return true;
}

static bool find_run(struct txn *txn, event_t execution, const struct identity *who, struct bytes twin, struct resolved *ret,
		     struct event *ret_attempt)
{
	struct run_path path;
	struct scope folder;
	struct group g;
	struct run run;

	run_path_of_identity(who, twin, &path);
	if (!find_folder(txn, execution, &path, &folder) || !group_get(txn, folder, &g) || !g.run ||
	    !run_get(txn, execution, g.run, &run) || !log_read(txn, run.attempt, ret_attempt))
		return false;
	ret->run = g.run;
	ret->former = run.attempt;
	ret->number = run.attempts + 1;
	ret->twin = ret_attempt->attempt.twin;
	return true;
}

static void keep_taskrun(struct resolved *ret, struct bytes id)
{
	snprintf(ret->taskrun, sizeof(ret->taskrun), "%.*s", (int)id.len, id.data);
}

static void resolve_run(struct txn *txn, const struct identity *who, struct resolved *ret)
{
	struct event attempt;

	ret->number = 1;
	keep_taskrun(ret, who->taskrun);
	if (!ret->execution || !find_run(txn, ret->execution, who, BYTES_LITERAL(""), ret, &attempt))
		return;
	if (!who->taskrun.len || bytes_equal(attempt.attempt.taskrun, who->taskrun)) {
		keep_taskrun(ret, attempt.attempt.taskrun);
		return;
	}
	/* the same values under a different task run id are another run */
	*ret = (struct resolved){.execution = ret->execution, .number = 1, .twin = true};
	keep_taskrun(ret, who->taskrun);
	find_run(txn, ret->execution, who, who->taskrun, ret, &attempt);
}

static int resolve(struct txn *txn, const struct identity *who, struct resolved *ret, struct error *e)
{
	struct execution execution;
	int r;

	*ret = (struct resolved){0};
	r = find_execution(txn, who, &ret->execution, &execution, e);
	if (r < 0)
		return r;
	if (ret->execution && execution.closed)
		return error_set(e, -ESHUTDOWN, "execution %.*s is closed: it takes no more runs: begin another execution",
				 shown_len(who->execution), who->execution.data);
	resolve_run(txn, who, ret);
	return txn_error(txn);
}

int record_attempt_check(struct txn *txn, const struct identity *who, unsigned *ret_number, struct error *e)
{
	struct resolved resolved;
	int r = resolve(txn, who, &resolved, e);

	if (ret_number)
		*ret_number = resolved.number;
	return r;
}

static void remember_lock(struct txn *txn, event_t **list, size_t *n, event_t attempt)
{
	event_t *larger = realloc(*list, (*n + 1) * sizeof(**list));

	if (!larger) {
		txn_fail(txn, -ENOMEM);
		return;
	}
	*list = larger;
	larger[(*n)++] = attempt;
}

/* Held before the attempt can be seen, so that nobody takes it for lost. */
static void take_lock(struct txn *txn, event_t attempt)
{
	struct recording *recording = recording_of(txn);
	int r;

	if (txn_error(txn))
		return;
	r = alive_take(txn_store(txn)->alive, attempt);
	if (r < 0)
		txn_fail(txn, r);
	else
		remember_lock(txn, &recording->taken, &recording->n_taken, attempt);
}

static event_t append_attempt(struct txn *txn, const struct identity *who, const struct resolved *run, event_t execution, usec_t now)
{
	autobuf struct buf values = BUF_INIT;
	struct event event = {
		.type = EVENT_ATTEMPT,
		.time = now,
		.about = execution,
		.attempt = {.number = run->number,
			    .twin = run->twin,
			    .namespace = who->namespace,
			    .flow = who->flow,
			    .execution = who->execution,
			    .task = who->task,
			    .taskrun = bytes_of(run->taskrun)},
	};

	for (size_t i = 0; i < who->n_values; i++)
		list_add(&values, &event.attempt.values.n, who->values[i]);
	event.attempt.values.packed = buf_bytes(&values);
	if (buf_error(&values))
		txn_fail(txn, buf_error(&values));
	return index_append(txn, &event);
}

int record_attempt_begin(struct txn *txn, const struct identity *who, usec_t now, struct attempt *ret_attempt, struct error *e)
{
	struct resolved run;
	int r = resolve(txn, who, &run, e);

	if (r < 0)
		return r;
	if (!*run.taskrun) {
		r = id_fresh(run.taskrun);
		if (r < 0)
			return txn_fail(txn, r);
	}
	if (run.execution)
		append_labels(txn, run.execution, who, now);
	else
		run.execution = append_execution(txn, who, false, now);
	ret_attempt->id = append_attempt(txn, who, &run, run.execution, now);
	ret_attempt->number = run.number;
	memcpy(ret_attempt->taskrun, run.taskrun, sizeof(run.taskrun));
	take_lock(txn, ret_attempt->id);
	if (run.former)
		record_shrunk(txn, ret_attempt->id, run.former, now);
	return txn_error(txn);
}

/*
 * An attempt that begins and ends in one transaction (an import) is never seen running: its lock goes at once. The
 * kernel keeps a file's locks in a list that each call walks, so thousands of them held to the commit would take most
 * of its time.
 */
static bool drop_fresh_lock(struct txn *txn, event_t attempt)
{
	struct recording *recording = recording_of(txn);

	for (size_t i = recording->n_taken; i-- > 0;)
		if (recording->taken[i] == attempt) {
			alive_drop(txn_store(txn)->alive, attempt);
			recording->taken[i] = recording->taken[--recording->n_taken];
			return true;
		}
	return false;
}

static void append_end(struct txn *txn, event_t attempt, enum state state, int exit_code, usec_t now)
{
	struct recording *recording = recording_of(txn);
	struct event event = {.type = EVENT_ATTEMPT_END, .time = now, .about = attempt, .attempt_end = {state, exit_code}};

	index_append(txn, &event);
	if (!drop_fresh_lock(txn, attempt))
		remember_lock(txn, &recording->ended, &recording->n_ended, attempt);
}

int record_attempt_end(struct txn *txn, event_t attempt, enum state state, int exit_code, usec_t now)
{
	struct attempt_record a;

	if (!attempt_get(txn, attempt, &a))
		return txn_fail(txn, -ENOENT);
	if (a.end)
		return -ESHUTDOWN;
	append_end(txn, attempt, state, exit_code, now);
	return txn_error(txn);
}

int record_lost(struct txn *txn, event_t execution, usec_t now, unsigned *ret_ended)
{
	event_t attempt = 0;
	unsigned ended = 0;

	while (attempt_next_running(txn, execution, attempt, &attempt)) {
		if (!attempt_is_lost(txn, attempt))
			continue;
		append_end(txn, attempt, STATE_KILLED, EXIT_CODE_NONE, now);
		ended++;
	}
	if (ret_ended)
		*ret_ended = ended;
	return txn_error(txn);
}

/* What a run printed */

static void append_output(struct txn *txn, event_t attempt, const struct output *output, usec_t now)
{
	struct event event = {.type = EVENT_OUTPUT, .time = now, .about = attempt, .output = {output->name, output->value}};

	index_append(txn, &event);
}

static void tags_write(const struct metric *metric, struct buf *ret)
{
	buf_add_char(ret, '{');
	for (size_t i = 0; i < metric->n_tags; i++) {
		if (i)
			buf_add_char(ret, ',');
		text_add_json_string(ret, metric->tags[i].name);
		buf_add_char(ret, ':');
		text_add_json_string(ret, metric->tags[i].value);
	}
	buf_add_char(ret, '}');
}

static void append_point(struct txn *txn, event_t attempt, const struct metric *metric, struct buf *name, struct buf *tags, usec_t now)
{
	char value[NUMBER_TEXT_SIZE];
	struct event event = {
		.type = EVENT_POINT,
		.time = now,
		.about = attempt,
		.point = {.type = metric->type, .timestamp = metric->has_timestamp ? metric->timestamp : now},
	};

	buf_clear(name);
	buf_clear(tags);
	text_add_json(name, metric->name);
	tags_write(metric, tags);
	if (buf_error(name) || buf_error(tags))
		txn_fail(txn, -ENOMEM);
	event.point.value = bytes_make(value, number_format(metric->value, value));
	event.point.name = buf_bytes(name);
	event.point.tags = buf_bytes(tags);
	index_append(txn, &event);
}

static void append_log(struct txn *txn, event_t attempt, const struct log_line *line, usec_t now)
{
	struct event event = {.type = EVENT_LOG, .time = now, .about = attempt, .log = {line->level, line->message}};

	index_append(txn, &event);
}

/* An attempt that was taken for lost has an end that cannot be taken back. */
static int check_running(struct txn *txn, event_t attempt)
{
	struct attempt_record a;

	if (!attempt_get(txn, attempt, &a))
		return txn_fail(txn, -ENOENT);
	return a.end ? -ESHUTDOWN : 0;
}

int record_message(struct txn *txn, event_t attempt, const struct message *message, usec_t now)
{
	autobuf struct buf name = BUF_INIT, tags = BUF_INIT;
	int r = check_running(txn, attempt);

	if (r < 0)
		return r;
	for (size_t i = 0; i < message->n_outputs; i++)
		append_output(txn, attempt, &message->outputs[i], now);
	for (size_t i = 0; i < message->n_metrics; i++)
		append_point(txn, attempt, &message->metrics[i], &name, &tags, now);
	for (size_t i = 0; i < message->n_logs; i++)
		append_log(txn, attempt, &message->logs[i], now);
	return txn_error(txn);
}

int record_warning(struct txn *txn, event_t attempt, struct bytes text, usec_t now)
{
	struct event event = {.type = EVENT_WARNING, .time = now, .about = attempt, .warning = {text}};
	int r = check_running(txn, attempt);

	if (r < 0)
		return r;
	index_append(txn, &event);
	return txn_error(txn);
}
