/* kestrafs: the mount. docs/mount.md */
#include "core/base/cleanup.h"
#include "core/store/store.h"
#include "fs/mount/log.h"
#include "fs/mount/options.h"
#include "fs/mount/refuse.h"
#include "fs/mount/session.h"
#include "fs/mount/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum status { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

/** A descriptor below 3 that is closed would be taken by the next file opened, and overwritten when the terminal is left. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static enum status fail(int error, const struct error *e)
{
	fprintf(stderr, "kestrafs: %s\n", e->text[0] ? e->text : strerror(-error));
	return STATUS_FAILED;
}

/** In the background the parent returns when the child has reported. */
static enum status start(const struct options *o, struct readiness *r, int trace)
{
	int child, fd;

	if (o->foreground)
		return (enum status)session_run(o, r, trace);
	child = readiness_fork(&fd);
	if (child < 0)
		return fail(child, &(struct error){.text = ""});
	if (child > 0)
		return (enum status)readiness_wait(r, child, fd);
	r->fd = fd;
	return (enum status)session_run(o, r, trace);
}

static enum status mount_tree(const struct options *o)
{
	struct buf store autobuf = BUF_INIT;
	char *mountpoint autofree = NULL;
	int trace autoclose = -1;
	struct error e = {.text = ""};
	int error = store_locate(o->store, &store);

	if (!error && !buf_text(&store))
		error = -ENOMEM;
	if (!error)
		error = mountpoint_check(o->mountpoint, &mountpoint, &e);
	if (!error)
		error = store_check(store.data, mountpoint, &e);
	if (!error)
		error = trace_open(&trace, &e);
	if (error)
		return fail(error, &e);
	return start(o, &(struct readiness){.fd = -1, .store = store.data, .mountpoint = mountpoint}, trace);
}

static enum status act(const struct options *o)
{
	switch (o->action) {
	case ACTION_HELP:
		fputs(options_help, stdout);
		return STATUS_OK;
	case ACTION_VERSION:
		puts("kestrafs " KESTRAFS_VERSION);
		return STATUS_OK;
	case ACTION_MOUNT:
		break;
	}
	log_to_terminal();
	return mount_tree(o);
}

int main(int argc, char **argv)
{
	struct options o;
	struct error e = {.text = ""};
	enum status status;
	int error;

	open_standard_streams();
	error = options_parse(argc, argv, &o, &e);
	if (error) {
		fprintf(stderr, "kestrafs: %s: see kestrafs --help\n", e.text[0] ? e.text : strerror(-error));
		status = STATUS_USAGE;
	} else {
		status = act(&o);
	}
	options_finish(&o);
	return status;
}
