#include "core/store/columns.h"

#include "core/base/csv.h"

/* Where a name is among the slots, or the empty one where it belongs. */
static unsigned slot_of(const struct columns *columns, struct bytes name)
{
	uint32_t h = 2166136261;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.data[i]) * 16777619;
	for (h ^= h >> 15;; h++) {
		unsigned slot = h % COLUMNS_SLOTS, column = columns->slots[slot];

		if (!column || bytes_equal(columns->names[column - 1], name))
			return slot;
	}
}

/* Points name their tags in the same order nearly always, so the column behind the last one is tried first. */
static unsigned find(const struct columns *columns, struct bytes name, unsigned likely)
{
	unsigned column;

	if (likely < columns->n && bytes_equal(columns->names[likely], name))
		return likely;
	column = columns->slots[slot_of(columns, name)];
	return column ? column - 1 : COLUMNS_MOST;
}

void columns_add(struct columns *columns, struct bytes name, uint32_t tag, event_t since)
{
	columns->slots[slot_of(columns, name)] = (uint16_t)(columns->n + 1);
	columns->names[columns->n] = name;
	columns->tags[columns->n] = tag;
	columns->since[columns->n++] = since;
}

bool columns_learn(struct columns *columns, struct bytes tags, event_t point)
{
	unsigned i = COLUMNS_MOST - 1;
	bool learnt = false;
	struct tag tag;

	while (tag_next(&tags, &tag)) {
		i = find(columns, tag.name, (i + 1) % COLUMNS_MOST);
		if (i < COLUMNS_MOST)
			continue;
		if (columns->n < COLUMNS_MOST) {
			columns_add(columns, tag.name, 0, point);
			i = columns->n - 1;
			learnt = true;
		} else if (!columns->more) {
			columns->more = point;
			learnt = true;
		}
	}
	return learnt;
}

bool columns_are(const struct columns *columns, struct bytes tags)
{
	struct tag tag;
	unsigned i = 0;

	while (i < columns->n && tag_next(&tags, &tag) && bytes_equal(tag.name, columns->names[i]))
		i++;
	return i == columns->n && (i == COLUMNS_MOST || !tag_next(&tags, &tag));
}

unsigned columns_blank(const struct columns *columns)
{
	return columns->n + (columns->more != 0);
}

/* Appends the tags that are no columns as a JSON object; nothing where there are none. */
static void rest_write(const struct columns *columns, struct bytes tags, struct buf *ret)
{
	struct tag tag;

	while (tag_next(&tags, &tag)) {
		if (find(columns, tag.name, 0) < COLUMNS_MOST)
			continue;
		buf_add_text(ret, ret->len ? ",\"" : "{\"");
		buf_add_bytes(ret, tag.name);
		buf_add_text(ret, "\":\"");
		buf_add_bytes(ret, tag.value);
		buf_add_char(ret, '"');
	}
	if (ret->len)
		buf_add_char(ret, '}');
}

uint64_t columns_cells(const struct columns *columns, struct bytes tags)
{
	autobuf struct buf rest = BUF_INIT;
	struct bytes left = tags;
	unsigned i = COLUMNS_MOST - 1;
	uint64_t bytes = 0;
	struct tag tag;

	while (tag_next(&left, &tag)) {
		i = find(columns, tag.name, (i + 1) % COLUMNS_MOST);
		if (i < COLUMNS_MOST)
			bytes += csv_len_json(tag.value);
	}
	if (columns->more)
		rest_write(columns, tags, &rest);
	return bytes + csv_len(buf_bytes(&rest));
}

void columns_write(const struct columns *columns, struct bytes tags, struct buf *ret)
{
	struct bytes cells[COLUMNS_MOST], left = tags;
	autobuf struct buf rest = BUF_INIT;
	unsigned i = COLUMNS_MOST - 1;
	struct tag tag;

	memset(cells, 0, columns->n * sizeof(*cells));
	while (tag_next(&left, &tag)) {
		i = find(columns, tag.name, (i + 1) % COLUMNS_MOST);
		if (i < COLUMNS_MOST)
			cells[i] = tag.value;
	}
	for (i = 0; i < columns->n; i++) {
		buf_add_char(ret, ',');
		csv_add_json(ret, cells[i]);
	}
	if (!columns->more)
		return;
	rest_write(columns, tags, &rest);
	buf_add_char(ret, ',');
	csv_add(ret, buf_bytes(&rest));
	if (buf_error(&rest) && !ret->error)
		ret->error = buf_error(&rest);
}
