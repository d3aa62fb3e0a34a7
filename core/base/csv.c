/*
 * Cells of CSV. A text is read through a pair of eyes: as it is, or as the inside of a JSON string, whose escapes are one byte each, since
 * only what JSON must escape is. Counting goes byte by byte and keeps nothing.
 */
#include "core/base/csv.h"

/* What a text needs as a cell. */
struct cell {
	size_t bytes; /* of the text itself */
	size_t quotes;
	bool quoted;
};

static void cell_count(struct cell *cell, char c)
{
	cell->bytes++;
	cell->quotes += c == '"';
	cell->quoted |= c == '"' || c == ',' || c == '\n' || c == '\r';
}

static size_t cell_len(const struct cell *cell)
{
	return cell->bytes + (cell->quoted ? cell->quotes + 2 : 0);
}

static struct cell cell_of(struct bytes text)
{
	struct cell cell = {0};

	for (size_t i = 0; i < text.len; i++)
		cell_count(&cell, text.data[i]);
	return cell;
}

/* What stands between the quotes of a cell: the text, each quote of it twice. */
static void add_doubled(struct buf *b, struct bytes text)
{
	const char *at = text.data, *end = text.data + text.len, *quote;

	while (at < end && (quote = memchr(at, '"', (size_t)(end - at)))) {
		buf_add(b, at, (size_t)(quote + 1 - at));
		buf_add_char(b, '"');
		at = quote + 1;
	}
	buf_add(b, at, (size_t)(end - at));
}

size_t csv_len(struct bytes text)
{
	struct cell cell = cell_of(text);

	return cell_len(&cell);
}

void csv_add(struct buf *b, struct bytes text)
{
	if (!cell_of(text).quoted) {
		buf_add_bytes(b, text);
		return;
	}
	buf_add_char(b, '"');
	add_doubled(b, text);
	buf_add_char(b, '"');
}

/* The inside of a JSON string */

static unsigned hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 32) - 'a' + 10;
}

/* The byte at `*at`, which may be written as an escape; moves on behind it. */
static char next_byte(const char **at)
{
	static const char plain[] = "bfnrt", meaning[] = "\b\f\n\r\t";
	const char *escape = *at, *found;

	if (*escape != '\\') {
		*at += 1;
		return *escape;
	}
	if (escape[1] == 'u') {
		*at += 6;
		return (char)(hex(escape[4]) << 4 | hex(escape[5]));
	}
	*at += 2;
	found = strchr(plain, escape[1]);
	return found ? meaning[found - plain] : escape[1];
}

static bool has_escapes(struct bytes inside)
{
	return inside.len && memchr(inside.data, '\\', inside.len);
}

static struct cell cell_of_json(struct bytes inside)
{
	const char *at = inside.data, *end = inside.data + inside.len;
	struct cell cell = {0};

	while (at < end)
		cell_count(&cell, next_byte(&at));
	return cell;
}

size_t csv_len_json(struct bytes inside)
{
	struct cell cell;

	if (!has_escapes(inside))
		return csv_len(inside);
	cell = cell_of_json(inside);
	return cell_len(&cell);
}

/* The same of what JSON escapes, up to the first character that begins `most` bytes from the start or later; how far it got. */
static size_t add_decoded(struct buf *b, struct bytes inside, size_t most)
{
	const char *at = inside.data, *end = inside.data + (inside.len < most ? inside.len : most);
	char *to = buf_reserve(b, 2 * (size_t)(end - at) + 2);

	if (!to)
		return inside.len;
	while (at < end) {
		char c = next_byte(&at);

		*to++ = c;
		if (c == '"')
			*to++ = c;
	}
	b->len = (size_t)(to - b->data);
	return (size_t)(at - inside.data);
}

void csv_add_json(struct buf *b, struct bytes inside)
{
	bool quoted;

	if (!has_escapes(inside)) {
		csv_add(b, inside);
		return;
	}
	quoted = cell_of_json(inside).quoted;
	if (quoted)
		buf_add_char(b, '"');
	add_decoded(b, inside, SIZE_MAX);
	if (quoted)
		buf_add_char(b, '"');
}

bool csv_quoted(struct bytes text, bool json)
{
	return json ? cell_of_json(text).quoted : cell_of(text).quoted;
}

void csv_add_piece(struct buf *b, struct bytes *rest, bool json, size_t most)
{
	struct bytes piece = bytes_make(rest->data, rest->len < most ? rest->len : most);
	size_t taken = piece.len;

	if (json)
		taken = add_decoded(b, *rest, most);
	else
		add_doubled(b, piece);
	*rest = bytes_make(rest->data + taken, rest->len - taken);
}
