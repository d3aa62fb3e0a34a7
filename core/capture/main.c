/* kestrafs-capture: what the call says, who the run is, and then one of four things to do. */
#include "core/capture/execution.h"
#include "core/capture/identity.h"
#include "core/capture/notices.h"
#include "core/capture/options.h"
#include "core/capture/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifndef KESTRAFS_VERSION
#define KESTRAFS_VERSION "0.1.0"
#endif

/**
 * A closed standard stream would have its number given to the next file we open, which may be the store. In its place stands a file that
 * leads nowhere and that the command does not see.
 */
static void hold_standard_streams(void)
{
	while (true) {
		int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd > STDERR_FILENO)
			close(fd);
		if (fd < 0 || fd > STDERR_FILENO)
			return;
	}
}

static void say_lines(const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		say("%.*s", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static int with_identity(const struct options *o)
{
	struct run_identity identity;
	autobuf struct buf wrong = BUF_INIT;
	int error = identity_find(o, &identity, &wrong);
	int status = EXIT_WRONG_CALL;

	if (error == -EINVAL && buf_text(&wrong))
		say_lines(wrong.data);
	else if (error)
		say("%s", strerror(-error));
	else if (o->begin && !o->command)
		status = execution_begin(o, &identity);
	else if (o->end)
		status = execution_end(o, &identity);
	else
		status = run(o, &identity);
	identity_finish(&identity);
	return status;
}

static int with_options(const struct options *o)
{
	if (o->help) {
		options_help(STDOUT_FILENO);
		return 0;
	}
	if (o->version) {
		printf("%s %s\n", PROGRAM, KESTRAFS_VERSION);
		return 0;
	}
	if (!o->command && !o->begin && !o->end && isatty(STDIN_FILENO)) {
		options_help(STDERR_FILENO);
		return EXIT_WRONG_CALL;
	}
	return with_identity(o);
}

int main(int argc, char **argv)
{
	struct options options;
	struct error e;
	int status = EXIT_WRONG_CALL;

	hold_standard_streams();
	if (options_parse(argc, argv, &options, &e) < 0)
		say("%s", e.text);
	else
		status = with_options(&options);
	options_finish(&options);
	return status;
}
