/*
 * The child works on the terminal until the mount is up, so that what stops it is seen; then it reports and lets go. That the kernel and
 * the child agree is the moment of the report; the parent looks at the mountpoint once more, which the kernel answers only when the
 * answer to INIT has arrived.
 */
#include "fs/mount/readiness.h"
#include "core/base/cleanup.h"
#include "fs/mount/log.h"
#include "fs/mount/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void readiness_announce(const struct readiness *r)
{
	FILE *terminal = isatty(STDERR_FILENO) ? stderr : isatty(STDOUT_FILENO) ? stdout : NULL;

	if (!terminal)
		return;
	if (r->shown.there)
		fprintf(terminal, "kestrafs: %s (%" PRIu64 " execution%s) on %s\n", r->store, r->shown.executions,
			r->shown.executions == 1 ? "" : "s", r->mountpoint);
	else
		fprintf(terminal, "kestrafs: %s (no store yet) on %s\n", r->store, r->mountpoint);
	fflush(terminal);
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

void readiness_report(struct readiness *r)
{
	if (r->fd < 0) {
		notify_send("READY=1");
		readiness_announce(r);
		return;
	}
	log_to_system();
	leave_terminal();
	(void)!write(r->fd, &r->shown, sizeof(r->shown)); /* a parent that is gone waits for nothing */
	close(r->fd);
	r->fd = -1;
}

int readiness_fork(int *ret_fd)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int error = -errno;

		close(ends[0]), close(ends[1]);
		return error;
	}
	close(ends[pid == 0 ? 0 : 1]);
	*ret_fd = ends[pid == 0 ? 1 : 0];
	if (pid == 0) {
		setsid();
		(void)!chdir("/");
	}
	return pid;
}

static ssize_t read_report(int fd, struct shown *ret_shown)
{
	ssize_t len;

	do
		len = read(fd, ret_shown, sizeof(*ret_shown));
	while (len < 0 && errno == EINTR);
	return len;
}

/** The child has ended without a report, and has said why. */
static int status_of(int child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status))
		fprintf(stderr, "kestrafs: the mount was ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1;
}

int readiness_wait(struct readiness *r, int child, int fd)
{
	int end autoclose = fd;
	struct stat st;

	if (read_report(end, &r->shown) != (ssize_t)sizeof(r->shown))
		return status_of(child);
	if (stat(r->mountpoint, &st) < 0) {
		fprintf(stderr, "kestrafs: %s is mounted but cannot be read: %s\n", r->mountpoint, strerror(errno));
		kill(child, SIGTERM);
		return 1;
	}
	readiness_announce(r);
	return 0;
}
