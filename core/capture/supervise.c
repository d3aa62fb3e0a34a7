#include "core/capture/supervise.h"
#include "core/capture/child.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A stop that lasts shorter is the moment between two members of our process group being continued. */
#define PAUSE_MILLISECONDS 20

static void on_terminating(struct supervision *s, const struct signalfd_siginfo *info);
static void on_harmless(struct supervision *s, const struct signalfd_siginfo *info);
static void on_stop(struct supervision *s, const struct signalfd_siginfo *info);
static void on_child(struct supervision *s, const struct signalfd_siginfo *info);
static void on_continued(struct supervision *s, const struct signalfd_siginfo *info);
static void on_resized(struct supervision *s, const struct signalfd_siginfo *info);

enum { WITH_COMMAND = 1, AS_FILTER = 2, WITH_PTY = 4 };

static const struct signal_row {
	int number;
	unsigned modes; /* in which it is taken; else it does what it does to any program */
	void (*handle)(struct supervision *s, const struct signalfd_siginfo *info);
} rows[] = {
	{SIGINT, WITH_COMMAND | AS_FILTER, on_terminating},
	{SIGTERM, WITH_COMMAND | AS_FILTER, on_terminating},
	{SIGHUP, WITH_COMMAND | AS_FILTER, on_terminating},
	{SIGQUIT, WITH_COMMAND | AS_FILTER, on_terminating},
	{SIGUSR1, WITH_COMMAND, on_harmless},
	{SIGUSR2, WITH_COMMAND, on_harmless},
	{SIGTSTP, WITH_COMMAND | AS_FILTER, on_stop},
	{SIGCHLD, WITH_COMMAND, on_child},
	{SIGCONT, WITH_COMMAND, on_continued},
	{SIGWINCH, WITH_PTY, on_resized},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

int supervise_prepare(struct supervision *s, sigset_t *ret_before)
{
	unsigned mode = s->filter ? AS_FILTER : WITH_COMMAND;
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t set;
	sigset_t write_errors;

	if (s->terminal)
		mode |= WITH_PTY;
	sigemptyset(&set);
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].modes & mode)
			sigaddset(&set, rows[i].number);
	}
	/* A reader that went away and a file that may not grow are answers to a write. Blocked, not ignored: that would be inherited. */
	sigemptyset(&write_errors);
	sigaddset(&write_errors, SIGPIPE);
	sigaddset(&write_errors, SIGXFSZ);
	/* ignored, as some parents leave it, it would take the command's exit status with it */
	sigaction(SIGCHLD, &plain, NULL);
	pthread_sigmask(SIG_BLOCK, &set, ret_before);
	pthread_sigmask(SIG_BLOCK, &write_errors, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

/**
 * What the kernel sent went to the whole process group, and so to the command; but not into the session of its own that a terminal gives
 * it, and a hang-up is told to the session's leader alone, which may be us.
 */
static bool had_it_too(const struct supervision *s, const struct signalfd_siginfo *info)
{
	bool leader = getsid(0) == getpid();

	return info->ssi_code == SI_KERNEL && !s->pty && !(info->ssi_signo == SIGHUP && leader);
}

static void hand_on(const struct supervision *s, const struct signalfd_siginfo *info)
{
	if (s->child > 0 && !s->child_ended && !had_it_too(s, info))
		kill(s->child, (int)info->ssi_signo);
}

static void stop_streams(struct supervision *s)
{
	const uint64_t one = 1;

	if (!s->stopping && s->stop >= 0 && write(s->stop, &one, sizeof(one)) < 0)
		s->abandoned = true;
	s->stopping = true;
}

/**
 * A filter's producer got what the kernel sent, too, and may still have last words: its end is waited for. Any other signal, or a second
 * one, is the end at once, and the next one leaves even a stream alone that cannot get rid of its bytes.
 */
static void interrupt_filter(struct supervision *s, const struct signalfd_siginfo *info)
{
	bool first = !s->interrupted;

	s->interrupted = (int)info->ssi_signo;
	if (first && info->ssi_code == SI_KERNEL)
		return;
	if (s->stopping)
		s->abandoned = true;
	stop_streams(s);
}

static void on_terminating(struct supervision *s, const struct signalfd_siginfo *info)
{
	if (s->filter)
		interrupt_filter(s, info);
	else if (s->child_ended)
		s->abandoned = true;
	else
		hand_on(s, info);
}

static void on_harmless(struct supervision *s, const struct signalfd_siginfo *info)
{
	hand_on(s, info);
}

static void on_child(struct supervision *s, const struct signalfd_siginfo *info)
{
	(void)info;
	if (!s->child_ended && child_reap(s->child, &s->status)) {
		s->child_ended = true;
		stop_streams(s);
	}
	s->child_paused = !s->child_ended && child_stopped_by(s->child);
}

/** We are running, and so is the command to: it may have been stopped by what we handed on. */
static void on_continued(struct supervision *s, const struct signalfd_siginfo *info)
{
	(void)info;
	if (s->pty)
		pty_adopt(s->pty);
	if (s->child > 0 && !s->child_ended && child_stopped_by(s->child))
		kill(s->child, SIGCONT);
}

static void on_resized(struct supervision *s, const struct signalfd_siginfo *info)
{
	(void)info;
	if (s->pty)
		pty_adopt(s->pty);
}

/**
 * The command was stopped by job control: the shell that waits for us has to see us stopped, too. The recorder is in no transaction
 * meanwhile, or every other helper would wait for us. The signal does nothing where nobody controls jobs (an orphaned process group), and
 * so we cannot get stuck.
 */
static void stop_like(struct supervision *s, int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	if (s->pty)
		pty_restore(s->pty);
	if (s->recorder)
		recorder_pause(s->recorder);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* here we stop, if it was blocked, and here we go on */
	if (number == SIGTSTP)
		pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (s->recorder)
		recorder_resume(s->recorder);
}

/** With a command it is the command that stops, and we follow it; a filter stops by itself. */
static void on_stop(struct supervision *s, const struct signalfd_siginfo *info)
{
	if (s->filter)
		stop_like(s, SIGTSTP);
	else
		hand_on(s, info);
}

static void take_signals(struct supervision *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		for (size_t i = 0; i < N_ROWS; i++) {
			if (rows[i].number == (int)info.ssi_signo)
				rows[i].handle(s, &info);
		}
	}
}

static void take_finished(struct supervision *s)
{
	uint64_t n;

	if (read(s->finished, &n, sizeof(n)) == sizeof(n))
		s->streams -= (int)n;
}

static void supervise_turn(struct supervision *s)
{
	struct pty *pty = s->child_ended ? NULL : s->pty;
	struct pollfd p[] = {
		{.fd = s->signals, .events = POLLIN},
		{.fd = s->finished, .events = POLLIN},
		{.fd = pty && pty_wants_input(pty) ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = pty && pty_wants_room(pty) ? pty->master : -1, .events = POLLOUT},
	};
	int ready = poll(p, sizeof(p) / sizeof(*p), s->child_paused ? PAUSE_MILLISECONDS : -1);
	int number;

	if (ready == 0 && s->child_paused) {
		s->child_paused = false;
		number = child_stopped_by(s->child);
		if (number)
			stop_like(s, number);
	}
	if (ready <= 0)
		return;
	if (p[0].revents)
		take_signals(s);
	if (p[1].revents)
		take_finished(s);
	if (p[2].revents || p[3].revents)
		pty_forward(pty, p[2].revents != 0);
}

void supervise(struct supervision *s)
{
	while (!s->abandoned && (s->streams > 0 || (s->child > 0 && !s->child_ended)))
		supervise_turn(s);
}

void supervise_finish(struct supervision *s)
{
	if (s->signals >= 0)
		close(s->signals);
	s->signals = -1;
}
