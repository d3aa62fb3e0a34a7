#include "fs/mount/refuse.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "fs/mount/mountinfo.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

/** A message is one line of at most 511 bytes. */
#define PATH_SHOWN_MOST 200

/** Mounts that lie dead on top of each other, at most so many are cleared. */
#define DEAD_MOST 16

/** `text` for a message. */
static const char *show(struct buf *shown, const char *text)
{
	buf_clear(shown);
	text_add_escaped(shown, bytes_of(text), PATH_SHOWN_MOST);
	return buf_text(shown);
}

/** Joins the resolved folder of `path` with its last name as it is. */
static char *resolve_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder autofree = slash ? strndup(path, (size_t)(name - path)) : strdup(".");
	char *resolved autofree = folder ? realpath(folder, NULL) : NULL;
	struct buf whole autobuf = BUF_INIT;

	if (!resolved)
		return NULL;
	buf_add_text(&whole, strcmp(resolved, "/") == 0 ? "" : resolved);
	buf_add_char(&whole, '/');
	buf_add_text(&whole, name);
	return buf_text(&whole) ? strdup(whole.data) : NULL;
}

/**
 * The absolute path without symbolic links. A dead mountpoint cannot be looked into, which is what a slash behind it asks for; where it
 * cannot even be looked at, its folder is resolved alone.
 */
static char *resolve(const char *path)
{
	size_t len = strlen(path);
	char *bare autofree = NULL;
	char *resolved;

	while (len > 1 && path[len - 1] == '/')
		len--;
	bare = strndup(path, len);
	resolved = bare ? realpath(bare, NULL) : NULL;
	return resolved || !bare || errno != ENOTCONN ? resolved : resolve_parent(bare);
}

/** fusermount3 may unmount what its user has mounted. */
static int unmount_as_user(const char *path)
{
	const char *const argv[] = {"fusermount3", "-u", "-z", "--", path, NULL};
	int status;
	pid_t pid;
	int error = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);

	if (error)
		return -error;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

static int unmount_dead(const char *path)
{
	if (geteuid() != 0)
		return unmount_as_user(path);
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/** Whether the program behind the mount is gone. What stat wants to know the kernel may still hold; statfs always asks. */
static bool is_dead(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) < 0 && (errno == ENOTCONN || errno == ECONNABORTED);
}

static int clear_dead(const char *path, struct error *e)
{
	char type[MOUNTINFO_TYPE_SIZE];
	struct buf shown autobuf = BUF_INIT;

	for (int i = 0; i < DEAD_MOST && is_dead(path); i++) {
		if (mountinfo_type(path, type) < 0 || strcmp(type, MOUNT_TYPE) != 0)
			return error_set(e, -ENOTCONN, "%s is a dead mount of another file system: unmount it first", show(&shown, path));
		if (unmount_dead(path) < 0)
			return error_set(e, -EPERM,
					 "%s is the dead mount of a kestrafs that crashed: unmount it as who mounted it, or as root",
					 show(&shown, path));
	}
	return 0;
}

static int look_at(const char *path, struct error *e)
{
	char type[MOUNTINFO_TYPE_SIZE];
	struct buf shown autobuf = BUF_INIT;
	struct stat st;

	if (mountinfo_type(path, type) == 0 && strcmp(type, MOUNT_TYPE) == 0)
		return error_set(e, -EBUSY, "%s is already a kestrafs mount: unmount it first (fusermount3 -u), or choose another folder",
				 show(&shown, path));
	if (stat(path, &st) < 0)
		return error_set(e, -errno, "%s: %s", show(&shown, path), strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(e, -ENOTDIR, "%s is not a folder: a mountpoint must be one", show(&shown, path));
	return 0;
}

int mountpoint_check(const char *mountpoint, char **ret_path, struct error *e)
{
	char *path autofree = resolve(mountpoint);
	struct buf shown autobuf = BUF_INIT;
	int error;

	if (!path && errno == ENOENT)
		return error_set(e, -ENOENT, "%s is not there: make it with mkdir -p", show(&shown, mountpoint));
	if (!path)
		return error_set(e, -errno, "%s: %s", show(&shown, mountpoint), strerror(errno));
	error = clear_dead(path, e);
	if (!error)
		error = look_at(path, e);
	if (error)
		return error;
	*ret_path = path;
	path = NULL;
	return 0;
}

/** Cuts the last name off; false at the root. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !slash[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/** Whether the folder `above` is `path` or holds it, in whatever depth; compared by what the folders are, so that no alias misleads. */
static bool lies_in(const char *path, const struct stat *above)
{
	char *at autofree = strdup(path);
	struct stat st;

	if (!at)
		return false;
	do {
		if (stat(at, &st) == 0 && st.st_dev == above->st_dev && st.st_ino == above->st_ino)
			return true;
	} while (go_up(at));
	return false;
}

/** The longest part of `path` that is there, resolved; NULL without memory. */
static char *resolve_existing(const char *path)
{
	char *at autofree = strdup(path);
	char *resolved = NULL;

	while (at && !(resolved = realpath(at, NULL)))
		if (!go_up(at))
			break;
	return resolved;
}

int store_check(const char *store, const char *mountpoint, struct error *e)
{
	char *existing autofree = resolve_existing(store);
	struct stat at_store, at_mountpoint;
	struct buf shown autobuf = BUF_INIT;

	if (!existing)
		return -ENOMEM;
	if (stat(mountpoint, &at_mountpoint) < 0)
		return error_set(e, -errno, "%s: %s", show(&shown, mountpoint), strerror(errno));
	if (lies_in(existing, &at_mountpoint))
		return error_set(e, -EINVAL, "the store %s lies inside the mountpoint: choose another mountpoint", show(&shown, store));
	if (stat(store, &at_store) == 0 && lies_in(mountpoint, &at_store))
		return error_set(e, -EINVAL, "the mountpoint lies inside the store %s: choose another mountpoint", show(&shown, store));
	return 0;
}
