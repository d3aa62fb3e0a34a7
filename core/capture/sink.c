#include "core/capture/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

void sink_init(struct sink *o, int fd)
{
	struct stat file;

	*o = (struct sink){.fd = fd, .at_line_start = true};
	if (fstat(fd, &file) == 0)
		o->pollable = S_ISFIFO(file.st_mode) || S_ISSOCK(file.st_mode);
	o->terminal = isatty(fd) == 1;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->line_start, NULL);
}

void sink_finish(struct sink *o)
{
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->line_start);
}

bool sink_same(int a, int b)
{
	struct stat file_a;
	struct stat file_b;

	if (fstat(a, &file_a) < 0 || fstat(b, &file_b) < 0)
		return false;
	if (S_ISCHR(file_a.st_mode) && S_ISCHR(file_b.st_mode))
		return file_a.st_rdev == file_b.st_rdev;
	return file_a.st_dev == file_b.st_dev && file_a.st_ino == file_b.st_ino;
}

/** Somebody else may have made the file non-blocking. */
static void wait_writable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	poll(&p, 1, -1);
}

static int write_all(int fd, struct bytes bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n >= 0) {
			bytes.data += n;
			bytes.len -= (size_t)n;
		} else if (errno == EAGAIN) {
			wait_writable(fd);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int sink_pass(struct sink *o, struct bytes bytes)
{
	int error;

	pthread_mutex_lock(&o->lock);
	if (!o->error)
		o->error = write_all(o->fd, bytes);
	error = o->error;
	o->at_line_start = bytes.len ? bytes.data[bytes.len - 1] == '\n' : o->at_line_start;
	if (o->at_line_start)
		pthread_cond_broadcast(&o->line_start);
	pthread_mutex_unlock(&o->lock);
	return error;
}

/** How many bytes have been passed on and are still in the source, or as sink_lend says. */
static ssize_t lend(int source, int fd, size_t size)
{
	ssize_t n = tee(source, fd, size, 0);

	if (n >= 0)
		return n;
	if (errno == EAGAIN) { /* either of them may have been made non-blocking, and we wait for the source elsewhere */
		wait_writable(fd);
		return -EAGAIN;
	}
	if (errno == EINTR)
		return -EAGAIN;
	return errno == EINVAL || errno == ENOSYS || errno == EPERM ? -ENOTSUP : -errno;
}

/** Takes from the source what was lent. Less only where somebody else reads it, too. */
static size_t take(int source, char *ret_piece, size_t len)
{
	size_t taken = 0;
	ssize_t n = 1;

	while (taken < len && (n > 0 || errno == EINTR)) {
		n = read(source, ret_piece + taken, len - taken);
		taken += n > 0 ? (size_t)n : 0;
		if (n == 0)
			break;
	}
	return taken;
}

int sink_lend(struct sink *o, int source, char *ret_piece, size_t size, size_t *ret_len)
{
	ssize_t n;

	*ret_len = 0;
	pthread_mutex_lock(&o->lock);
	n = o->error ? o->error : lend(source, o->fd, size);
	if (n > 0)
		*ret_len = take(source, ret_piece, (size_t)n);
	else if (n < 0 && n != -EAGAIN && n != -ENOTSUP)
		o->error = (int)n;
	if (*ret_len)
		o->at_line_start = ret_piece[*ret_len - 1] == '\n';
	if (o->at_line_start)
		pthread_cond_broadcast(&o->line_start);
	pthread_mutex_unlock(&o->lock);
	return n < 0 ? (int)n : 0;
}

void sink_say(struct sink *o, struct bytes lines)
{
	pthread_mutex_lock(&o->lock);
	while (!o->at_line_start && !o->settled)
		pthread_cond_wait(&o->line_start, &o->lock);
	if (!o->error && !o->at_line_start)
		o->error = write_all(o->fd, BYTES_LITERAL("\n"));
	if (!o->error)
		o->error = write_all(o->fd, lines);
	o->at_line_start = true;
	pthread_mutex_unlock(&o->lock);
}

void sink_settle(struct sink *o)
{
	pthread_mutex_lock(&o->lock);
	o->settled = true;
	pthread_cond_broadcast(&o->line_start);
	pthread_mutex_unlock(&o->lock);
}
