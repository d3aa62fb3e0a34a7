#include "fs/mount/session.h"
#include "core/base/cleanup.h"
#include "fs/mount/loop.h"
#include "fs/mount/mount.h"
#include "fs/mount/notify.h"
#include "fs/mount/operations.h"
#include "fs/mount/trace.h"

#include <errno.h>
#include <string.h>

static void report(void *context)
{
	readiness_report(context);
}

/** Adds `-o text`. */
static int add_option(struct fuse_args *args, const char *text)
{
	return fuse_opt_add_arg(args, "-o") || fuse_opt_add_arg(args, text) ? -ENOMEM : 0;
}

/** The device's name: the store's folder, escaped as options are. */
static int add_name(struct fuse_args *args, const char *store)
{
	struct buf text autobuf = BUF_INIT;

	buf_add_text(&text, "fsname=");
	for (; *store; store++) {
		if (*store == ',' || *store == '\\')
			buf_add_char(&text, '\\');
		buf_add_char(&text, *store);
	}
	return buf_text(&text) ? add_option(args, text.data) : -ENOMEM;
}

/** libfuse takes its options as a command line. default_permissions: the kernel compares modes itself, and never asks. */
static int build_args(struct fuse_args *args, const struct options *o, const char *store)
{
	int error = fuse_opt_add_arg(args, "kestrafs") ? -ENOMEM : 0;

	if (!error)
		error = add_option(args, "ro,default_permissions,subtype=kestrafs");
	if (!error && !o->named)
		error = add_name(args, store);
	if (!error && o->debug)
		error = add_option(args, "debug");
	if (!error && o->libfuse.len)
		error = add_option(args, o->libfuse.data);
	return error;
}

/** Answers requests from here to the end of the mount. */
static int serve(struct fuse_session *fuse, const struct options *o, const struct mount *m, struct error *e)
{
	int error = m->trace < 0 ? 0 : trace_attach(fuse, e);

	if (error)
		return error;
	error = loop_run(fuse, o);
	if (o->foreground)
		notify_send("STOPPING=1");
	return error ? error_set(e, error, "the mount failed: %s", strerror(-error)) : 0;
}

/** libfuse and fusermount3 have said what is wrong in their words. */
static int mount_and_serve(struct fuse_session *fuse, const struct options *o, const struct mount *m, const char *mountpoint,
			   struct error *e)
{
	int error;

	if (fuse_set_signal_handlers(fuse) < 0)
		return error_set(e, -EIO, "cannot set up signal handlers");
	if (fuse_session_mount(fuse, mountpoint) < 0) {
		error = error_set(e, -EIO, "cannot mount on %s", mountpoint);
	} else {
		error = serve(fuse, o, m, e);
		fuse_session_unmount(fuse);
	}
	fuse_remove_signal_handlers(fuse);
	return error;
}

static int run(const struct options *o, const struct readiness *r, struct mount *m, struct error *e)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *fuse = NULL;
	int error = build_args(&args, o, r->store);

	if (!error)
		fuse = fuse_session_new(&args, &operations, sizeof(operations), m);
	fuse_opt_free_args(&args);
	if (!fuse)
		return error_set(e, -ENOMEM, "cannot start a FUSE session");
	error = mount_and_serve(fuse, o, m, r->mountpoint, e);
	fuse_session_destroy(fuse);
	return error;
}

int session_run(const struct options *o, struct readiness *r, int trace)
{
	struct mount m = {
		.store = r->store,
		.uid = o->uid,
		.gid = o->gid,
		.umask = o->umask,
		.max_read = o->max_read,
		.trace = trace,
		.started = report,
		.context = r,
	};
	struct error e = {.text = "out of memory"};
	int error = tree_new(r->store, o->namespace.len ? o->namespace.data : NULL, &m.tree, &e);

	if (!error) {
		error = tree_count(m.tree, &r->shown.executions, &r->shown.there);
		error = error ? error_set(&e, error, "%s: %s", r->store, strerror(-error)) : run(o, r, &m, &e);
		tree_free(m.tree);
	}
	if (error)
		fuse_log(FUSE_LOG_ERR, "%s\n", e.text);
	return error ? 1 : 0;
}
