#include "core/capture/execution.h"
#include "core/capture/notices.h"
#include "core/capture/recorder.h"

#include <errno.h>
#include <unistd.h>

static void on_trouble(void *context, const char *text)
{
	const struct options *o = context;

	if (!o->quiet || o->strict)
		say("%s", text);
}

/**
 * What both calls are: a recording of one transaction. Returns our exit status. *ret_hangs: the store does not answer, and its thread has
 * to be left behind with what `plan` points to.
 */
static int record(const struct options *o, struct recorder_plan *plan, const struct recorder_end *end, bool *ret_hangs)
{
	autobuf struct buf dir = BUF_INIT;
	struct recorder *recorder;
	enum recorder_answer answer;

	plan->dir = store_locate(o->store, &dir) ? NULL : buf_text(&dir);
	plan->no_dir = "nobody says where the store is: give --store DIR";
	plan->eager = true;
	plan->trouble = on_trouble;
	plan->context = (void *)o;
	answer = recorder_start(plan, &recorder);
	if (recorder && answer != RECORDER_REFUSED)
		answer = recorder_finish(recorder, end);
	if (answer == RECORDER_REFUSED)
		say("%s", recorder_error(recorder));
	*ret_hangs = !recorder_free(recorder);
	if (*ret_hangs)
		dir = BUF_INIT;
	return answer == RECORDER_REFUSED || (answer == RECORDER_TROUBLE && o->strict) ? EXIT_WRONG_CALL : 0;
}

static int print_id(struct bytes id)
{
	autobuf struct buf line = BUF_INIT;

	buf_add_bytes(&line, id);
	buf_add_char(&line, '\n');
	if (!buf_error(&line) && write(STDOUT_FILENO, line.data, line.len) == (ssize_t)line.len)
		return 0;
	say("the id could not be printed: %s", strerror(errno));
	return EXIT_WRONG_CALL;
}

int execution_begin(const struct options *o, const struct run_identity *identity)
{
	struct recorder_plan plan = {.who = &identity->who, .begin_execution = true};
	bool hangs;
	int status = record(o, &plan, &(struct recorder_end){0}, &hangs);

	if (!status)
		status = print_id(identity->who.execution);
	if (hangs)
		_exit(status);
	return status;
}

int execution_end(const struct options *o, const struct run_identity *identity)
{
	struct recorder_plan plan = {.who = &identity->who, .end_execution = true};
	bool hangs;
	int status = record(o, &plan, &(struct recorder_end){.execution = o->end_state}, &hangs);

	if (hangs)
		_exit(status);
	return status;
}
