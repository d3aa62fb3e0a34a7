/* The command line of `kestrafs`: what a person, mount(8) and fstab may ask for. */
#pragma once

#include "core/base/buf.h"
#include "core/base/message.h"

#include <stdbool.h>
#include <sys/types.h>

enum action { ACTION_MOUNT, ACTION_HELP, ACTION_VERSION };

struct options {
	enum action action;
	const char *store;	/* as given; NULL: the default. Points into argv or `words` */
	const char *mountpoint; /* as given, points into argv */
	struct buf libfuse;	/* what goes on to libfuse, escaped, with commas between, NUL-terminated; empty if nothing */
	struct buf words;	/* memory behind `store` when it came from -o */
	struct buf namespace;	/* what to show alone, with what is below it, NUL-terminated; empty: everything */
	uid_t uid;		/* who owns everything */
	gid_t gid;
	mode_t umask;	   /* taken off the modes */
	unsigned threads;  /* 0: as suits the machine */
	unsigned max_read; /* bytes of one read; 0: as the kernel likes. Is in `libfuse` too */
	bool named;	   /* fsname= was given */
	bool clone_fd;
	bool foreground;
	bool debug;
};

/**
 * Reads the arguments. 0, or -EINVAL with text in `e` for a wrong call, -ENOMEM. The caller owns *ret_options and finishes it in either
 * case; it must not outlive argv.
 */
int options_parse(int argc, char **argv, struct options *ret_options, struct error *e);
void options_finish(struct options *o);

/** What --help prints. */
extern const char options_help[];
