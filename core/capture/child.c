#include "core/capture/child.h"
#include "core/base/text.h"
#include "core/capture/notices.h"
#include "core/capture/options.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int wire(const struct child_plan *plan, posix_spawn_file_actions_t *actions)
{
	int first = plan->terminal_in ? STDIN_FILENO : STDOUT_FILENO;
	int error = 0;

	if (plan->terminal) {
		error = posix_spawn_file_actions_addopen(actions, first, plan->terminal, O_RDWR, 0);
		for (int fd = first + 1; !error && fd <= STDERR_FILENO; fd++)
			error = posix_spawn_file_actions_adddup2(actions, first, fd);
		return error;
	}
	if (plan->out >= 0)
		error = posix_spawn_file_actions_adddup2(actions, plan->out, STDOUT_FILENO);
	if (!error && plan->err >= 0)
		error = posix_spawn_file_actions_adddup2(actions, plan->err, STDERR_FILENO);
	return error;
}

/** Like execvp, a file that is no program is a script of the shell. */
static int spawn_script(const char *path, char *const *argv, char *const *env, posix_spawn_file_actions_t *actions,
			posix_spawnattr_t *attributes, pid_t *ret_pid)
{
	size_t n = 0;
	char **shell;
	int error;

	while (argv[n])
		n++;
	shell = calloc(n + 2, sizeof(*shell));
	if (!shell)
		return ENOMEM;
	shell[0] = (char *)"sh";
	shell[1] = (char *)path;
	memcpy(shell + 2, argv + 1, n * sizeof(*shell));
	error = posix_spawn(ret_pid, "/bin/sh", actions, attributes, shell, env);
	free(shell);
	return error;
}

/** Where the shell would find the command: appended to `ret` as a C string; false where nowhere. */
static bool search(const char *command, struct buf *ret)
{
	const char *path = getenv("PATH");

	if (strchr(command, '/')) {
		buf_add_text(ret, command);
		return buf_text(ret) != NULL;
	}
	for (const char *at = path ? path : "/bin:/usr/bin"; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t len = strcspn(at, ":");

		buf_clear(ret);
		buf_add(ret, len ? at : ".", len ? len : 1);
		buf_add_format(ret, "/%s", command);
		if (buf_text(ret) && access(ret->data, X_OK) == 0)
			return true;
	}
	return false;
}

static int spawn(const struct child_plan *plan, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, pid_t *ret_pid)
{
	int error = posix_spawnp(ret_pid, plan->argv[0], actions, attributes, plan->argv, plan->env);
	autobuf struct buf path = BUF_INIT;

	if (error == ENOEXEC && search(plan->argv[0], &path))
		error = spawn_script(path.data, plan->argv, plan->env, actions, attributes, ret_pid);
	return error;
}

int child_spawn(const struct child_plan *plan, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, plan->mask);
	posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGMASK | (plan->terminal ? POSIX_SPAWN_SETSID : 0)));
	error = wire(plan, &actions);
	if (!error)
		error = spawn(plan, &actions, &attributes, ret_pid);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static bool is_folder(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && S_ISDIR(file.st_mode);
}

int child_not_spawned(const char *command, int error)
{
	autobuf struct buf shown = BUF_INIT;
	const char *why = strerror(-error);

	if (error == -ENOENT && !strchr(command, '/'))
		why = "command not found";
	else if (error == -EACCES && strchr(command, '/') && is_folder(command))
		why = "is a folder";
	text_add_escaped(&shown, bytes_of(command), SIZE_MAX);
	say("%s: %s", buf_text(&shown) ? shown.data : "", why);
	return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
}

bool child_reap(pid_t pid, int *ret_status)
{
	bool ended = false;
	pid_t found;
	int status;

	while ((found = waitpid(-1, &status, WNOHANG)) > 0) {
		if (found == pid) {
			*ret_status = status;
			ended = true;
		}
	}
	return ended;
}

int child_stopped_by(pid_t pid)
{
	siginfo_t info = {0};

	/* WNOWAIT: it stays told until the child goes on, so that it can be asked again */
	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) < 0 || info.si_pid != pid)
		return 0;
	return info.si_status == SIGTSTP || info.si_status == SIGTTIN || info.si_status == SIGTTOU ? info.si_status : 0;
}

int child_exit_code(int status)
{
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

enum state child_state(int status)
{
	return WIFSIGNALED(status) ? STATE_KILLED : WEXITSTATUS(status) ? STATE_FAILED : STATE_SUCCESS;
}
