#include "core/store/path.h"

#include "core/base/names.h"

const char *const run_path_fixed[] = {
	"execution.json", "state", "outputs.json", "metrics", "metrics.json", "warnings", "report.html", NULL,
};

void run_path_of_event(const struct event *attempt, struct run_path *ret)
{
	struct list values = attempt->attempt.values;

	*ret = (struct run_path){.task = attempt->attempt.task};
	while (ret->n_values < VALUES_MOST && list_next(&values, &ret->values[ret->n_values]))
		ret->n_values++;
	if (attempt->attempt.twin)
		ret->twin = attempt->attempt.taskrun;
}

void run_path_of_identity(const struct identity *who, struct bytes twin, struct run_path *ret)
{
	*ret = (struct run_path){.task = who->task, .twin = twin};
	while (ret->n_values < VALUES_MOST && ret->n_values < who->n_values) {
		ret->values[ret->n_values] = who->values[ret->n_values];
		ret->n_values++;
	}
}

unsigned run_path_depth(const struct run_path *path)
{
	return path->n_values ? path->n_values : path->twin.len > 0;
}

static bool bears_hash(const struct run_path *path, unsigned depth)
{
	return path->twin.len && depth == run_path_depth(path);
}

void run_path_entry(const struct run_path *path, unsigned depth, struct buf *ret)
{
	bool hash = bears_hash(path, depth);

	if (depth == 0)
		name_encode(ret, path->task, run_path_fixed, NAME_ENTRY_MAX);
	else if (depth <= path->n_values)
		name_encode(ret, path->values[depth - 1], NULL, NAME_ENTRY_MAX - (hash ? NAME_HASH_LEN : 0));
	if (hash)
		name_add_hash(ret, path->twin);
}

/* `%~` and 16 hex digits at the end. */
static bool looks_like_twin(struct bytes value)
{
	struct bytes end = bytes_make(value.data + value.len - NAME_HASH_LEN, NAME_HASH_LEN);

	if (value.len < NAME_HASH_LEN || end.data[0] != '%' || end.data[1] != '~')
		return false;
	for (size_t i = 2; i < end.len; i++)
		if (!strchr("0123456789abcdef", end.data[i]) || !end.data[i])
			return false;
	return true;
}

static void add_value_key(struct bytes value, struct buf *ret)
{
	size_t before;

	if (!looks_like_twin(value)) {
		buf_add_bytes(ret, value);
		return;
	}
	before = value.len - NAME_HASH_LEN;
	buf_add(ret, value.data, before);
	buf_add_text(ret, "%25");
	buf_add(ret, value.data + before + 1, NAME_HASH_LEN - 1);
}

void run_path_key(const struct run_path *path, unsigned depth, struct buf *ret)
{
	if (depth == 0)
		buf_add_bytes(ret, path->task);
	else if (depth <= path->n_values)
		add_value_key(path->values[depth - 1], ret);
	if (bears_hash(path, depth))
		name_add_hash(ret, path->twin);
}
