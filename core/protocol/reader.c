/* What the readers of a message's parts share: warnings that name the part, strings, and picking fields by name. */
#include "core/protocol/reader.h"

#include "core/json/scan.h"

void reader_finish(struct reader *r)
{
	buf_finish(&r->strings);
	buf_finish(&r->outputs);
	buf_finish(&r->metrics);
	buf_finish(&r->tags);
	buf_finish(&r->logs);
}

struct buf *part_warn_begin(struct reader *r, const struct part *part)
{
	struct buf *b = warn_begin(r->warner);

	buf_add_text(b, part->kind);
	if (part->name.data) {
		buf_add_char(b, ' ');
		warn_add_name(b, part->name);
	} else if (part->number) {
		buf_add_char(b, ' ');
		buf_add_number(b, part->number);
	}
	buf_add_text(b, part->number ? ": " : " ");
	return b;
}

void part_warn_end(struct reader *r)
{
	if (r->out_of_memory) /* what could not be read may have been right */
		return;
	if (r->whole) {
		buf_add_text(&r->warner->text, "; the whole message is not recorded");
		r->refused = true;
	}
	warn_end(r->warner);
}

bool part_wrong(struct reader *r, const struct part *part, const char *what)
{
	buf_add_text(part_warn_begin(r, part), what);
	part_warn_end(r);
	return false;
}

bool part_wrong_word(struct reader *r, const struct part *part, const char *field, struct bytes value, const char *not_this)
{
	bool is_string = value.data && json_type_of(value) == JSON_STRING;
	struct bytes word = is_string ? reader_string(r, value) : bytes_make(NULL, 0);
	struct buf *b = part_warn_begin(r, part);

	buf_add_text(b, value.data ? field : "no ");
	if (!value.data) {
		buf_add_text(b, field);
	} else {
		if (is_string) {
			buf_add_char(b, ' ');
			warn_add_name(b, word);
		}
		buf_add_text(b, not_this);
	}
	part_warn_end(r);
	return false;
}

struct bytes reader_string(struct reader *r, struct bytes string)
{
	struct bytes inside = bytes_make(string.data + 1, string.len - 2);
	size_t start = r->strings.len;

	if (!memchr(inside.data, '\\', inside.len))
		return inside;
	if (!r->strings.len)
		buf_reserve(&r->strings, r->text_len);
	json_string_decode(&r->strings, string);
	if (buf_error(&r->strings)) {
		r->out_of_memory = true;
		return BYTES_LITERAL("");
	}
	return bytes_make(r->strings.data + start, r->strings.len - start);
}

bool reader_text(struct reader *r, struct bytes value, struct bytes *ret_text)
{
	switch (json_type_of(value)) {
	case JSON_STRING:
		*ret_text = reader_string(r, value);
		return true;
	case JSON_NUMBER:
		*ret_text = value;
		return true;
	default:
		return false;
	}
}

void reader_pick(struct bytes object, const struct bytes *keys, size_t n_keys, struct bytes *ret_values)
{
	struct json_walk walk = json_members(object);
	struct bytes key, value;

	for (size_t i = 0; i < n_keys; i++)
		ret_values[i] = bytes_make(NULL, 0);
	while (json_next(&walk, &key, &value)) {
		size_t i = reader_find_word(key, keys, n_keys);

		if (i < n_keys)
			ret_values[i] = value;
	}
}

size_t reader_find_word(struct bytes value, const struct bytes *words, size_t n_words)
{
	size_t i = 0;

	while (i < n_words && !bytes_equal(value, words[i]))
		i++;
	return i;
}

void reader_append(struct reader *r, struct buf *array, const void *element, size_t size)
{
	buf_add(array, element, size);
	if (buf_error(array))
		r->out_of_memory = true;
}
