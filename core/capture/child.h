/* COMMAND as a process: how it is started, and what its end means. */
#pragma once

#include "core/store/record.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child_plan {
	char *const *argv;
	char *const *env;
	int out; /* becomes its standard output; -1: ours */
	int err; /* becomes its standard error; -1: ours */
	/* path of a terminal that becomes its controlling one, in a session of its own, and its output and error; NULL: none */
	const char *terminal;
	bool terminal_in;     /* and its standard input */
	const sigset_t *mask; /* the signals it has blocked */
};

/** Starts it. 0 or a negative errno, as execve would say it. It sees no descriptor of ours that is close-on-exec. */
int child_spawn(const struct child_plan *plan, pid_t *ret_pid);

/** What a shell would exit with where it cannot be started (126, 127), having said why on standard error. */
int child_not_spawned(const char *command, int error);

/** Takes up the end of `pid` and of any orphan that was left to us. True if it has ended; does not wait. */
bool child_reap(pid_t pid, int *ret_status);

/** The signal of job control (SIGTSTP, SIGTTIN, SIGTTOU) that has stopped it now, or 0. */
int child_stopped_by(pid_t pid);

/** A wait status as an exit status of ours, and as the state of a run. */
int child_exit_code(int status);
enum state child_state(int status);
