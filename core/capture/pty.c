#include "core/capture/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct winsize size_default = {.ws_row = 24, .ws_col = 80};

static void copy_size(int to)
{
	struct winsize size = size_default;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
			break;
		size = size_default;
	}
	ioctl(to, TIOCSWINSZ, &size);
}

/**
 * A terminal turns every \n into \r\n on its way out, which a file or a pipe is better without: there, the command's bytes arrive as it
 * wrote them.
 */
static void settle_output(int slave)
{
	struct termios t;

	if (isatty(STDOUT_FILENO) || tcgetattr(slave, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(slave, TCSANOW, &t);
}

static int open_slave(struct pty *p)
{
	if (grantpt(p->master) < 0 || unlockpt(p->master) < 0)
		return -errno;
	if (ptsname_r(p->master, p->path, sizeof(p->path)))
		return -ENOTTY;
	p->slave = open(p->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return p->slave < 0 ? -errno : 0;
}

int pty_open(struct pty *p)
{
	int error;

	*p = (struct pty){.slave = -1, .input = isatty(STDIN_FILENO) == 1};
	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (p->master < 0)
		return -errno;
	error = open_slave(p);
	if (error) {
		pty_close(p);
		return error;
	}
	fcntl(p->master, F_SETFL, O_RDWR | O_NONBLOCK);
	fcntl(p->master, F_SETFD, FD_CLOEXEC);
	settle_output(p->slave);
	copy_size(p->slave);
	return 0;
}

void pty_started(struct pty *p)
{
	close(p->slave);
	p->slave = -1;
}

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/*
 * What it was like is asked once: later it may be raw by our own doing, or as a shell left it after a stop. Where our output is no
 * terminal, others may print on this one: its output stays as it was.
 */
static void make_raw(struct pty *p)
{
	struct termios raw;

	if (!p->known && tcgetattr(STDIN_FILENO, &p->saved) < 0)
		return;
	p->known = true;
	raw = p->saved;
	cfmakeraw(&raw);
	if (!isatty(STDOUT_FILENO))
		raw.c_oflag = p->saved.c_oflag;
	p->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void pty_adopt(struct pty *p)
{
	if (p->input && in_foreground())
		make_raw(p);
	copy_size(p->master);
}

void pty_restore(struct pty *p)
{
	sigset_t ttou;
	sigset_t before;

	if (!p->raw)
		return;
	/* from the background it would stop us */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &before);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &p->saved);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	p->raw = false;
}

bool pty_wants_input(const struct pty *p)
{
	return p->raw && !p->n_typed;
}

bool pty_wants_room(const struct pty *p)
{
	return p->n_typed > 0;
}

void pty_forward(struct pty *p, bool readable)
{
	ssize_t n;

	if (readable && !p->n_typed && in_foreground()) {
		n = read(STDIN_FILENO, p->typed, sizeof(p->typed));
		if (n == 0 || (n < 0 && errno == EIO))
			p->raw = p->input = false; /* hung up: there is nothing to give back */
		p->n_typed = n > 0 ? (size_t)n : 0;
	}
	if (!p->n_typed)
		return;
	n = write(p->master, p->typed, p->n_typed);
	if (n > 0) {
		p->n_typed -= (size_t)n;
		memmove(p->typed, p->typed + n, p->n_typed);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		p->n_typed = 0;
	}
}

void pty_close(struct pty *p)
{
	pty_restore(p);
	if (p->slave >= 0)
		close(p->slave);
	if (p->master >= 0)
		close(p->master);
	p->slave = p->master = -1;
}
