#include "core/capture/run.h"
#include "core/capture/child.h"
#include "core/capture/environment.h"
#include "core/capture/nested.h"
#include "core/capture/notices.h"
#include "core/capture/recorder.h"
#include "core/capture/streams.h"
#include "core/capture/supervise.h"
#include "core/capture/warnings.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct run {
	const struct options *options;
	const struct run_identity *identity;
	bool recorded;	      /* what it prints is; else it is only the frame of an execution */
	struct sink sinks[2]; /* standard output, standard error */
	struct sink *out;
	struct sink *err; /* the same as `out` where both lead to one file */
	struct notices *notices;
	struct buf dir;
	struct error no_dir;
	struct error trouble; /* with the store; whoever reads it has been told that there is some */
	struct recorder_plan plan;
	struct recorder *recorder; /* NULL: trouble, and told */
	enum recorder_answer answer;
	struct warnings warnings;
	struct streams streams;
	struct environment env;
	struct supervision supervision;
	sigset_t mask; /* as we were given it */
};

static void on_trouble(void *context, const char *text)
{
	struct run *r = context;

	error_set(&r->trouble, 0, "%s", text);
	notices_add(r->notices, bytes_of(text));
}

static void on_again(void *context, unsigned number)
{
	struct run *r = context;
	const struct identity *who = r->plan.who;
	struct error line;

	error_set(&line, 0, "this is attempt %u of task %.*s in execution %.*s", number, (int)who->task.len, who->task.data,
		  (int)who->execution.len, who->execution.data);
	notices_add(r->notices, bytes_of(line.text));
}

/* Beginning */

static int run_init(struct run *r, const struct options *o, const struct run_identity *identity)
{
	*r = (struct run){.options = o, .identity = identity, .recorded = !o->begin || o->task};
	sink_init(&r->sinks[0], STDOUT_FILENO);
	sink_init(&r->sinks[1], STDERR_FILENO);
	r->out = &r->sinks[0];
	r->err = sink_same(STDOUT_FILENO, STDERR_FILENO) ? r->out : &r->sinks[1];
	r->notices = notices_new(r->err, o->quiet);
	r->supervision = (struct supervision){.filter = !o->command, .terminal = o->pty, .signals = -1};
	return r->notices ? 0 : -ENOMEM;
}

static enum recorder_answer run_open(struct run *r)
{
	const struct options *o = r->options;
	int error = store_locate(o->store, &r->dir);
	const char *dir = error ? NULL : buf_text(&r->dir);

	error_set(&r->no_dir, error, "nobody says where the store is: give --store DIR");
	r->plan = (struct recorder_plan){
		.dir = dir,
		.no_dir = r->no_dir.text,
		.who = &r->identity->who,
		.begin_execution = o->begin,
		.attempt = r->recorded,
		.end_execution = o->begin,
		.eager = o->begin || o->strict,
		.trouble = on_trouble,
		.again = on_again,
		.context = r,
	};
	return recorder_start(&r->plan, &r->recorder);
}

/** COMMAND's environment. That of helpers inside names the store too, if an option did: they are to meet in one place. */
static int run_environment(struct run *r)
{
	struct nested_store store;
	int fds[STREAMS_MOST];
	size_t n_fds = streams_fds(&r->streams, fds);

	environment_set_identity(&r->env, &r->identity->who);
	if (r->options->store && r->plan.dir)
		environment_set(&r->env, "KESTRAFS_STORE", bytes_of(r->plan.dir));
	if (n_fds && r->recorder && recorder_store(r->recorder, &store.device, &store.inode))
		nested_mark(&r->env, store, fds, n_fds);
	return environment_build(&r->env);
}

static void run_tell_nested(struct run *r)
{
	struct nested_store store;

	if (r->recorded && r->recorder && recorder_store(r->recorder, &store.device, &store.inode) && nested_inside(store))
		notices_add(r->notices, BYTES_LITERAL("this output goes into another " PROGRAM ", which records it once more: "
						      "to group steps, use --begin -- COMMAND without --task outside"));
}

/** What the command prints is not read where there is no way to: then it prints as if we were not there. */
static void run_without_streams(struct run *r, int error)
{
	struct error line;

	streams_join(&r->streams);
	streams_finish(&r->streams);
	r->recorded = false;
	error_set(&line, 0, "nothing recorded: no pipe or thread to read the command's output: %s", strerror(-error));
	notices_add(r->notices, bytes_of(line.text));
}

static int run_streams(struct run *r)
{
	const struct options *o = r->options;
	struct streams_plan plan = {
		.filter = !o->command,
		.pty = o->pty,
		.dialect = o->dialect,
		.max_message = o->max_message,
		.out = r->out,
		.err = r->err,
		.warnings = &r->warnings,
		.recorder = r->recorder,
	};

	int error = streams_open(&r->streams, &plan);

	if (!error || !o->command || o->strict)
		return error;
	run_without_streams(r, error);
	return 0;
}

/* Running */

/** Our status where the command could not be started, else 0. */
static int run_spawn(struct run *r)
{
	char **argv = r->options->command;
	struct child_plan plan = {.argv = argv, .env = r->env.list, .out = -1, .err = -1, .mask = &r->mask};
	int error;

	streams_wire(&r->streams, &plan);
	error = child_spawn(&plan, &r->supervision.child);
	streams_started(&r->streams);
	return error ? child_not_spawned(argv[0], error) : 0;
}

static void run_supervise(struct run *r)
{
	struct supervision *s = &r->supervision;

	s->recorder = r->recorder;
	s->pty = streams_pty(&r->streams);
	s->streams = (int)r->streams.n;
	s->stop = s->streams ? r->streams.stop : -1;
	s->finished = s->streams ? r->streams.finished : -1;
	if (s->pty && s->child > 0)
		pty_adopt(s->pty);
	supervise(s);
	if (s->pty)
		pty_restore(s->pty);
}

/** What the run comes to: as a state, and as our status so far. */
static struct recorder_end run_outcome(const struct run *r, int not_spawned)
{
	const struct supervision *s = &r->supervision;
	struct recorder_end end = {.attempt = STATE_SUCCESS};

	if (not_spawned) {
		end.attempt = STATE_FAILED;
		end.exit_code = not_spawned;
	} else if (!s->filter) {
		end.attempt = child_state(s->status);
		end.exit_code = child_exit_code(s->status);
	} else if (s->interrupted) {
		end.attempt = STATE_KILLED;
		end.exit_code = EXIT_SIGNAL + s->interrupted;
	}
	end.execution = end.attempt;
	return end;
}

static int run_finish_recording(struct run *r, int not_spawned)
{
	struct recorder_end end = run_outcome(r, not_spawned);
	bool strict = r->options->strict && end.exit_code == 0;

	warnings_end(&r->warnings);
	if (strict && (!r->recorder || warnings_lost(&r->warnings) || recorder_lost(r->recorder)))
		end.exit_code = EXIT_WRONG_CALL;
	if (r->recorder)
		r->answer = recorder_finish(r->recorder, &end);
	return strict && r->answer != RECORDER_DONE ? EXIT_WRONG_CALL : end.exit_code;
}

/** As any filter, one that was interrupted ends by the signal, so that the shell around it sees it. */
static void die_by(int number)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigaction(number, &plain, NULL);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/** Frees what is ours to free. What a thread that hangs may still look at is not: then the process ends here. */
static int run_finish(struct run *r, int status)
{
	bool left_behind = r->supervision.abandoned;

	if (!left_behind)
		streams_join(&r->streams);
	sink_settle(r->err);
	left_behind |= !notices_end(r->notices);
	left_behind |= !recorder_free(r->recorder);
	if (r->supervision.interrupted)
		die_by(r->supervision.interrupted);
	if (left_behind)
		_exit(status);
	streams_finish(&r->streams);
	supervise_finish(&r->supervision);
	warnings_finish(&r->warnings);
	notices_free(r->notices);
	sink_finish(&r->sinks[0]);
	sink_finish(&r->sinks[1]);
	environment_finish(&r->env);
	buf_finish(&r->dir);
	return status;
}

/** Everything up to the command's start. 0, or our status: nothing has run. */
static int run_prepare(struct run *r)
{
	bool strict = r->options->strict;
	int error;

	r->answer = run_open(r);
	warnings_init(&r->warnings, r->notices, r->recorded ? r->recorder : NULL);
	if (r->answer == RECORDER_REFUSED)
		say("%s", recorder_error(r->recorder));
	if (r->answer == RECORDER_TROUBLE && strict && r->options->quiet)
		say("%s", r->trouble.text); /* no warning: why nothing runs */
	if (r->answer == RECORDER_REFUSED || (strict && r->answer != RECORDER_DONE))
		return EXIT_WRONG_CALL;
	run_tell_nested(r);
	error = supervise_prepare(&r->supervision, &r->mask);
	if (!error && r->recorded)
		error = run_streams(r);
	if (!error)
		error = run_environment(r);
	if (!error)
		return 0;
	say("no memory, descriptors or threads to run it: %s", strerror(-error));
	r->supervision.abandoned = r->streams.n > 0;
	return EXIT_WRONG_CALL;
}

int run(const struct options *o, const struct run_identity *identity)
{
	struct run r;
	int not_spawned = 0;
	int status;

	if (run_init(&r, o, identity) < 0) {
		say("out of memory");
		return EXIT_WRONG_CALL;
	}
	status = run_prepare(&r);
	if (status) {
		if (r.recorder && r.answer != RECORDER_REFUSED)
			recorder_finish(r.recorder,
					&(struct recorder_end){.attempt = STATE_FAILED, .exit_code = status, .execution = STATE_FAILED});
		return run_finish(&r, status);
	}
	if (o->command)
		not_spawned = run_spawn(&r);
	run_supervise(&r);
	return run_finish(&r, run_finish_recording(&r, not_spawned));
}
