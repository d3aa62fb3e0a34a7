/* Where a store is when nobody says. */
#include "core/store/store.h"

#include "core/base/cleanup.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define SYSTEM_STORE "/var/lib/kestrafs"

static const char *set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

static int add_absolute(struct buf *ret_dir, const char *path)
{
	autofree char *here = NULL;

	if (*path != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return -errno;
		buf_add_text(ret_dir, here);
		buf_add_char(ret_dir, '/');
	}
	buf_add_text(ret_dir, path);
	return buf_error(ret_dir);
}

static int add_user_store(struct buf *ret_dir)
{
	const char *data = set("XDG_DATA_HOME");
	const char *home = set("HOME");
	const struct passwd *user;

	if (data && *data == '/') { /* the specification: a relative one is to be ignored */
		buf_add_text(ret_dir, data);
	} else {
		if (!home) {
			user = getpwuid(geteuid());
			if (!user)
				return -ENOENT;
			home = user->pw_dir;
		}
		buf_add_text(ret_dir, home);
		buf_add_text(ret_dir, "/.local/share");
	}
	buf_add_text(ret_dir, "/kestrafs");
	return buf_error(ret_dir);
}

int store_locate(const char *option, struct buf *ret_dir)
{
	const char *path = option ? option : set("KESTRAFS_STORE");

	if (path)
		return add_absolute(ret_dir, path);
	if (geteuid() == 0 || access(SYSTEM_STORE, W_OK | X_OK) == 0)
		return add_absolute(ret_dir, SYSTEM_STORE);
	return add_user_store(ret_dir);
}
