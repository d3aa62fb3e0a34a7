/* execution.json and taskrun.json, with the field names of Kestra's REST API. */
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "core/store/path.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "fs/document/document.h"

#include <errno.h>

/* What is small is built in a buffer of its own and handed to the sink; outputs go to the sink directly. */

static void add_string_member(struct buf *b, const char *key, struct bytes value)
{
	buf_add_text(b, "\"");
	buf_add_text(b, key);
	buf_add_text(b, "\":");
	text_add_json_string(b, value);
}

static void add_time(struct buf *b, usec_t t)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(t, text);
	buf_add_char(b, '"');
	buf_add(b, text, sizeof(text));
	buf_add_char(b, '"');
}

static usec_t time_of(struct txn *txn, event_t event)
{
	struct event e;

	return log_read(txn, event, &e) ? e.time : 0;
}

/* What a document shows: the log up to a version; `lost`: running attempts without a helper as KILLED, since then. */
struct scene {
	struct txn *txn;
	event_t version;
	bool lost;
	usec_t lost_since;
};

static struct scene scene_of(struct document *d)
{
	bool lost = document_shows_lost(d->node);

	return (struct scene){d->txn, d->node.event, lost, lost ? time_of(d->txn, d->node.event) : 0};
}

/* State: what became of an execution or an attempt over time */

struct states {
	struct txn *txn;
	struct buf *b;
	usec_t start;
	usec_t last;
	enum state current;
	size_t running_len; /* of `b` behind the first RUNNING, 0 before it */
};

static void add_history(struct states *s, const char *state, usec_t time, bool first)
{
	buf_add_format(s->b, "%s{\"state\":\"%s\",\"date\":", first ? "" : ",", state);
	add_time(s->b, time);
	buf_add_char(s->b, '}');
}

static void add_state(struct states *s, usec_t time, enum state state)
{
	s->current = state;
	s->last = time;
	add_history(s, state_name(state), time, false);
}

static void visit_state(void *context, event_t event, enum state state)
{
	struct states *s = context;
	usec_t time = time_of(s->txn, event);

	/* An execution that nobody began ends and goes on with each of its steps: only the end that lasted is one. */
	if (state == STATE_RUNNING && s->running_len) {
		s->b->len = s->running_len;
		s->current = state;
		return;
	}
	add_state(s, time, state);
	if (state == STATE_RUNNING)
		s->running_len = s->b->len;
}

/* `histories` is written first into a buffer of its own: `current` stands before it. */
static void add_states(struct buf *b, const struct states *s)
{
	char duration[CLOCK_DURATION_SIZE];

	buf_add_format(b, "{\"current\":\"%s\",\"histories\":[", state_name(s->current));
	buf_add_bytes(b, buf_bytes(s->b));
	if (buf_error(s->b))
		txn_fail(s->txn, buf_error(s->b));
	buf_add_char(b, ']');
	if (s->current != STATE_RUNNING) {
		clock_format_duration(s->last - s->start, duration);
		buf_add_format(b, ",\"duration\":\"%s\"", duration);
	}
	buf_add_text(b, ",\"startDate\":");
	add_time(b, s->start);
	if (s->current != STATE_RUNNING) {
		buf_add_text(b, ",\"endDate\":");
		add_time(b, s->last);
	}
	buf_add_char(b, '}');
}

static void execution_states(const struct scene *scene, event_t execution, usec_t start, struct buf *histories, struct states *ret)
{
	struct scope scope = scope_of(SCOPE_EXECUTION, execution);
	struct execution e;

	*ret = (struct states){.txn = scene->txn, .b = histories, .start = start, .last = start, .current = STATE_RUNNING};
	add_history(ret, "CREATED", start, true);
	state_history(scene->txn, scope, scene->version, visit_state, ret);
	if (scene->lost && execution_get(scene->txn, execution, &e) && lost_tally(scene->txn, execution, scope, &e.runs) &&
	    execution_state(&e) != ret->current)
		add_state(ret, scene->lost_since, execution_state(&e));
}

static void add_execution_state(const struct scene *scene, event_t execution, usec_t start, struct buf *b)
{
	autobuf struct buf histories = BUF_INIT;
	struct states s;

	execution_states(scene, execution, start, &histories, &s);
	add_states(b, &s);
}

static void attempt_states(const struct scene *scene, event_t id, const struct attempt_record *a, struct buf *histories, struct states *ret)
{
	*ret = (struct states){.txn = scene->txn, .b = histories, .start = time_of(scene->txn, id)};
	add_history(ret, "CREATED", ret->start, true);
	add_state(ret, ret->start, STATE_RUNNING);
	if (a->end && a->end <= scene->version)
		add_state(ret, time_of(scene->txn, a->end), a->state);
	else if (scene->lost && attempt_is_lost(scene->txn, id)) /* also when its end has been recorded since */
		add_state(ret, scene->lost_since, STATE_KILLED);
}

static void add_attempt_state(const struct scene *scene, event_t id, const struct attempt_record *a, struct buf *b)
{
	autobuf struct buf histories = BUF_INIT;
	struct states s;

	attempt_states(scene, id, a, &histories, &s);
	add_states(b, &s);
}

struct span execution_span(struct document *d, event_t execution)
{
	autobuf struct buf histories = BUF_INIT;
	struct scene scene = scene_of(d);
	struct states s;

	execution_states(&scene, execution, time_of(d->txn, execution), &histories, &s);
	return (struct span){s.current, s.start, s.last};
}

struct span attempt_span(struct document *d, event_t id, const struct attempt_record *a)
{
	autobuf struct buf histories = BUF_INIT;
	struct scene scene = scene_of(d);
	struct states s;

	attempt_states(&scene, id, a, &histories, &s);
	return (struct span){s.current, s.start, s.last};
}

/* Task runs */

static void add_value(struct buf *b, struct list values)
{
	if (!values.n)
		return;
	buf_add_text(b, ",\"value\":");
	values_write(values, b);
}

static void add_identity(struct buf *b, const struct event *attempt)
{
	buf_add_char(b, '{');
	add_string_member(b, "id", attempt->attempt.taskrun);
	buf_add_char(b, ',');
	add_string_member(b, "executionId", attempt->attempt.execution);
	buf_add_char(b, ',');
	add_string_member(b, "namespace", attempt->attempt.namespace);
	buf_add_char(b, ',');
	add_string_member(b, "flowId", attempt->attempt.flow);
	buf_add_char(b, ',');
	add_string_member(b, "taskId", attempt->attempt.task);
	add_value(b, attempt->attempt.values);
}

static void add_attempts(const struct scene *scene, event_t from, unsigned upto, struct buf *b)
{
	struct attempt_record a;
	event_t id;

	buf_add_text(b, ",\"attempts\":[");
	for (unsigned n = 1; n <= upto && attempt_numbered(scene->txn, from, n, &id, &a); n++) {
		buf_add_text(b, n > 1 ? ",{\"state\":" : "{\"state\":");
		add_attempt_state(scene, id, &a, b);
		buf_add_char(b, '}');
		from = id;
	}
	buf_add_char(b, ']');
}

/* buf_clear forgets an error, so it is asked for here. */
static int flush(struct buf *b, struct sink *sink)
{
	int r = buf_error(b);

	sink_add_bytes(sink, buf_bytes(b));
	buf_clear(b);
	return r;
}

/* One task run as its attempt `id` shows it. `beside`: exitCode also next to outputs (taskrun.json). */
static int write_taskrun(const struct scene *scene, event_t id, bool beside, struct sink *sink)
{
	autobuf struct buf b = BUF_INIT;
	struct attempt_record a;
	struct event event;
	bool ended;
	int r;

	if (!attempt_get(scene->txn, id, &a) || !log_read(scene->txn, id, &event))
		return -ESTALE;
	ended = a.end && a.end <= scene->version && a.exit_code != EXIT_CODE_NONE;
	add_identity(&b, &event);
	add_attempts(scene, id, a.number, &b);
	buf_add_text(&b, ",\"outputs\":{\"vars\":");
	r = flush(&b, sink);
	if (r < 0)
		return r;
	outputs_write(scene->txn, id, scene->version, sink);
	if (ended)
		buf_add_format(&b, ",\"exitCode\":%d", a.exit_code);
	buf_add_char(&b, '}');
	if (ended && beside)
		buf_add_format(&b, ",\"exitCode\":%d", a.exit_code);
	buf_add_text(&b, ",\"state\":");
	add_attempt_state(scene, id, &a, &b);
	buf_add_char(&b, '}');
	return flush(&b, sink);
}

int render_taskrun(struct document *d, struct sink *sink)
{
	struct scene scene = scene_of(d);
	struct attempt_record a;
	event_t attempt;
	int r = version_attempt(d->txn, d->node.event, &attempt);

	if (!r && !attempt_numbered(d->txn, attempt, document_detail(d->node), &attempt, &a))
		r = -ESTALE;
	if (!r)
		r = write_taskrun(&scene, attempt, true, sink);
	if (r < 0)
		return r;
	sink_add_text(sink, "\n");
	return 0;
}

/* Executions */

static void visit_label(void *context, struct bytes key, struct bytes value)
{
	struct buf *b = context;

	buf_add_text(b, b->data[b->len - 1] == '[' ? "{" : ",{");
	add_string_member(b, "key", key);
	buf_add_char(b, ',');
	add_string_member(b, "value", value);
	buf_add_char(b, '}');
}

static void add_head(const struct scene *scene, event_t execution, const struct event *event, struct buf *b)
{
	buf_add_char(b, '{');
	add_string_member(b, "id", event->execution.id);
	buf_add_char(b, ',');
	add_string_member(b, "namespace", event->execution.namespace);
	buf_add_char(b, ',');
	add_string_member(b, "flowId", event->execution.flow);
	buf_add_text(b, ",\"labels\":[");
	if (!buf_error(b))
		execution_labels(scene->txn, execution, scene->version, visit_label, b);
	buf_add_text(b, "],\"state\":");
	add_execution_state(scene, execution, event->time, b);
	buf_add_text(b, ",\"taskRunList\":[");
}

static int write_head(struct document *d, const struct scene *scene, event_t execution, struct sink *sink)
{
	autobuf struct buf head = BUF_INIT;
	struct event event;

	if (!log_read(d->txn, execution, &event) || event.type != EVENT_EXECUTION)
		return -ESTALE;
	add_head(scene, execution, &event, &head);
	return flush(&head, sink);
}

/*
 * The last run that ends within a window is where the next one goes on: else reading thousands of runs in pieces would
 * begin at the first each time.
 */
static void leave_off(struct document *d, event_t run, const struct sink *sink)
{
	if (!d->resume || !sink->data || sink_full(sink))
		return;
	d->resume->at = sink->at;
	d->resume->place = run;
}

static bool take_up(struct document *d, struct sink *sink, event_t *ret_run)
{
	if (!d->resume || !sink->data || !d->resume->place || d->resume->at > sink->from)
		return false;
	sink->at = d->resume->at;
	*ret_run = d->resume->place;
	return true;
}

int render_execution_json(struct document *d, struct sink *sink)
{
	struct scene scene = scene_of(d);
	struct attempt_record a;
	struct run run;
	event_t execution, id = 0;
	int r = version_execution(d->txn, d->node.event, &execution);

	if (!r && !take_up(d, sink, &id))
		r = write_head(d, &scene, execution, sink);
	if (r < 0)
		return r;
	for (bool first = id == 0; !sink_full(sink) && run_next(d->txn, execution, id, &id, &run) && id <= d->node.event; first = false) {
		if (!first)
			sink_add_text(sink, ",");
		r = write_taskrun(&scene, run_attempt_at(d->txn, &run, d->node.event, &a), false, sink);
		if (r < 0)
			return r;
		leave_off(d, id, sink);
	}
	sink_add_text(sink, "]}\n");
	return 0;
}
