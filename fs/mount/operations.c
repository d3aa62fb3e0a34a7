/*
 * What is asked how often decides the speed (docs/mount.md): a folder, a name and a page that cannot change are given to the kernel for
 * ever, `open` is declined once so that it opens and closes by itself, and so are `access` and `getxattr`. Nothing is kept here between
 * two requests.
 */
#include "fs/mount/operations.h"
#include "core/base/cleanup.h"
#include "fs/mount/folder.h"
#include "fs/mount/readonly.h"
#include "fs/mount/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/** Read-ahead to ask for; the kernel takes what its own setting allows. */
#define READ_AHEAD (1u << 20)

/** The kernel's read-ahead as it is set everywhere: what one read asks for. */
#define READ_USUAL (128 << 10)

/**
 * Asked for where the kernel has it. AUTO_INVAL_DATA: a log's pages go when its size changes. No EXPORT_SUPPORT: there is no way from a
 * node to its name.
 */
static const unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_PARALLEL_DIROPS |
			       FUSE_CAP_NO_OPEN_SUPPORT;

/**
 * Never: they would give nodes to NFS, send data through pipes that is short, or bring attributes with listings that had to be rendered
 * for it.
 */
static const unsigned unwanted = FUSE_CAP_EXPORT_SUPPORT | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
				 FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE;

static void answer_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *m = userdata;

	conn->want = (conn->want | (wanted & conn->capable)) & ~unwanted;
	conn->max_readahead = READ_AHEAD;
	if (m->max_read)
		conn->max_read = m->max_read;
	m->no_open = conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	m->started(m->context);
}

static void answer_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct entry entry = {0};
	int error = tree_lookup(mount_of(req)->tree, parent, bytes_of(name), &entry);

	if (error)
		fuse_reply_err(req, -error);
	else
		reply_entry(req, &entry);
}

static void answer_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
	const struct mount *m = mount_of(req);
	struct attributes attributes = {0};
	struct stat st;
	int error = tree_attributes(m->tree, node, &attributes);

	(void)fi;
	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	reply_stat(m, &attributes, &st);
	fuse_reply_attr(req, &st, reply_timeout(attributes.keep));
}

static void answer_readlink(fuse_req_t req, fuse_ino_t node)
{
	struct buf target autobuf = BUF_INIT;
	int error = tree_link(mount_of(req)->tree, node, &target);

	if (!error && !buf_text(&target))
		error = -ENOMEM;
	if (error)
		fuse_reply_err(req, -error);
	else
		fuse_reply_readlink(req, target.data);
}

/** ENOSYS means: open files without asking, and keep their pages; a log's go by its size and time (AUTO_INVAL_DATA). */
static void answer_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *fi)
{
	(void)node;
	if (mount_of(req)->no_open) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void read_into(fuse_req_t req, fuse_ino_t node, char *data, size_t size, off_t offset)
{
	size_t len = 0;
	int error = data ? tree_read(mount_of(req)->tree, node, (uint64_t)offset, data, size, &len) : -ENOMEM;

	if (error)
		fuse_reply_err(req, -error);
	else
		fuse_reply_buf(req, data, len);
}

/**
 * The usual read needs no memory but the worker's stack: from the heap, each worker's own would be given back and faulted in again at
 * every read.
 */
static void answer_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *fi)
{
	char usual[READ_USUAL];
	char *large autofree = size > sizeof(usual) ? malloc(size) : NULL;

	(void)fi;
	read_into(req, node, size > sizeof(usual) ? large : usual, size, offset);
}

/** What the store takes on the disk; 0 while there is none. */
static uint64_t store_bytes(const char *store)
{
	struct buf path autobuf = BUF_INIT;
	struct stat st;

	buf_add_text(&path, store);
	buf_add_text(&path, "/data.mdb");
	return buf_text(&path) && stat(path.data, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

/** A full disk of the store's size with an inode per execution, as other read-only file systems have it. */
static void answer_statfs(fuse_req_t req, fuse_ino_t node)
{
	const struct mount *m = mount_of(req);
	struct statvfs st = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255, .f_flag = ST_RDONLY};
	uint64_t executions = 0;
	bool there = false;
	int error = tree_count(m->tree, &executions, &there);

	(void)node;
	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	st.f_files = executions;
	st.f_blocks = there ? (store_bytes(m->store) + 4095) / 4096 : 0;
	fuse_reply_statfs(req, &st);
}

const struct fuse_lowlevel_ops operations = {
	.init = answer_init,
	.lookup = answer_lookup,
	.getattr = answer_getattr,
	.readlink = answer_readlink,
	.open = answer_open,
	.read = answer_read,
	.opendir = answer_opendir,
	.readdir = answer_readdir,
	.statfs = answer_statfs,

	.setattr = refuse_setattr,
	.mknod = refuse_mknod,
	.mkdir = refuse_mkdir,
	.unlink = refuse_unlink,
	.rmdir = refuse_unlink,
	.symlink = refuse_symlink,
	.rename = refuse_rename,
	.link = refuse_link,
	.write = refuse_write,
	.create = refuse_create,
	.fallocate = refuse_fallocate,
	.setxattr = refuse_setxattr,
	.removexattr = refuse_unlink,
};
