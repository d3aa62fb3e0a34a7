/* A message's parts: which keys it may have, what each must be, and how they become one struct message. */
#include "core/json/scan.h"
#include "core/protocol/reader.h"

/* Memory that a message of unusual size needed is given back after it. */
#define MEMORY_KEPT ((size_t)1 << 20)

static void read_outputs(struct reader *r, struct bytes value)
{
	struct json_walk walk = json_members(value);
	struct output output;
	struct bytes key;

	while (!r->out_of_memory && json_next(&walk, &key, &output.value)) {
		output.name = reader_string(r, key);
		reader_append(r, &r->outputs, &output, sizeof(output));
	}
}

static void read_elements(struct reader *r, struct bytes value, void (*read_one)(struct reader *r, size_t number, struct bytes value))
{
	struct json_walk walk = json_members(value);
	struct bytes element;

	for (size_t number = 1; !r->refused && !r->out_of_memory && json_next(&walk, NULL, &element); number++)
		read_one(r, number, element);
}

static void read_metrics(struct reader *r, struct bytes value)
{
	read_elements(r, value, reader_metric);
}

static void read_logs(struct reader *r, struct bytes value)
{
	read_elements(r, value, reader_log);
}

/* Their values are secrets: not a byte of them is kept or shown. That is no mistake in the message, in no dialect. */
static void read_encrypted(struct reader *r, struct bytes value)
{
	(void)value;
	warn_text(r->warner, "encryptedOutputs are secrets and never recorded");
}

/* `makes_message`: an object without marks is a message by having this key. */
static const struct key {
	const char *name;
	const char *not_this;
	enum json_type type;
	bool makes_message;
	void (*read)(struct reader *r, struct bytes value);
} keys[] = {
	{"outputs", "are not an object", JSON_OBJECT, true, read_outputs},
	{"metrics", "are not an array", JSON_ARRAY, true, read_metrics},
	{"logs", "are not an array", JSON_ARRAY, true, read_logs},
	{"encryptedOutputs", "are not an object", JSON_OBJECT, false, read_encrypted},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* `quoted` is canonical: with its quotes, and without escapes where none are needed. */
static const struct key *key_find(struct bytes quoted)
{
	struct bytes name = bytes_make(quoted.data + 1, quoted.len - 2);

	for (size_t i = 0; i < N_KEYS; i++)
		if (bytes_equal(name, bytes_of(keys[i].name)))
			return &keys[i];
	return NULL;
}

bool reader_is_message(struct bytes object)
{
	struct json_walk walk = json_members(object);
	struct bytes name, value;
	bool found = false;

	while (json_next(&walk, &name, &value)) {
		const struct key *key = key_find(name);
		enum json_type type = json_type_of(value);

		if (!key || !key->makes_message)
			continue;
		if (type != key->type && type != JSON_NULL)
			return false;
		found = true;
	}
	return found;
}

static void read_key(struct reader *r, const struct key *key, struct bytes value)
{
	enum json_type type = json_type_of(value);
	struct part part = {.kind = key->name};

	if (type == JSON_NULL)
		return;
	if (type == key->type)
		key->read(r, value);
	else
		part_wrong(r, &part, key->not_this);
}

static void read_keys(struct reader *r, struct bytes object)
{
	struct json_walk walk = json_members(object);
	struct bytes name, value;

	while (!r->refused && !r->out_of_memory && json_next(&walk, &name, &value)) {
		const struct key *key = key_find(name);

		if (key)
			read_key(r, key, value);
	}
}

/* Tags were gathered in the order of the metrics, while their array could still move: now each metric gets its place in it. */
static void place_tags(struct reader *r, size_t n_metrics)
{
	struct metric *metrics = (struct metric *)r->metrics.data;
	const struct tag *tags = (const struct tag *)r->tags.data;

	for (size_t i = 0; i < n_metrics; i++) {
		metrics[i].tags = tags;
		tags += metrics[i].n_tags;
	}
}

static void deliver(struct reader *r)
{
	struct message message = {
		.n_outputs = r->outputs.len / sizeof(struct output),
		.n_metrics = r->metrics.len / sizeof(struct metric),
		.n_logs = r->logs.len / sizeof(struct log_line),
	};
	const struct parser_handler *handler = r->warner->handler;

	if (message.n_outputs + message.n_metrics + message.n_logs == 0)
		return;
	if (r->tags.len)
		place_tags(r, message.n_metrics);
	message.outputs = (const struct output *)r->outputs.data;
	message.metrics = (const struct metric *)r->metrics.data;
	message.logs = (const struct log_line *)r->logs.data;
	handler->message(handler->context, &message);
}

static void empty(struct buf *b)
{
	if (b->size > MEMORY_KEPT)
		buf_finish(b);
	else
		buf_clear(b);
}

static void reader_reset(struct reader *r)
{
	r->refused = false;
	r->out_of_memory = false;
	empty(&r->strings);
	empty(&r->outputs);
	empty(&r->metrics);
	empty(&r->tags);
	empty(&r->logs);
}

enum verdict reader_read(struct reader *r, struct bytes object)
{
	enum verdict verdict = VERDICT_TAKEN;

	r->text_len = object.len;
	read_keys(r, object);
	if (r->out_of_memory)
		verdict = VERDICT_MEMORY;
	else if (!r->refused)
		deliver(r);
	reader_reset(r);
	return verdict;
}
