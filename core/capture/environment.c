#include "core/capture/environment.h"
#include "core/base/text.h"
#include "core/capture/identity.h"

#include <errno.h>
#include <unistd.h>

void environment_set(struct environment *env, const char *name, struct bytes value)
{
	buf_add(&env->dropped, &name, sizeof(name));
	if (!value.data || memchr(value.data, '\0', value.len))
		return;
	buf_add(&env->offsets, &env->text.len, sizeof(env->text.len));
	buf_add_text(&env->text, name);
	buf_add_char(&env->text, '=');
	buf_add_bytes(&env->text, value);
	buf_add_char(&env->text, '\0');
}

static void set_values(struct environment *env, const struct identity *who)
{
	autobuf struct buf list = BUF_INIT;

	buf_add_char(&list, '[');
	for (size_t i = 0; i < who->n_values; i++) {
		if (i)
			buf_add_char(&list, ',');
		text_add_json_string(&list, who->values[i]);
	}
	buf_add_char(&list, ']');
	if (buf_error(&list))
		env->text.error = -ENOMEM;
	else
		environment_set(env, VARIABLE_VALUES, buf_bytes(&list));
}

void environment_set_identity(struct environment *env, const struct identity *who)
{
	const struct bytes none = {0};

	environment_set(env, VARIABLE_NAMESPACE, who->namespace);
	environment_set(env, VARIABLE_FLOW, who->flow);
	environment_set(env, VARIABLE_EXECUTION, who->execution);
	environment_set(env, VARIABLE_TASK, who->task.len ? who->task : none);
	environment_set(env, VARIABLE_TASKRUN, who->taskrun.len ? who->taskrun : none);
	environment_set(env, VARIABLE_VALUE, who->n_values ? who->values[who->n_values - 1] : none);
	set_values(env, who);
}

static bool names(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == '=';
}

static bool is_dropped(const struct environment *env, const char *line)
{
	for (size_t at = 0; at < env->dropped.len; at += sizeof(char *)) {
		const char *name;

		memcpy(&name, env->dropped.data + at, sizeof(name));
		if (names(line, name))
			return true;
	}
	return false;
}

int environment_build(struct environment *env)
{
	size_t n_set = env->offsets.len / sizeof(size_t);
	size_t n = 0;

	if (buf_error(&env->text) || buf_error(&env->offsets) || buf_error(&env->dropped))
		return -ENOMEM;
	while (environ && environ[n])
		n++;
	env->list = calloc(n + n_set + 1, sizeof(*env->list));
	if (!env->list)
		return -ENOMEM;
	n = 0;
	for (char **line = environ; line && *line; line++) {
		if (!is_dropped(env, *line))
			env->list[n++] = *line;
	}
	for (size_t i = 0; i < n_set; i++) {
		size_t offset;

		memcpy(&offset, env->offsets.data + i * sizeof(offset), sizeof(offset));
		env->list[n++] = env->text.data + offset;
	}
	return 0;
}

void environment_finish(struct environment *env)
{
	buf_finish(&env->text);
	buf_finish(&env->offsets);
	buf_finish(&env->dropped);
	free(env->list);
	env->list = NULL;
}
