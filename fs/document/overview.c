/*
 * kestrafs.prom: what one alerts on, in the Prometheus text format 0.0.4: how many executions of each flow are in which state, and when its
 * latest success became one. The version is the last event that changed a state of what the tree shows; all is as it was then. How many
 * bytes the store takes is no matter of events: the node's number says it.
 */
#include "core/store/collection.h"
#include "core/store/query.h"
#include "fs/document/document.h"
#include "fs/document/prom_name.h"

#include <errno.h>

struct writer {
	struct document *d;
	struct sink *sink;
	struct buf line;
	const struct family *family;
	bool begun; /* the family's head is written */
	event_t flow;
	struct event who; /* the first execution of the flow */
};

struct family {
	const char *name;
	const char *type;
	const char *help;
	void (*write)(struct writer *w); /* of one flow; NULL: `whole` */
	void (*whole)(struct writer *w);
};

static void begin_sample(struct writer *w)
{
	const struct family *family = w->family;

	if (!w->begun)
		buf_add_format(&w->line, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, family->type);
	w->begun = true;
	buf_add_text(&w->line, family->name);
}

static void add_label(struct writer *w, const char *before, struct bytes value)
{
	buf_add_text(&w->line, before);
	prom_add_value(&w->line, value);
	buf_add_char(&w->line, '"');
}

static void begin_flow_sample(struct writer *w)
{
	begin_sample(w);
	add_label(w, "{namespace=\"", w->who.execution.namespace);
	add_label(w, ",flow=\"", w->who.execution.flow);
}

/* Zeros too: a counter that begins with a flow's first failure would hide it from whoever asks for an increase. */
static void write_states(struct writer *w)
{
	struct tally tally;

	if (!collection_tally(w->d->txn, scope_of(SCOPE_FLOW, w->flow), w->d->node.event, &tally))
		return;
	for (enum state state = STATE_RUNNING; state < STATES; state++) {
		begin_flow_sample(w);
		add_label(w, ",state=\"", bytes_of(state_name(state)));
		buf_add_text(&w->line, "} ");
		buf_add_number(&w->line, tally.of[state]);
		buf_add_char(&w->line, '\n');
	}
}

static bool succeeded_at(struct txn *txn, event_t execution, event_t version, event_t *ret_since)
{
	enum state state;

	return execution <= version && state_at(txn, scope_of(SCOPE_EXECUTION, execution), version, ret_since, &state) &&
	       outcome_of(state) == OUTCOME_SUCCESS;
}

/*
 * The event by which the execution that `latest-success` shows got its state. Of a flow that has changed since the version the executions
 * are gone through: those that were successful then need not be so now.
 */
static event_t latest_success(struct txn *txn, struct scope flow, event_t version)
{
	struct collection c;
	event_t execution = 0, since, found = 0;

	if (collection_get(txn, flow, &c) && c.last_event <= version)
		return latest_find(txn, flow, OUTCOME_SUCCESS, &execution) && succeeded_at(txn, execution, version, &since) ? since : 0;
	while (started_next(txn, flow, execution, &execution))
		if (succeeded_at(txn, execution, version, &since))
			found = since;
	return found;
}

static void write_success(struct writer *w)
{
	event_t since = latest_success(w->d->txn, scope_of(SCOPE_FLOW, w->flow), w->d->node.event);
	struct event event;

	if (!since || !log_read(w->d->txn, since, &event))
		return;
	begin_flow_sample(w);
	buf_add_text(&w->line, "} ");
	prom_add_number(&w->line, (double)event.time / USEC_PER_SEC);
	buf_add_char(&w->line, '\n');
}

static void write_store(struct writer *w)
{
	begin_sample(w);
	buf_add_char(&w->line, ' ');
	buf_add_number(&w->line, store_size_unpack(w->d->node.detail));
	buf_add_char(&w->line, '\n');
}

static const struct family families[] = {
	{"kestra_executions_total", "counter", "Executions of a flow by the state they are in.", write_states, NULL},
	{"kestra_last_success_timestamp_seconds", "gauge", "When the flow's latest-success reached its state, in seconds since 1970.",
	 write_success, NULL},
	{"kestrafs_store_bytes", "gauge", "Bytes that the store takes on its disk.", NULL, write_store},
};

/* Writes what was gathered. */
static int flush(struct writer *w)
{
	int r = buf_error(&w->line);

	sink_add_bytes(w->sink, buf_bytes(&w->line));
	buf_clear(&w->line);
	return r;
}

/* Whether the tree shows a namespace: its root is that one, one above, or everything. */
static bool is_shown(struct document *d, struct scope namespace)
{
	struct scope above;

	if (d->root.code == SCOPE_ROOT)
		return true;
	return namespace_of(d->txn, namespace.event, d->root.code - SCOPE_NAMESPACE, &above) && scope_equal(above, d->root);
}

static int write_flows(struct writer *w, struct scope namespace)
{
	struct document *d = w->d;
	int r = 0;

	w->flow = 0;
	while (!r && !sink_full(w->sink) && flow_next(d->txn, namespace, w->flow, &w->flow) && w->flow <= d->node.event) {
		if (!log_read(d->txn, w->flow, &w->who))
			return txn_error(d->txn) ? txn_error(d->txn) : -ESTALE;
		w->family->write(w);
		r = flush(w);
	}
	return r;
}

static int write_family(struct writer *w)
{
	struct scope namespace;
	event_t place = 0;
	int r = 0;

	if (w->family->whole) {
		w->family->whole(w);
		return flush(w);
	}
	while (w->d->txn && !r && !sink_full(w->sink) && namespace_next(w->d->txn, place, &place, &namespace) && place <= w->d->node.event)
		if (is_shown(w->d, namespace))
			r = write_flows(w, namespace);
	return r;
}

int render_overview(struct document *d, struct sink *sink)
{
	struct writer w = {.d = d, .sink = sink};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(families) / sizeof(*families); i++) {
		w.family = &families[i];
		w.begun = false;
		r = write_family(&w);
	}
	buf_finish(&w.line);
	return r;
}
