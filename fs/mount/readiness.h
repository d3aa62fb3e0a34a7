/* Saying that the tree is usable, to whoever waits for it: a parent process, systemd, a person at a terminal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** What a mount shows when it starts. */
struct shown {
	uint64_t executions;
	bool there; /* there is a store */
};

struct readiness {
	int fd; /* to the parent that waits; -1 in the foreground */
	const char *store;
	const char *mountpoint;
	struct shown shown;
};

/** `kestrafs: /var/lib/kestrafs (212 executions) on /mnt/kestra`, if there is a terminal to say it on. */
void readiness_announce(const struct readiness *r);

/**
 * The mount is up. In the foreground: tells systemd and the terminal. Else tells the parent, and leaves the terminal: from here on
 * messages go to the system log.
 */
void readiness_report(struct readiness *r);

/**
 * Forks, so that the caller can return while a child goes on. In the child 0, with *ret_fd the way to report; in the parent the child's
 * process id, with *ret_fd the end to wait at; or a negative errno.
 */
int readiness_fork(int *ret_fd);

/** In the parent: waits until the child reports or ends, and returns the exit status for it. Announces the mount. Closes `fd`. */
int readiness_wait(struct readiness *r, int child, int fd);
