#include "core/store/index.h"

#include "core/store/alive.h"
#include "core/store/env.h"

#include <errno.h>

static void (*const appliers[EVENT_TYPES])(struct txn *txn, event_t number, const struct event *event) = {
	[EVENT_EXECUTION] = apply_execution,
	[EVENT_LABELS] = apply_labels,
	[EVENT_ATTEMPT] = apply_attempt,
	[EVENT_OUTPUT] = apply_output,
	[EVENT_POINT] = apply_point,
	[EVENT_LOG] = apply_log,
	[EVENT_WARNING] = apply_warning,
	[EVENT_ATTEMPT_END] = apply_attempt_end,
	[EVENT_EXECUTION_END] = apply_execution_end,
	[EVENT_SHRUNK] = apply_shrunk,
};

/* Enough for a commit of a flood; a bulk import flushes now and then. */
#define RECORDS_MOST 100000

/* What there is to append to when memory is out: what is written to it is thrown away with the transaction. */
static _Thread_local struct recording scratch;

struct recording *recording_of(struct txn *txn)
{
	if (!txn->recording)
		txn->recording = calloc(1, sizeof(*txn->recording));
	if (!txn->recording) {
		txn_fail(txn, -ENOMEM);
		scratch.next = 1;
		return &scratch;
	}
	return txn->recording;
}

void index_apply(struct txn *txn, event_t number, const struct event *event)
{
	if (txn->records.used > RECORDS_MOST)
		records_flush(txn);
	if (!txn->error)
		appliers[event->type](txn, number, event);
}

event_t index_append(struct txn *txn, const struct event *event)
{
	event_t number = log_append(txn, event);

	index_apply(txn, number, event);
	return number;
}

void index_finish(struct txn *txn)
{
	log_finish(txn);
}

static void drop_locks(struct store *s, const event_t *attempts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		alive_drop(s->alive, attempts[i]);
}

void index_committed(struct txn *txn)
{
	struct recording *recording = txn->recording;

	if (!recording)
		return;
	drop_locks(txn->store, recording->ended, recording->n_ended);
	recording->n_taken = 0;
}

static void recording_finish(struct recording *recording)
{
	for (size_t i = 0; i < NAME_CACHE_SIZE; i++)
		buf_finish(&recording->names[i].text);
	for (size_t i = 0; i < TAGS_CACHE_SIZE; i++) {
		buf_finish(&recording->tags[i].text);
		free(recording->tags[i].ids);
		free(recording->tags[i].targets);
	}
	buf_finish(&recording->event);
	buf_finish(&recording->scratch);
	free(recording->taken);
	free(recording->ended);
	*recording = (struct recording){0};
}

void index_drop(struct txn *txn)
{
	if (scratch.next)
		recording_finish(&scratch);
	if (!txn->recording)
		return;
	drop_locks(txn->store, txn->recording->taken, txn->recording->n_taken);
	recording_finish(txn->recording);
	free(txn->recording);
	txn->recording = NULL;
}
