#include "core/store/place.h"

#include "core/base/buf.h"
#include "core/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* statfs(2), f_type: file systems whose mmap and locks are not shared between machines the way LMDB needs. */
static const unsigned network_types[] = {
	0x6969,	    /* NFS */
	0x517b,	    /* SMB */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB2 */
	0x00c36400, /* Ceph */
	0x01021997, /* 9P */
	0x5346414f, /* AFS */
	0x6b414653, /* kAFS */
	0x73757245, /* Coda */
	0x0bd00bd0, /* Lustre */
	0x01161970, /* GFS2 */
	0x7461636f, /* OCFS2 */
};

static const char *const files[] = {STORE_DATA, STORE_LOCK, STORE_ALIVE};

static bool is_network(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(network_types) / sizeof(*network_types); i++)
		if ((unsigned)fs.f_type == network_types[i])
			return true;
	return false;
}

/* mkdir -p: the parents as the user's umask has them, the store itself private. */
static int make_folders(const char *dir)
{
	autofree char *path = strdup(dir);

	if (!path)
		return -ENOMEM;
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = 0;
		if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			return -errno;
		*at = '/';
	}
	return mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int place_explain(const char *dir, int code, struct error *e)
{
	static const struct {
		int code;
		const char *why;
	} reasons[] = {
		{-EREMOTE, "it is on a network file system, whose locks and shared memory do not reach other machines: choose a folder on "
			   "a local disk"},
		{-EMEDIUMTYPE, "it was written by a newer version of kestrafs: update this one"},
		{-EPROTO, "it was written by an earlier version, before the first release, whose tables were others: begin a new one with "
			  "--store DIR"},
		{-EUCLEAN, "its data file is damaged or cut short: restore a backup, or `kestrafs-store check --repair`"},
		{-EACCES, "permission denied: its folder, data.mdb, lock.mdb and alive must be readable and writable for this user"},
		{-EROFS, "it is on a read-only file system, and its lock file must be writable: mount it writable"},
		{-ENOSPC, "no space left on its disk: make room there"},
		{-ENOTDIR, "it is no folder, or lies below a file: choose another with --store DIR"},
		{-ENOENT, "there is none yet"},
		{-EUSERS, "all its reader slots are in use: end some mounts of it"},
		{-EOVERFLOW, "the log is full: a store takes 2^34 events in its life: begin a new one"},
	};
	autobuf struct buf shown = BUF_INIT;

	buf_add_text(&shown, dir);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].code == code)
			return error_set(e, code, "store %s: %s", buf_text(&shown), reasons[i].why);
	return error_set(e, code, "store %s: %s", buf_text(&shown), strerror(-code));
}

bool store_exists(const char *dir)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || faccessat(fd, STORE_DATA, F_OK, 0) < 0)
		return errno != ENOENT;
	return true;
}

/*
 * LMDB maps its lock file without asking whether the disk has room for it, and would be killed at the first touch if
 * not. So the room is taken before: never once the environment is open, since closing the file in the same process
 * would drop LMDB's locks. What is wrong otherwise LMDB says itself.
 */
static int reserve_lock(int directory, unsigned mode)
{
	autoclose int fd = openat(directory, STORE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, mode);
	struct stat file;

	if (fd < 0 || fstat(fd, &file) < 0 || file.st_blocks * 512 >= STORE_LOCK_SIZE)
		return 0;
	return posix_fallocate(fd, 0, STORE_LOCK_SIZE) == ENOSPC ? -ENOSPC : 0;
}

int place_open(const char *dir, bool create, int *ret_fd, unsigned *ret_mode, struct error *e)
{
	autoclose int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat folder, data;
	int r;

	if (fd < 0 && errno == ENOENT && create) {
		r = make_folders(dir);
		if (r == -ENOENT) /* not "there is none": nothing can be made there */
			return error_set(e, r, "store %s: its folder cannot be made there: choose another with --store DIR", dir);
		if (r < 0)
			return place_explain(dir, r, e);
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 || fstat(fd, &folder) < 0)
		return place_explain(dir, -errno, e);
	if (is_network(fd))
		return place_explain(dir, -EREMOTE, e);
	r = fstatat(fd, STORE_DATA, &data, 0) < 0 ? -errno : 0;
	if (r < 0 && !(create && r == -ENOENT))
		return place_explain(dir, r, e);
	*ret_mode = folder.st_mode & 0666;
	r = reserve_lock(fd, *ret_mode);
	if (r < 0)
		return place_explain(dir, r, e);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

void place_adopt(int directory, unsigned mode)
{
	struct stat folder, file;

	if (fstat(directory, &folder) < 0)
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (fstatat(directory, files[i], &file, AT_SYMLINK_NOFOLLOW) < 0 || file.st_uid != geteuid())
			continue;
		if (file.st_gid != folder.st_gid && fchownat(directory, files[i], (uid_t)-1, folder.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if ((file.st_mode & 0777) != mode && fchmodat(directory, files[i], mode, 0) < 0)
			continue;
	}
}
