#include "fs/mount/loop.h"

#include <errno.h>
#include <sched.h>

/**
 * Workers where the machine has more than one processor: one reader is served as fast as by one of them, several faster (docs/mount.md).
 */
#define THREADS_DEFAULT 4

static unsigned threads_of(const struct options *o)
{
	cpu_set_t set;

	if (o->threads)
		return o->threads;
	return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 ? 1 : THREADS_DEFAULT;
}

#if LIBFUSE_HAS_LOOP_SETTINGS

static int run_workers(struct fuse_session *fuse, unsigned threads, bool clone_fd)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int result;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_max_threads(config, threads);
	fuse_loop_cfg_set_clone_fd(config, clone_fd);
	result = fuse_session_loop_mt(fuse, config);
	fuse_loop_cfg_destroy(config);
	return result;
}

#else

static int run_workers(struct fuse_session *fuse, unsigned threads, bool clone_fd)
{
	struct fuse_loop_config config = {.clone_fd = clone_fd, .max_idle_threads = threads};

	return fuse_session_loop_mt(fuse, &config);
}

#endif

int loop_run(struct fuse_session *fuse, const struct options *o)
{
	unsigned threads = threads_of(o);
	int result = threads == 1 ? fuse_session_loop(fuse) : run_workers(fuse, threads, o->clone_fd);

	return result < 0 ? result : 0; /* above 0: the signal that ended it */
}
