/*
 * What was printed and is not recorded yet: copies of messages and warnings, in order, in a few large pieces of memory. A message is
 * copied flat, with everything it points to, in one piece. No locks here: the recorder that owns the queue has one.
 */
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/protocol/message.h"

#include <stddef.h>

struct chunk;

struct queue {
	struct chunk *first;
	struct chunk *last;
	size_t bytes;	 /* of all records */
	size_t messages; /* how many of them are messages */
};

#define QUEUE_INIT ((struct queue){0})

enum record_kind { RECORD_MESSAGE, RECORD_WARNING };

struct record {
	size_t size; /* in bytes, itself included: where the next one is */
	usec_t time; /* of receipt */
	enum record_kind kind;
	union {
		struct message message;
		struct bytes warning;
	};
};

/** Appends a copy. 0 or -ENOMEM. */
int queue_add_message(struct queue *q, const struct message *message, usec_t now);
int queue_add_warning(struct queue *q, struct bytes text, usec_t now);

/** How many bytes of the queue a message will take. */
size_t queue_message_size(const struct message *message);

/** Moves the oldest records to the end of `batch` until that holds about `most` bytes, and at least one if there is any and it is empty. */
void queue_take(struct queue *q, size_t most, struct queue *batch);

/** Calls `function` for each record in order, until it returns something but 0: returns that. */
int queue_each(const struct queue *q, int (*function)(const struct record *record, void *context), void *context);

/** Frees the records and leaves an empty queue. */
void queue_finish(struct queue *q);
