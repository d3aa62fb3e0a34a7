#include "core/capture/identity.h"
#include "core/base/cleanup.h"
#include "core/base/ids.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdlib.h>

#define CONTEXT_FILE ".kestra-execution-context.json"

/* What an option hides: everything of a higher level that was inherited. */
enum level { LEVEL_FLOW, LEVEL_EXECUTION, LEVEL_TASK, LEVEL_TASKRUN };

static const struct part {
	enum level level;
	enum id_kind kind;
	enum context_part context;
	const char *option;
	const char *variable;
	size_t field; /* of struct identity */
} parts[] = {
	{LEVEL_FLOW, ID_NAMESPACE, CONTEXT_NAMESPACE, "--flow NAMESPACE/FLOW", VARIABLE_NAMESPACE, offsetof(struct identity, namespace)},
	{LEVEL_FLOW, ID_FLOW, CONTEXT_FLOW, "--flow NAMESPACE/FLOW", VARIABLE_FLOW, offsetof(struct identity, flow)},
	{LEVEL_EXECUTION, ID_EXECUTION, CONTEXT_EXECUTION, "--execution ID", VARIABLE_EXECUTION, offsetof(struct identity, execution)},
	{LEVEL_TASK, ID_TASK, CONTEXT_TASK, "--task ID", VARIABLE_TASK, offsetof(struct identity, task)},
	{LEVEL_TASKRUN, ID_TASKRUN, CONTEXT_TASKRUN, "--taskrun ID", VARIABLE_TASKRUN, offsetof(struct identity, taskrun)},
};
#define N_PARTS (sizeof(parts) / sizeof(*parts))

static struct bytes *field_of(struct identity *who, const struct part *part)
{
	return (struct bytes *)(void *)((char *)who + part->field);
}

/** An empty variable counts as not set: that is how an expression without a value arrives. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/** The highest level that an option names: what was inherited above it is hidden. */
static enum level inherited_most(const struct options *o, const char *execution)
{
	return o->flow ? LEVEL_FLOW : execution ? LEVEL_EXECUTION : o->task ? LEVEL_TASK : LEVEL_TASKRUN;
}

static void take_options(const struct options *o, const char *execution, struct identity *who)
{
	const char *slash = o->flow ? strchr(o->flow, '/') : NULL;

	if (slash) {
		who->namespace = bytes_make(o->flow, (size_t)(slash - o->flow));
		who->flow = bytes_of(slash + 1);
	}
	if (execution)
		who->execution = bytes_of(execution);
	if (o->task)
		who->task = bytes_of(o->task);
	if (o->taskrun)
		who->taskrun = bytes_of(o->taskrun);
	who->values = o->values;
	who->n_values = o->n_values;
	who->labels = o->labels;
	who->n_labels = o->n_labels;
}

/* The contexts, the first that can be read. A broken one is no reason to stop as long as nothing is missing. */

static int read_named_file(struct context *c)
{
	const char *path = variable("KESTRA_EXECUTION_CONTEXT_FILE");

	return path ? context_read_file(c, path) : -ENOENT;
}

static int read_local_file(struct context *c)
{
	return context_read_file(c, CONTEXT_FILE);
}

static int read_variable(struct context *c)
{
	const char *text = variable("KESTRA_CONTEXT");

	return text ? context_read_base64(c, bytes_of(text)) : -ENOENT;
}

static const struct {
	int (*read)(struct context *c);
	const char *name;
} contexts[] = {
	{read_named_file, "the file in KESTRA_EXECUTION_CONTEXT_FILE"},
	{read_local_file, CONTEXT_FILE},
	{read_variable, "KESTRA_CONTEXT"},
};
#define N_CONTEXTS (sizeof(contexts) / sizeof(*contexts))

/** ret_broken[i]: why that context could not be read, 0 if it could or was not there. */
static void find_context(struct run_identity *r, int ret_broken[N_CONTEXTS])
{
	for (size_t i = 0; i < N_CONTEXTS; i++) {
		int error = contexts[i].read(&r->context);

		ret_broken[i] = error == -ENOENT ? 0 : error;
		if (!error)
			return;
		context_finish(&r->context);
	}
}

static void inherit_parts(struct run_identity *r, enum level most)
{
	for (size_t i = 0; i < N_PARTS; i++) {
		struct bytes *field = field_of(&r->who, &parts[i]);
		const char *inherited = variable(parts[i].variable);

		if (field->len || parts[i].level > most)
			continue;
		*field = inherited ? bytes_of(inherited) : buf_bytes(&r->context.parts[parts[i].context]);
	}
}

/* Values */

/** Cuts `texts` into the values that `lengths` says. */
static int take_list(struct run_identity *r, const struct buf *lengths)
{
	size_t n = lengths->len / sizeof(size_t);
	size_t at = 0;

	r->list = calloc(n ? n : 1, sizeof(*r->list));
	if (!r->list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t len;

		memcpy(&len, lengths->data + i * sizeof(len), sizeof(len));
		r->list[i] = bytes_make(r->texts.len ? r->texts.data + at : "", len);
		at += len;
	}
	r->who.values = r->list;
	r->who.n_values = n;
	return 0;
}

/** The outer helper's list, unless somebody has set another value since. */
static int inherit_list(struct run_identity *r)
{
	const char *json = variable(VARIABLE_VALUES);
	const char *one = variable(VARIABLE_VALUE);
	autobuf struct buf lengths = BUF_INIT;
	int error = json ? context_read_list(bytes_of(json), &r->texts, &lengths) : -ENOENT;

	if (!error)
		error = take_list(r, &lengths);
	if (!error && one && (!r->who.n_values || !bytes_equal(r->who.values[r->who.n_values - 1], bytes_of(one))))
		r->who.n_values = 0;
	return error == -ENOMEM ? error : 0;
}

static int inherit_values(const struct options *o, struct run_identity *r, enum level most)
{
	const char *one = variable(VARIABLE_VALUE);
	int error = 0;

	if (o->end || r->who.n_values || most < LEVEL_TASKRUN)
		return 0;
	error = inherit_list(r);
	if (error || r->who.n_values)
		return error;
	r->one = one ? bytes_of(one) : buf_bytes(&r->context.parts[CONTEXT_VALUE]);
	r->who.values = &r->one;
	r->who.n_values = r->one.len > 0;
	return 0;
}

/* Checks */

static void check_values(const struct identity *who, struct buf *wrong)
{
	for (size_t i = 0; i < who->n_values; i++) {
		if (!utf8_valid(who->values[i]))
			buf_add_text(wrong, VARIABLE_VALUE ": is not UTF-8: convert it, or give --value TEXT\n");
		else if (who->values[i].len > VALUE_LEN_MOST)
			buf_add_format(wrong, VARIABLE_VALUE ": is longer than %zu bytes: give a shorter --value TEXT\n", VALUE_LEN_MOST);
	}
	if (who->n_values > VALUES_MOST)
		buf_add_format(wrong, VARIABLE_VALUES ": more than %d values: loops nest no deeper here\n", VALUES_MOST);
}

static void check_grammar(const struct part *part, struct bytes id, struct buf *wrong)
{
	if (id_valid(part->kind, id))
		return;
	buf_add_format(wrong, "the %s \"", id_kind_name(part->kind));
	text_add_escaped(wrong, id, TEXT_NAME_MOST);
	buf_add_format(wrong, "\" (%s or %s) is not %s\n", part->option, part->variable, id_kind_rule(part->kind));
}

static void check_missing(const struct part *part, struct buf *wrong)
{
	buf_add_format(wrong, "no %s: give %s or set %s\n", id_kind_name(part->kind), part->option, part->variable);
}

/** Which parts this call cannot do without: --begin has no task of its own, --end needs only the execution. */
static bool needed(const struct options *o, const struct part *part)
{
	if (o->end)
		return part->level == LEVEL_EXECUTION;
	return part->level <= LEVEL_EXECUTION || (part->level == LEVEL_TASK && !o->begin);
}

static void check_parts(const struct options *o, struct identity *who, struct buf *wrong)
{
	for (size_t i = 0; i < N_PARTS; i++) {
		struct bytes id = *field_of(who, &parts[i]);

		if (o->end && parts[i].level > LEVEL_EXECUTION)
			continue; /* inherited, and nothing to --end */
		if (id.len)
			check_grammar(&parts[i], id, wrong);
		else if (needed(o, &parts[i]) && !(o->flow && parts[i].level == LEVEL_FLOW))
			check_missing(&parts[i], wrong);
	}
}

/** Half a flow is none: of use only to --end, which can do without. */
static void check_flow(const struct options *o, struct identity *who, struct buf *wrong)
{
	const char *slash = o->flow ? strchr(o->flow, '/') : NULL;

	if (o->flow && (!slash || slash == o->flow || !slash[1]))
		buf_add_text(wrong, "--flow: is not NAMESPACE/FLOW\n");
	if (!who->namespace.len || !who->flow.len)
		who->namespace = who->flow = (struct bytes){0};
}

static void explain_contexts(const int broken[N_CONTEXTS], struct buf *wrong)
{
	for (size_t i = 0; i < N_CONTEXTS; i++) {
		if (!broken[i])
			continue;
		buf_add_format(wrong, "the execution context in %s could not be read: %s\n", contexts[i].name,
			       broken[i] == -EINVAL ? "it is not a JSON object" : strerror(-broken[i]));
	}
}

static int find_execution(const struct options *o, struct run_identity *r, const char **ret_execution)
{
	*ret_execution = o->execution;
	if (!o->begin || o->execution)
		return 0;
	*ret_execution = r->fresh;
	return id_fresh(r->fresh);
}

int identity_find(const struct options *o, struct run_identity *ret, struct buf *ret_wrong)
{
	int broken[N_CONTEXTS] = {0};
	const char *execution;
	enum level most;
	int error;

	*ret = (struct run_identity){0};
	error = find_execution(o, ret, &execution);
	if (error)
		return error;
	most = inherited_most(o, execution);
	take_options(o, execution, &ret->who);
	if (!variable(VARIABLE_VALUES))
		find_context(ret, broken);
	inherit_parts(ret, most);
	error = inherit_values(o, ret, most);
	if (error)
		return error;
	check_parts(o, &ret->who, ret_wrong);
	check_values(&ret->who, ret_wrong);
	check_flow(o, &ret->who, ret_wrong);
	if (ret_wrong->len)
		explain_contexts(broken, ret_wrong);
	return buf_error(ret_wrong) ? -ENOMEM : ret_wrong->len ? -EINVAL : 0;
}

void identity_finish(struct run_identity *r)
{
	context_finish(&r->context);
	buf_finish(&r->texts);
	free(r->list);
	r->list = NULL;
}
