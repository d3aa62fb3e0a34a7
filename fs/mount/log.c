#include "fs/mount/log.h"
#include "fs/mount/libfuse.h"

#include <stdio.h>
#include <syslog.h>

/** What -d prints comes in parts of lines and bears no name. */
static void __attribute__((format(printf, 2, 0))) write_terminal(enum fuse_log_level level, const char *format, va_list args)
{
	if (level != FUSE_LOG_DEBUG)
		fputs("kestrafs: ", stderr);
	vfprintf(stderr, format, args);
}

static void __attribute__((format(printf, 2, 0))) write_system(enum fuse_log_level level, const char *format, va_list args)
{
	if (level <= FUSE_LOG_WARNING)
		vsyslog(LOG_DAEMON | (int)level, format, args); /* both count as syslog(3) does */
}

void log_to_terminal(void)
{
	fuse_set_log_func(write_terminal);
}

void log_to_system(void)
{
	fuse_set_log_func(write_system);
}
