#include "core/capture/streams.h"

#include "core/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * A command that prints in bursts is not held up by ours being slower for a moment. More than the kernel allows a user is not given, and
 * not needed.
 */
#define PIPE_SIZE (1 << 20)

static const char *const names[STREAMS_MOST] = {"stdout", "stderr"};

static void on_message(void *context, const struct message *message)
{
	struct lane *lane = context;

	if (lane->streams->plan.recorder)
		recorder_message(lane->streams->plan.recorder, message);
}

/* The parser sets hint_given and then gives the hint; that other streams may have given it is not the parser's to know. */
static void on_warning(void *context, struct bytes text)
{
	struct lane *lane = context;
	bool hint = lane->hint_given && !lane->hint_taken;

	lane->hint_taken = lane->hint_given;
	if (hint)
		warnings_hint(lane->streams->plan.warnings, text);
	else
		warnings_add(lane->streams->plan.warnings, text);
}

static void on_broken(void *context, const char *name, int error)
{
	struct lane *lane = context;
	struct error line;

	error_set(&line, 0, "%s cannot be passed on: %s: it is read no further", name, strerror(-error));
	notices_add(lane->streams->plan.warnings->notices, bytes_of(line.text));
}

/* The parser has said so in a warning of its own, which counts. */
static void on_lost(void *context)
{
	(void)context;
}

static int lane_open_pipe(struct lane *lane)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fcntl(fds[0], F_SETPIPE_SZ, PIPE_SIZE);
	lane->source = fds[0];
	lane->target = fds[1];
	return 0;
}

static int lane_open_pty(struct lane *lane, struct pty *pty)
{
	lane->source = fcntl(pty->master, F_DUPFD_CLOEXEC, 0);
	return lane->source < 0 ? -errno : 0;
}

static int lane_open_input(struct lane *lane)
{
	fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_SIZE);
	lane->source = STDIN_FILENO;
	return 0;
}

static int lane_start(struct lane *lane)
{
	struct streams *s = lane->streams;
	struct parser_handler handler = {.message = on_message, .warning = on_warning, .context = lane};
	struct stream_plan plan = {
		.source = lane->source,
		.source_name = lane->name,
		.sink = lane->sink,
		.stop = s->stop,
		.finished = s->finished,
		.broken = on_broken,
		.lost = on_lost,
		.context = lane,
	};
	int error = parser_new(lane->name, s->plan.dialect, s->plan.max_message, &lane->hint_given, &handler, &lane->parser);

	if (error)
		return error;
	plan.parser = lane->parser;
	error = stream_start(&plan, &lane->stream);
	if (!error)
		lane->source = -1;
	return error;
}

/** Without terminals to be had, the job goes on with pipes. */
static void open_pty(struct streams *s)
{
	struct error line;
	int error = pty_open(&s->pty);

	s->has_pty = !error;
	if (!error)
		return;
	error_set(&line, 0, "no terminal for the command: %s: it gets pipes", strerror(-error));
	notices_add(s->plan.warnings->notices, bytes_of(line.text));
}

static int open_lanes(struct streams *s)
{
	int error = 0;

	s->n = s->plan.filter || s->has_pty ? 1 : 2;
	for (size_t i = 0; i < s->n && !error; i++) {
		struct lane *lane = &s->lanes[i];

		*lane = (struct lane){.streams = s, .source = -1, .target = -1};
		lane->name = s->plan.filter ? "stdin" : names[i];
		lane->sink = i == 0 ? s->plan.out : s->plan.err;
		if (s->plan.filter)
			error = lane_open_input(lane);
		else
			error = s->has_pty ? lane_open_pty(lane, &s->pty) : lane_open_pipe(lane);
	}
	return error;
}

int streams_open(struct streams *s, const struct streams_plan *plan)
{
	int error = 0;

	*s = (struct streams){.plan = *plan};
	s->stop = eventfd(0, EFD_CLOEXEC);
	s->finished = eventfd(0, EFD_CLOEXEC);
	if (s->stop < 0 || s->finished < 0)
		return -errno;
	if (plan->pty)
		open_pty(s);
	error = open_lanes(s);
	for (size_t i = 0; i < s->n && !error; i++)
		error = lane_start(&s->lanes[i]);
	return error;
}

size_t streams_fds(const struct streams *s, int ret_fds[STREAMS_MOST])
{
	size_t n = 0;

	if (s->has_pty)
		ret_fds[n++] = s->pty.slave;
	for (size_t i = 0; i < s->n; i++) {
		if (s->lanes[i].target >= 0)
			ret_fds[n++] = s->lanes[i].target;
	}
	return n;
}

void streams_wire(const struct streams *s, struct child_plan *plan)
{
	if (s->has_pty) {
		plan->terminal = s->pty.path;
		plan->terminal_in = s->pty.input;
	} else if (s->n == STREAMS_MOST) {
		plan->out = s->lanes[0].target;
		plan->err = s->lanes[1].target;
	}
}

static void close_target(struct lane *lane)
{
	if (lane->target >= 0)
		close(lane->target);
	lane->target = -1;
}

void streams_started(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		close_target(&s->lanes[i]);
	if (s->has_pty)
		pty_started(&s->pty);
}

struct pty *streams_pty(struct streams *s)
{
	return s->has_pty ? &s->pty : NULL;
}

/* Without the command's ends no stream waits for ever; a filter's would, and is only joined at its end. */
void streams_join(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close_target(&s->lanes[i]);
		stream_join(s->lanes[i].stream);
		s->lanes[i].stream = NULL;
	}
}

void streams_finish(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close_target(&s->lanes[i]);
		if (s->lanes[i].source > STDERR_FILENO)
			close(s->lanes[i].source);
		parser_free(s->lanes[i].parser);
	}
	if (s->has_pty)
		pty_close(&s->pty);
	if (s->stop > 0)
		close(s->stop);
	if (s->finished > 0)
		close(s->finished);
	*s = (struct streams){0};
}
