#include "fs/tree/memory.h"

#include <stdlib.h>

void memory_init(struct memory *m)
{
	pthread_mutex_init(&m->lock, NULL);
}

void memory_finish(struct memory *m)
{
	for (size_t i = 0; i < MEMORY_TEXTS; i++)
		free(m->texts[i].text);
	pthread_mutex_destroy(&m->lock);
}

static size_t slot(node_t node, size_t slots)
{
	uint64_t h = node * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 40) % slots;
}

bool memory_size(struct memory *m, node_t node, uint64_t *ret_size)
{
	size_t i = slot(node, MEMORY_SIZES);
	bool known;

	pthread_mutex_lock(&m->lock);
	known = m->sizes[i].node == node;
	if (known)
		*ret_size = m->sizes[i].size;
	pthread_mutex_unlock(&m->lock);
	return known;
}

void memory_keep_size(struct memory *m, node_t node, uint64_t size)
{
	size_t i = slot(node, MEMORY_SIZES);

	pthread_mutex_lock(&m->lock);
	m->sizes[i].node = node;
	m->sizes[i].size = size;
	pthread_mutex_unlock(&m->lock);
}

struct resume memory_resume(struct memory *m, node_t node)
{
	size_t i = slot(node, MEMORY_RESUMES);
	struct resume resume = {0};

	pthread_mutex_lock(&m->lock);
	if (m->resumes[i].node == node)
		resume = m->resumes[i].resume;
	pthread_mutex_unlock(&m->lock);
	return resume;
}

void memory_keep_resume(struct memory *m, node_t node, struct resume resume)
{
	size_t i = slot(node, MEMORY_RESUMES);

	pthread_mutex_lock(&m->lock);
	m->resumes[i].node = node;
	m->resumes[i].resume = resume;
	pthread_mutex_unlock(&m->lock);
}

bool memory_read_text(struct memory *m, node_t node, struct sink *sink)
{
	size_t i = slot(node, MEMORY_TEXTS);
	bool known;

	pthread_mutex_lock(&m->lock);
	known = m->texts[i].text && m->texts[i].node == node;
	if (known)
		sink_add(sink, m->texts[i].text, m->texts[i].len);
	pthread_mutex_unlock(&m->lock);
	return known;
}

static void drop_text(struct memory *m, size_t i)
{
	free(m->texts[i].text);
	m->text_bytes -= m->texts[i].len;
	m->texts[i].text = NULL;
	m->texts[i].len = 0;
}

void memory_keep_text(struct memory *m, node_t node, const char *text, size_t len)
{
	size_t i = slot(node, MEMORY_TEXTS);
	char *copy = malloc(len + 1);

	if (!copy)
		return;
	memcpy(copy, text, len);
	pthread_mutex_lock(&m->lock);
	drop_text(m, i);
	for (; m->text_bytes + len > MEMORY_TEXTS_BYTES; m->oldest = (m->oldest + 1) % MEMORY_TEXTS)
		drop_text(m, m->oldest);
	m->texts[i].node = node;
	m->texts[i].text = copy;
	m->texts[i].len = len;
	m->text_bytes += len;
	pthread_mutex_unlock(&m->lock);
}
