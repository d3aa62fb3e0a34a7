#include "fs/mount/options.h"
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "fs/mount/mount_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** What fstab has where a file system needs no device: the default store. */
#define NO_STORE "none"

const char options_help[] =
	"usage: kestrafs [--store DIR] [-f] [-o OPTIONS] [STORE] MOUNTPOINT\n"
	"\n"
	"Shows what workflow executions produced, outputs and metrics, as files below MOUNTPOINT. Returns when they can be read.\n"
	"\n"
	"  STORE, --store DIR   the store to show; else $KESTRAFS_STORE, else /var/lib/kestrafs for root and for whoever may\n"
	"                       write it, else $XDG_DATA_HOME/kestrafs or ~/.local/share/kestrafs. It need not exist yet\n"
	"  -f, --foreground     stay in the foreground; under systemd report readiness (Type=notify)\n"
	"  -o OPTIONS           mount options, with commas between:\n"
	"       allow_other       other users may read too (needs user_allow_other in /etc/fuse.conf unless root mounts)\n"
	"       uid=N, gid=N      owner and group of everything, instead of yours\n"
	"       umask=OCTAL       taken off the modes 0444 and 0555\n"
	"       store=DIR         as --store\n"
	"       namespace=NAME    that namespace and those below it (NAME.*) alone, in every part of the tree\n"
	"       fsname=NAME       the device shown by mount and df, instead of the store's folder\n"
	"       max_threads=N     workers that answer requests\n"
	"       clone_fd, debug and others of libfuse; rw, user, nofail, _netdev, x-… and the like are ignored\n"
	"  -d, --debug          print every request; implies -f\n"
	"  -s                   one worker, as -o max_threads=1\n"
	"  -h, --help           this text\n"
	"  -V, --version        the version\n"
	"\n"
	"Always read-only. `fusermount3 -u MOUNTPOINT`, `umount MOUNTPOINT`, SIGINT and SIGTERM end it.\n"
	"\n"
	"Examples:\n"
	"  kestrafs /mnt/kestra\n"
	"  kestrafs --store /srv/store -o allow_other /mnt/kestra\n"
	"  mount -t fuse.kestrafs /srv/store /mnt/kestra\n"
	"\n"
	"Exit: 0 mounted, or ended in the foreground; 1 cannot mount; 2 wrong usage\n";

static const struct option long_options[] = {
	{"store", required_argument, NULL, 'S'}, {"foreground", no_argument, NULL, 'f'}, {"debug", no_argument, NULL, 'd'},
	{"help", no_argument, NULL, 'h'},	 {"version", no_argument, NULL, 'V'},	 {NULL, 0, NULL, 0},
};

/** `-` first: arguments come in their order, so that options may follow them whatever POSIXLY_CORRECT says. */
static const char short_options[] = "-:fdsho:V";

/** What was read beside the options proper. */
struct arguments {
	const char *list[2];
	size_t n;
};

/** Says what is wrong with which word. */
static int wrong(struct error *e, const char *what, const char *which)
{
	struct buf shown autobuf = BUF_INIT;

	text_add_escaped(&shown, bytes_of(which), TEXT_NAME_MOST);
	return error_set(e, -EINVAL, "%s %s", what, buf_text(&shown));
}

static int take_argument(struct arguments *arguments, const char *argument, struct error *e)
{
	if (arguments->n == 2)
		return wrong(e, "one argument too many:", argument);
	if (!*argument)
		return error_set(e, -EINVAL, "an argument is empty");
	arguments->list[arguments->n++] = argument;
	return 0;
}

static int take_store(struct options *o, const char *dir, struct error *e)
{
	if (!*dir)
		return error_set(e, -EINVAL, "--store needs the store's folder");
	o->store = dir;
	return 0;
}

/** The option that getopt did not take, as it was written. */
static int refuse_option(char **argv, int option, struct error *e)
{
	const char *word = argv[optind - 1];
	char letter[3] = {'-', (char)optopt, '\0'};

	return wrong(e, option == ':' ? "a value is missing after" : "unknown option", strncmp(word, "--", 2) == 0 ? word : letter);
}

static int take_option(struct options *o, struct arguments *arguments, char **argv, int option, struct error *e)
{
	switch (option) {
	case 1:
		return take_argument(arguments, optarg, e);
	case 'S':
		return take_store(o, optarg, e);
	case 'f':
		o->foreground = true;
		return 0;
	case 'd':
		o->foreground = o->debug = true;
		return 0;
	case 's':
		o->threads = 1;
		return 0;
	case 'o':
		return mount_options_apply(o, optarg, e);
	case 'h':
		o->action = ACTION_HELP;
		return 0;
	case 'V':
		o->action = ACTION_VERSION;
		return 0;
	default:
		return refuse_option(argv, option, e);
	}
}

/** The arguments are [STORE] MOUNTPOINT. */
static int place_arguments(struct options *o, const struct arguments *arguments, struct error *e)
{
	const char *store = arguments->n == 2 && strcmp(arguments->list[0], NO_STORE) != 0 ? arguments->list[0] : NULL;

	if (arguments->n == 0)
		return error_set(e, -EINVAL, "no mountpoint given");
	if (store && o->store && strcmp(store, o->store) != 0)
		return error_set(e, -EINVAL, "two different stores given: the argument and the option");
	if (store)
		o->store = store;
	o->mountpoint = arguments->list[arguments->n - 1];
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *e)
{
	struct arguments arguments = {0};
	struct options *o = ret_options;
	int option, error = 0;

	*o = (struct options){.uid = getuid(), .gid = getgid()};
	optind = 0; /* GNU: from the start, with the leading `-` read */
	while (!error && o->action == ACTION_MOUNT && (option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1)
		error = take_option(o, &arguments, argv, option, e);
	while (!error && o->action == ACTION_MOUNT && optind < argc)
		error = take_argument(&arguments, argv[optind++], e);
	if (error || o->action != ACTION_MOUNT)
		return error;
	return place_arguments(o, &arguments, e);
}

void options_finish(struct options *o)
{
	buf_finish(&o->libfuse);
	buf_finish(&o->words);
	buf_finish(&o->namespace);
}
