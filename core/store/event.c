#include "core/store/event.h"

#include "core/store/codec.h"

void list_add(struct buf *b, uint64_t *n, struct bytes item)
{
	put_bytes(b, item);
	++*n;
}

bool list_next(struct list *list, struct bytes *ret)
{
	struct reader r = reader_of(list->packed);

	if (!list->n)
		return false;
	*ret = get_bytes(&r);
	list->packed = bytes_make(r.at, (size_t)(r.end - r.at));
	list->n = r.bad ? 0 : list->n - 1;
	return !r.bad;
}

/* A list is written with its length in bytes, so that what follows it is found without a walk. */
static void put_list(struct buf *b, const struct list *list)
{
	put_varint(b, list->n);
	put_bytes(b, list->packed);
}

static struct list get_list(struct reader *r)
{
	uint64_t n = get_varint(r);

	return (struct list){n, get_bytes(r)};
}

static void put_execution(struct buf *b, const struct event *e)
{
	put_u8(b, e->execution.begun);
	put_bytes(b, e->execution.namespace);
	put_bytes(b, e->execution.flow);
	put_bytes(b, e->execution.id);
	put_list(b, &e->execution.labels);
}

static void get_execution(struct reader *r, struct event *e)
{
	e->execution.begun = get_u8(r);
	e->execution.namespace = get_bytes(r);
	e->execution.flow = get_bytes(r);
	e->execution.id = get_bytes(r);
	e->execution.labels = get_list(r);
}

static void put_labels(struct buf *b, const struct event *e)
{
	put_list(b, &e->labels.list);
}

static void get_labels(struct reader *r, struct event *e)
{
	e->labels.list = get_list(r);
}

static void put_attempt(struct buf *b, const struct event *e)
{
	put_varint(b, e->attempt.number);
	put_u8(b, e->attempt.twin);
	put_bytes(b, e->attempt.namespace);
	put_bytes(b, e->attempt.flow);
	put_bytes(b, e->attempt.execution);
	put_bytes(b, e->attempt.task);
	put_bytes(b, e->attempt.taskrun);
	put_list(b, &e->attempt.values);
}

static void get_attempt(struct reader *r, struct event *e)
{
	e->attempt.number = (unsigned)get_varint(r);
	e->attempt.twin = get_u8(r);
	e->attempt.namespace = get_bytes(r);
	e->attempt.flow = get_bytes(r);
	e->attempt.execution = get_bytes(r);
	e->attempt.task = get_bytes(r);
	e->attempt.taskrun = get_bytes(r);
	e->attempt.values = get_list(r);
}

static void put_output(struct buf *b, const struct event *e)
{
	put_bytes(b, e->output.name);
	buf_add_bytes(b, e->output.value);
}

static void get_output(struct reader *r, struct event *e)
{
	e->output.name = get_bytes(r);
	e->output.value = get_rest(r);
}

#define POINT_HAS_TIMESTAMP 0x80

static void put_point(struct buf *b, const struct event *e)
{
	bool has_timestamp = e->point.timestamp != e->time;

	put_u8(b, (unsigned)e->point.type | (has_timestamp ? POINT_HAS_TIMESTAMP : 0));
	if (has_timestamp)
		put_u64(b, (uint64_t)e->point.timestamp);
	put_bytes(b, e->point.value);
	put_bytes(b, e->point.name);
	buf_add_bytes(b, e->point.tags);
}

static void get_point(struct reader *r, struct event *e)
{
	unsigned flags = get_u8(r);

	e->point.type = flags & 3;
	e->point.timestamp = flags & POINT_HAS_TIMESTAMP ? (usec_t)get_u64(r) : e->time;
	e->point.value = get_bytes(r);
	e->point.name = get_bytes(r);
	e->point.tags = get_rest(r);
	if (e->point.type >= METRIC_TYPES)
		r->bad = true;
}

static void put_log(struct buf *b, const struct event *e)
{
	put_u8(b, e->log.level);
	buf_add_bytes(b, e->log.message);
}

static void get_log(struct reader *r, struct event *e)
{
	e->log.level = get_u8(r);
	e->log.message = get_rest(r);
	if (e->log.level >= LOG_LEVELS)
		r->bad = true;
}

static void put_warning(struct buf *b, const struct event *e)
{
	buf_add_bytes(b, e->warning.text);
}

static void get_warning(struct reader *r, struct event *e)
{
	e->warning.text = get_rest(r);
}

static void put_attempt_end(struct buf *b, const struct event *e)
{
	put_u8(b, e->attempt_end.state);
	put_varint(b, (uint64_t)(e->attempt_end.exit_code + 1));
}

static enum state get_state(struct reader *r)
{
	unsigned state = get_u8(r);

	if (state >= STATES)
		r->bad = true;
	return state < STATES ? (enum state)state : STATE_NONE;
}

static void get_attempt_end(struct reader *r, struct event *e)
{
	e->attempt_end.state = get_state(r);
	e->attempt_end.exit_code = (int)get_varint(r) - 1;
}

static void put_execution_end(struct buf *b, const struct event *e)
{
	put_u8(b, e->execution_end.state);
}

static void get_execution_end(struct reader *r, struct event *e)
{
	e->execution_end.state = get_state(r);
}

static void put_shrunk(struct buf *b, const struct event *e)
{
	put_u8(b, e->shrunk.scope.code);
	put_varint(b, e->shrunk.scope.event);
	put_bytes(b, e->shrunk.name);
	buf_add_bytes(b, e->shrunk.tags);
}

static void get_shrunk(struct reader *r, struct event *e)
{
	e->shrunk.scope.code = get_u8(r);
	e->shrunk.scope.event = get_varint(r);
	e->shrunk.name = get_bytes(r);
	e->shrunk.tags = get_rest(r);
}

static const struct {
	void (*put)(struct buf *b, const struct event *e);
	void (*get)(struct reader *r, struct event *e);
} codecs[EVENT_TYPES] = {
	[EVENT_EXECUTION] = {put_execution, get_execution},
	[EVENT_LABELS] = {put_labels, get_labels},
	[EVENT_ATTEMPT] = {put_attempt, get_attempt},
	[EVENT_OUTPUT] = {put_output, get_output},
	[EVENT_POINT] = {put_point, get_point},
	[EVENT_LOG] = {put_log, get_log},
	[EVENT_WARNING] = {put_warning, get_warning},
	[EVENT_ATTEMPT_END] = {put_attempt_end, get_attempt_end},
	[EVENT_EXECUTION_END] = {put_execution_end, get_execution_end},
	[EVENT_SHRUNK] = {put_shrunk, get_shrunk},
};

void event_encode(struct buf *b, const struct event *event)
{
	put_u8(b, event->type);
	put_u64(b, (uint64_t)event->time);
	put_varint(b, event->about);
	codecs[event->type].put(b, event);
}

bool event_decode(struct bytes bytes, struct event *ret_event)
{
	struct reader r = reader_of(bytes);
	unsigned type = get_u8(&r);

	if (type >= EVENT_TYPES || !codecs[type].get)
		return false;
	ret_event->type = type;
	ret_event->time = (usec_t)get_u64(&r);
	ret_event->about = get_varint(&r);
	codecs[type].get(&r, ret_event);
	return !r.bad;
}
