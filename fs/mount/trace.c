#include "fs/mount/trace.h"
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "fs/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct operation {
	const char *name;
	bool named; /* the request begins with a name in its folder */
};

static const struct operation known[] = {
	[FUSE_LOOKUP] = {"LOOKUP", true},
	[FUSE_FORGET] = {"FORGET", false},
	[FUSE_GETATTR] = {"GETATTR", false},
	[FUSE_SETATTR] = {"SETATTR", false},
	[FUSE_READLINK] = {"READLINK", false},
	[FUSE_UNLINK] = {"UNLINK", true},
	[FUSE_RMDIR] = {"RMDIR", true},
	[FUSE_OPEN] = {"OPEN", false},
	[FUSE_READ] = {"READ", false},
	[FUSE_WRITE] = {"WRITE", false},
	[FUSE_STATFS] = {"STATFS", false},
	[FUSE_RELEASE] = {"RELEASE", false},
	[FUSE_FSYNC] = {"FSYNC", false},
	[FUSE_GETXATTR] = {"GETXATTR", false},
	[FUSE_LISTXATTR] = {"LISTXATTR", false},
	[FUSE_FLUSH] = {"FLUSH", false},
	[FUSE_INIT] = {"INIT", false},
	[FUSE_OPENDIR] = {"OPENDIR", false},
	[FUSE_READDIR] = {"READDIR", false},
	[FUSE_RELEASEDIR] = {"RELEASEDIR", false},
	[FUSE_ACCESS] = {"ACCESS", false},
	[FUSE_INTERRUPT] = {"INTERRUPT", false},
	[FUSE_IOCTL] = {"IOCTL", false},
	[FUSE_POLL] = {"POLL", false},
	[FUSE_BATCH_FORGET] = {"BATCH_FORGET", false},
	[FUSE_READDIRPLUS] = {"READDIRPLUS", false},
	[FUSE_LSEEK] = {"LSEEK", false},
};

/** A request that the table has no name for shows as its number. */
static void add_line(struct buf *line, const struct fuse_in_header *header, struct bytes rest)
{
	const struct operation *operation = header->opcode < sizeof(known) / sizeof(*known) ? &known[header->opcode] : NULL;

	if (operation && operation->name)
		buf_add_text(line, operation->name);
	else
		buf_add_number(line, header->opcode);
	buf_add_char(line, ' ');
	buf_add_number(line, header->nodeid);
	if (operation && operation->named) {
		buf_add_char(line, ' ');
		text_add_escaped(line, bytes_make(rest.data, strnlen(rest.data, rest.len)), SIZE_MAX);
	}
	buf_add_char(line, '\n');
}

/** One write a line: lines of several workers do not mix. */
static void list_request(int fd, const char *request, size_t len)
{
	struct fuse_in_header header;
	struct buf line autobuf = BUF_INIT;

	if (len < sizeof(header))
		return;
	memcpy(&header, request, sizeof(header));
	add_line(&line, &header, bytes_make(request + sizeof(header), len - sizeof(header)));
	if (buf_error(&line) == 0)
		(void)!write(fd, line.data, line.len);
}

int trace_open(int *ret_fd, struct error *e)
{
	const char *where = getenv("KESTRAFS_TRACE");

	*ret_fd = -1;
	if (!where || !*where)
		return 0;
	if (strspn(where, "0123456789") == strlen(where))
		*ret_fd = fcntl(atoi(where), F_DUPFD_CLOEXEC, 3);
	else
		*ret_fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return *ret_fd < 0 ? error_set(e, -errno, "KESTRAFS_TRACE: %s", strerror(errno)) : 0;
}

#if LIBFUSE_HAS_CUSTOM_IO

static ssize_t read_request(int fd, void *data, size_t size, void *userdata)
{
	const struct mount *m = userdata;
	ssize_t len = read(fd, data, size);

	if (len > 0)
		list_request(m->trace, data, (size_t)len);
	return len;
}

static ssize_t write_answer(int fd, struct iovec *parts, int n, void *userdata)
{
	(void)userdata;
	return writev(fd, parts, n);
}

int trace_attach(struct fuse_session *fuse, struct error *e)
{
	static const struct fuse_custom_io io = {.read = read_request, .writev = write_answer};
	int error = fuse_session_custom_io(fuse, &io, fuse_session_fd(fuse));

	return error ? error_set(e, error, "KESTRAFS_TRACE: %s", strerror(-error)) : 0;
}

#else

int trace_attach(struct fuse_session *fuse, struct error *e)
{
	(void)fuse, (void)list_request;
	return error_set(e, -ENOSYS, "KESTRAFS_TRACE needs libfuse 3.14 or newer");
}

#endif
