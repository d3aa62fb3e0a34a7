#include "fs/mount/reply.h"

#include <errno.h>

/** "For ever" in seconds: thirty years. Far from where seconds overflow on their way to the kernel's ticks. */
#define FOREVER 1e9

/** What a read asks for at best: the kernel's read-ahead. */
#define BLOCK_SIZE (128 << 10)

double reply_timeout(enum keep keep)
{
	return keep == KEEP_FOREVER ? FOREVER : 0;
}

static const mode_t types[] = {[NODE_FILE] = S_IFREG, [NODE_FOLDER] = S_IFDIR, [NODE_LINK] = S_IFLNK};
static const mode_t modes[] = {[NODE_FILE] = 0444, [NODE_FOLDER] = 0555, [NODE_LINK] = 0777};

mode_t reply_type(enum node_type type)
{
	return types[type];
}

static struct timespec time_of(usec_t time)
{
	usec_t seconds = time / USEC_PER_SEC;
	usec_t rest = time % USEC_PER_SEC;

	if (rest < 0) /* before 1970 */
		seconds--, rest += USEC_PER_SEC;
	return (struct timespec){.tv_sec = seconds, .tv_nsec = rest * 1000};
}

void reply_stat(const struct mount *m, const struct attributes *attributes, struct stat *ret_stat)
{
	struct timespec time = time_of(attributes->time);
	mode_t mask = attributes->type == NODE_LINK ? 0 : m->umask; /* a link's own mode means nothing and is 0777 everywhere */

	*ret_stat = (struct stat){
		.st_ino = attributes->inode,
		.st_mode = types[attributes->type] | (modes[attributes->type] & ~mask),
		.st_nlink = 1,
		.st_uid = m->uid,
		.st_gid = m->gid,
		.st_size = (off_t)attributes->size,
		.st_blocks = (blkcnt_t)((attributes->size + 511) / 512),
		.st_blksize = BLOCK_SIZE,
		.st_atim = time,
		.st_mtim = time,
		.st_ctim = time,
	};
}

void reply_entry(fuse_req_t req, const struct entry *entry)
{
	struct fuse_entry_param param = {.ino = entry->node, .entry_timeout = reply_timeout(entry->keep)};

	if (entry->node == 0 && entry->keep == KEEP_NOT) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	if (entry->node != 0) {
		param.attr_timeout = reply_timeout(entry->attributes.keep);
		reply_stat(mount_of(req), &entry->attributes, &param.attr);
	}
	fuse_reply_entry(req, &param);
}
