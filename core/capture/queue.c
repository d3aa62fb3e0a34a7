/* Chunks of 64 KiB (more for a larger record): small enough to come from malloc's own pools, large enough to hold hundreds of messages. */
#include "core/capture/queue.h"

#include <errno.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 << 10)
#define ALIGNMENT _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	size_t messages;
	_Alignas(max_align_t) char data[];
};

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static struct chunk *chunk_new(struct queue *q, size_t size)
{
	size_t room = CHUNK_SIZE - sizeof(struct chunk);
	struct chunk *c;

	if (size > room)
		room = size;
	c = malloc(sizeof(*c) + room);
	if (!c)
		return NULL;
	*c = (struct chunk){.size = room};
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	return c;
}

/** Room for a record of `size` bytes (already aligned) at the end of the queue, or NULL. */
static struct record *record_new(struct queue *q, size_t size, usec_t now, enum record_kind kind)
{
	struct chunk *c = q->last;
	struct record *record;

	if (!c || c->size - c->used < size)
		c = chunk_new(q, size);
	if (!c)
		return NULL;
	record = (struct record *)(void *)(c->data + c->used);
	c->used += size;
	c->messages += kind == RECORD_MESSAGE;
	q->bytes += size;
	q->messages += kind == RECORD_MESSAGE;
	record->size = size;
	record->time = now;
	record->kind = kind;
	return record;
}

/*
 * A message's copy: the record, then all its arrays, then all its text. Both parts are written by a cursor of their own.
 */
struct copy {
	char *array;
	char *text;
};

static size_t arrays_size(const struct message *m)
{
	size_t size = m->n_outputs * sizeof(*m->outputs) + m->n_metrics * sizeof(*m->metrics) + m->n_logs * sizeof(*m->logs);

	for (size_t i = 0; i < m->n_metrics; i++)
		size += m->metrics[i].n_tags * sizeof(*m->metrics[i].tags);
	return size;
}

static size_t text_size(const struct message *m)
{
	size_t size = 0;

	for (size_t i = 0; i < m->n_outputs; i++)
		size += m->outputs[i].name.len + m->outputs[i].value.len;
	for (size_t i = 0; i < m->n_metrics; i++) {
		size += m->metrics[i].name.len;
		for (size_t j = 0; j < m->metrics[i].n_tags; j++)
			size += m->metrics[i].tags[j].name.len + m->metrics[i].tags[j].value.len;
	}
	for (size_t i = 0; i < m->n_logs; i++)
		size += m->logs[i].message.len;
	return size;
}

size_t queue_message_size(const struct message *message)
{
	return aligned(sizeof(struct record) + arrays_size(message) + text_size(message));
}

static struct bytes copy_text(struct copy *c, struct bytes text)
{
	char *to = c->text;

	if (text.len)
		memcpy(to, text.data, text.len);
	c->text += text.len;
	return bytes_make(to, text.len);
}

static void *copy_array(struct copy *c, const void *from, size_t size)
{
	char *to = c->array;

	if (size)
		memcpy(to, from, size);
	c->array += size;
	return to;
}

static void copy_outputs(struct copy *c, struct message *m)
{
	struct output *outputs = copy_array(c, m->outputs, m->n_outputs * sizeof(*outputs));

	for (size_t i = 0; i < m->n_outputs; i++) {
		outputs[i].name = copy_text(c, outputs[i].name);
		outputs[i].value = copy_text(c, outputs[i].value);
	}
	m->outputs = outputs;
}

static void copy_tags(struct copy *c, struct metric *metric)
{
	struct tag *tags = copy_array(c, metric->tags, metric->n_tags * sizeof(*tags));

	for (size_t i = 0; i < metric->n_tags; i++) {
		tags[i].name = copy_text(c, tags[i].name);
		tags[i].value = copy_text(c, tags[i].value);
	}
	metric->tags = tags;
}

static void copy_metrics(struct copy *c, struct message *m)
{
	struct metric *metrics = copy_array(c, m->metrics, m->n_metrics * sizeof(*metrics));

	for (size_t i = 0; i < m->n_metrics; i++) {
		metrics[i].name = copy_text(c, metrics[i].name);
		copy_tags(c, &metrics[i]);
	}
	m->metrics = metrics;
}

static void copy_logs(struct copy *c, struct message *m)
{
	struct log_line *logs = copy_array(c, m->logs, m->n_logs * sizeof(*logs));

	for (size_t i = 0; i < m->n_logs; i++)
		logs[i].message = copy_text(c, logs[i].message);
	m->logs = logs;
}

int queue_add_message(struct queue *q, const struct message *message, usec_t now)
{
	size_t arrays = arrays_size(message);
	struct record *record = record_new(q, aligned(sizeof(*record) + arrays + text_size(message)), now, RECORD_MESSAGE);
	struct copy copy;

	if (!record)
		return -ENOMEM;
	copy.array = (char *)(record + 1);
	copy.text = copy.array + arrays;
	record->message = *message;
	copy_outputs(&copy, &record->message);
	copy_metrics(&copy, &record->message);
	copy_logs(&copy, &record->message);
	return 0;
}

int queue_add_warning(struct queue *q, struct bytes text, usec_t now)
{
	struct record *record = record_new(q, aligned(sizeof(*record) + text.len), now, RECORD_WARNING);
	struct copy copy;

	if (!record)
		return -ENOMEM;
	copy.text = (char *)(record + 1);
	record->warning = copy_text(&copy, text);
	return 0;
}

void queue_take(struct queue *q, size_t most, struct queue *batch)
{
	while (q->first && (!batch->first || batch->bytes + q->first->used <= most)) {
		struct chunk *c = q->first;

		q->first = c->next;
		c->next = NULL;
		if (batch->last)
			batch->last->next = c;
		else
			batch->first = c;
		batch->last = c;
		batch->bytes += c->used;
		batch->messages += c->messages;
		q->bytes -= c->used;
		q->messages -= c->messages;
	}
	if (!q->first)
		q->last = NULL;
}

int queue_each(const struct queue *q, int (*function)(const struct record *record, void *context), void *context)
{
	int result = 0;

	for (const struct chunk *c = q->first; c && !result; c = c->next) {
		for (size_t at = 0; at < c->used && !result;) {
			const struct record *record = (const struct record *)(const void *)(c->data + at);

			at += record->size;
			result = function(record, context);
		}
	}
	return result;
}

void queue_finish(struct queue *q)
{
	struct chunk *next;

	for (struct chunk *c = q->first; c; c = next) {
		next = c->next;
		free(c);
	}
	*q = QUEUE_INIT;
}
