#include "core/json/context.h"
#include "core/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

static const struct {
	const char *object;
	const char *key;
} places[CONTEXT_PARTS] = {
	[CONTEXT_NAMESPACE] = {"flow", "namespace"}, [CONTEXT_FLOW] = {"flow", "id"},
	[CONTEXT_EXECUTION] = {"execution", "id"},   [CONTEXT_TASK] = {"task", "id"},
	[CONTEXT_TASKRUN] = {"taskrun", "id"},	     [CONTEXT_VALUE] = {"taskrun", "value"},
};

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}
#define autojson cleanup(cleanup_json)

/* A context holds the flow's inputs too, whatever their numbers and strings are. */
static json_t *load(struct bytes text)
{
	return json_loadb(text.len ? text.data : "", text.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

int context_read(struct context *c, struct bytes json)
{
	autojson json_t *document = load(json);
	int error = 0;

	*c = (struct context){0};
	if (!json_is_object(document))
		return -EINVAL;
	for (int i = 0; i < CONTEXT_PARTS; i++) {
		const json_t *part = json_object_get(json_object_get(document, places[i].object), places[i].key);

		if (json_is_string(part))
			buf_add(&c->parts[i], json_string_value(part), json_string_length(part));
		if (!error)
			error = buf_error(&c->parts[i]);
	}
	return error;
}

/** The six bits of a base64 digit; -1: none. */
static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static int decode(struct bytes base64, struct buf *ret)
{
	unsigned bits = 0;
	int n_bits = 0;

	for (size_t i = 0; i < base64.len; i++) {
		char c = base64.data[i];
		int digit = digit_of(c);

		if (c == '\n' || c == '\r')
			continue;
		if (c == '=')
			break;
		if (digit < 0)
			return -EINVAL;
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			buf_add_char(ret, (char)(bits >> n_bits & 0xff));
		}
	}
	return buf_error(ret);
}

int context_read_base64(struct context *c, struct bytes base64)
{
	autobuf struct buf json = BUF_INIT;
	int error = decode(base64, &json);

	*c = (struct context){0};
	return error ? error : context_read(c, buf_bytes(&json));
}

static int read_whole(int fd, struct buf *ret)
{
	ssize_t n = 1;

	while (n > 0 && ret->len <= CONTEXT_SIZE_MOST) {
		char *room = buf_reserve(ret, 1 << 16);

		if (!room)
			return -ENOMEM;
		n = read(fd, room, 1 << 16);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			ret->len += (size_t)n;
	}
	return n > 0 ? -EFBIG : 0;
}

int context_read_file(struct context *c, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	autobuf struct buf json = BUF_INIT;
	int error;

	*c = (struct context){0};
	if (fd < 0)
		return -errno;
	error = read_whole(fd, &json);
	return error ? error : context_read(c, buf_bytes(&json));
}

void context_finish(struct context *c)
{
	for (int i = 0; i < CONTEXT_PARTS; i++)
		buf_finish(&c->parts[i]);
}

int context_read_list(struct bytes json, struct buf *ret_texts, struct buf *ret_lengths)
{
	autojson json_t *list = load(json);

	if (!json_is_array(list))
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);
		size_t len = json_string_length(text);

		if (!json_is_string(text))
			return -EINVAL;
		buf_add(ret_texts, json_string_value(text), len);
		buf_add(ret_lengths, &len, sizeof(len));
	}
	return buf_error(ret_texts) ? buf_error(ret_texts) : buf_error(ret_lengths);
}
