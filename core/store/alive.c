#include "core/store/alive.h"

#include "core/store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int alive_open(int directory, unsigned mode, bool writable)
{
	int fd = openat(directory, STORE_ALIVE, writable ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

static struct flock byte_of(event_t attempt)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)attempt, .l_len = 1};
}

/* A writer whose commit failed has given its numbers back a moment before it drops its locks. */
#define TRIES 100
#define TRY_AGAIN_USEC 1000

int alive_take(int fd, event_t attempt)
{
	struct flock lock = byte_of(attempt);

	for (int i = 0; fcntl(fd, F_OFD_SETLK, &lock) < 0; i++) {
		if (errno != EAGAIN || i == TRIES)
			return -errno;
		usleep(TRY_AGAIN_USEC);
	}
	return 0;
}

void alive_drop(int fd, event_t attempt)
{
	struct flock lock = byte_of(attempt);

	lock.l_type = F_UNLCK;
	fcntl(fd, F_OFD_SETLK, &lock);
}

bool alive_held(int fd, event_t attempt)
{
	struct flock lock = byte_of(attempt);

	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}
