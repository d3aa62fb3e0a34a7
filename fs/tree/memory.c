#include "fs/tree/memory.h"

void memory_init(struct memory *m)
{
	pthread_mutex_init(&m->lock, NULL);
}

void memory_finish(struct memory *m)
{
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
