#include "core/capture/warnings.h"
#include "core/base/message.h"

void warnings_init(struct warnings *w, struct notices *notices, struct recorder *recorder)
{
	*w = (struct warnings){.notices = notices, .recorder = recorder};
	pthread_mutex_init(&w->lock, NULL);
}

void warnings_finish(struct warnings *w)
{
	pthread_mutex_destroy(&w->lock);
}

static void give(struct warnings *w, struct bytes text)
{
	notices_add(w->notices, text);
	if (w->recorder)
		recorder_warning(w->recorder, text);
}

static bool count(struct warnings *w, bool lost)
{
	bool within;

	pthread_mutex_lock(&w->lock);
	within = w->n++ < WARNINGS_MOST;
	w->n_lost += lost;
	pthread_mutex_unlock(&w->lock);
	return within;
}

void warnings_add(struct warnings *w, struct bytes text)
{
	if (count(w, true))
		give(w, text);
}

void warnings_hint(struct warnings *w, struct bytes text)
{
	bool first;

	pthread_mutex_lock(&w->lock);
	first = !w->hinted;
	w->hinted = true;
	pthread_mutex_unlock(&w->lock);
	if (first && count(w, false))
		give(w, text);
}

void warnings_end(struct warnings *w)
{
	struct error line;

	if (w->n <= WARNINGS_MOST)
		return;
	error_set(&line, 0, "%zu warnings in all; only the first %d are shown", w->n, WARNINGS_MOST);
	give(w, bytes_of(line.text));
}

size_t warnings_lost(struct warnings *w)
{
	size_t lost;

	pthread_mutex_lock(&w->lock);
	lost = w->n_lost;
	pthread_mutex_unlock(&w->lock);
	return lost;
}
