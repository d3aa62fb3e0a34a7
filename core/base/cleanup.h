/* One way to free: a variable that owns something says so where it is declared. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))

static inline void cleanup_free_(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define autofree cleanup(cleanup_free_)
#define autoclose cleanup(cleanup_close_)
