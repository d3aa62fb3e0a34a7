#include "core/store/tags.h"

#include "core/base/names.h"
#include "core/base/text.h"
#include "core/json/scan.h"
#include "core/store/codec.h"
#include "core/store/series.h"

/* Tags of a point: a canonical JSON object whose values are strings. */

static struct bytes inside(struct bytes string)
{
	return bytes_make(string.data + 1, string.len - 2);
}

bool tag_next(struct bytes *rest, struct tag *ret)
{
	struct json_walk walk;
	struct bytes name, value;

	if (rest->len < 2)
		return false;
	/* the rest begins at the object's bracket or behind a member: at a comma or the closing bracket */
	if (*rest->data == '}')
		return false;
	walk = (struct json_walk){rest->data + 1, rest->data + rest->len};
	if (*walk.at == '}' || !json_next(&walk, &name, &value))
		return false;
	*ret = (struct tag){inside(name), inside(value)};
	*rest = bytes_make(value.data + value.len, (size_t)(walk.end - value.data) - value.len);
	return true;
}

unsigned tags_count(struct bytes tags)
{
	struct tag tag;
	unsigned n = 0;

	while (tag_next(&tags, &tag))
		n++;
	return n;
}

unsigned tag_place(struct bytes tags, const struct tag *tag)
{
	struct tag one;

	for (unsigned place = 1; tag_next(&tags, &one); place++)
		if (tag_equal(&one, tag))
			return place;
	return 0;
}

bool tag_at(struct bytes tags, unsigned place, struct tag *ret)
{
	for (unsigned i = 0; i < place; i++)
		if (!tag_next(&tags, ret))
			return false;
	return place > 0;
}

/* The index: names of folders to numbers, and back */

int tag_entry(struct bytes text, struct buf *ret)
{
	autobuf struct buf quoted = BUF_INIT, raw = BUF_INIT;

	buf_add_char(&quoted, '"');
	buf_add_bytes(&quoted, text);
	buf_add_char(&quoted, '"');
	if (buf_error(&quoted))
		return buf_error(&quoted);
	json_string_decode(&raw, buf_bytes(&quoted));
	name_encode(ret, buf_bytes(&raw), NULL, NAME_ENTRY_MAX);
	return buf_error(&raw) ? buf_error(&raw) : buf_error(ret);
}

bool tag_find(struct txn *txn, uint32_t parent, struct bytes entry, uint32_t *ret_id)
{
	unsigned char key[4 + NAME_ENTRY_MAX];
	struct bytes value;

	if (!entry.len || entry.len > NAME_ENTRY_MAX)
		return false;
	put_u32_key(parent, key);
	memcpy(key + 4, entry.data, entry.len);
	if (!kv_get(txn, TABLE_TAGS, bytes_make(key, 4 + entry.len), &value))
		return false;
	*ret_id = u32_of_key(value.data);
	return true;
}

bool tag_find_text(struct txn *txn, uint32_t parent, struct bytes text, uint32_t *ret_id)
{
	autobuf struct buf entry = BUF_INIT;
	int r = tag_entry(text, &entry);

	if (r < 0)
		txn_fail(txn, r);
	return r == 0 && tag_find(txn, parent, buf_bytes(&entry), ret_id);
}

struct bytes tag_text(struct txn *txn, uint32_t id)
{
	struct bytes value = {0};
	unsigned char key[4];

	put_u32_key(id, key);
	kv_get(txn, TABLE_TAG_TEXTS, bytes_make(key, sizeof(key)), &value);
	return value;
}

bool subset_find(struct txn *txn, const struct tag *tag, struct subset *ret)
{
	return tag_find_text(txn, 0, tag->name, &ret->tag) && tag_find_text(txn, ret->tag, tag->value, &ret->pair);
}

/* Scopes */

bool scope_intake(struct txn *txn, struct scope scope, struct intake *ret)
{
	struct collection c;
	struct execution e;
	struct attempt_record a;
	struct group g;
	bool there;

	if (scope_is_collection(scope)) {
		there = collection_get(txn, scope, &c);
		*ret = c.intake;
	} else if (scope_is_group(scope)) {
		there = group_get(txn, scope, &g);
		*ret = g.intake;
	} else if (scope.code == SCOPE_EXECUTION) {
		there = execution_get(txn, scope.event, &e);
		*ret = e.intake;
	} else {
		there = attempt_get(txn, scope.event, &a);
		*ret = a.intake;
	}
	return there;
}

bool scope_is_indexed(struct txn *txn, struct scope scope)
{
	struct intake intake;

	return scope_intake(txn, scope, &intake) && intake.taken >= TAGS_FROM;
}

/* Listing an indexed scope */

static struct key tag_key(struct scope scope, uint32_t tag)
{
	struct key key = key_scope(scope);

	put_u32_key(tag, key.at + key.len);
	key.len += 4;
	return key;
}

bool tag_name_next(struct txn *txn, struct scope scope, uint32_t from, uint32_t *ret_tag, struct tag_origin *ret)
{
	autocursor struct cursor c = {0};
	struct key key = tag_key(scope, from + 1);
	struct reader r;

	cursor_init(&c, txn, TABLE_SERIES_ORDER);
	/* the names of metrics (key: tag 0, event) stand in front, each row here is 4 bytes long behind the scope */
	if (!cursor_seek(&c, key_bytes(&key)) || !cursor_in(&c, bytes_make(key.at, SCOPE_KEY_LEN)))
		return false;
	*ret_tag = u32_of_key(c.key.data + SCOPE_KEY_LEN);
	r = reader_of(c.value);
	ret->point = get_varint(&r);
	ret->place = (unsigned)get_varint(&r);
	return true;
}

bool tag_name_get(struct txn *txn, struct scope scope, uint32_t tag, struct tag_origin *ret)
{
	uint32_t found;

	return tag_name_next(txn, scope, tag - 1, &found, ret) && found == tag;
}

bool tag_pair_next(struct txn *txn, struct scope scope, uint32_t tag, uint32_t from, uint32_t *ret_pair)
{
	autocursor struct cursor c = {0};
	struct key prefix = tag_key(scope, tag), key = key_series(scope, (struct subset){tag, from + 1}, 0);
	struct series s;

	cursor_init(&c, txn, TABLE_SERIES);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more && cursor_in(&c, key_bytes(&prefix)); more = cursor_next(&c)) {
		*ret_pair = u32_of_key(c.key.data + prefix.len);
		if (record_get(txn, TABLE_SERIES, c.key, &s) && s.count)
			return true;
	}
	return false;
}

bool tag_series_next(struct txn *txn, struct scope scope, struct subset subset, uint32_t from, uint32_t *ret_name, struct series *ret)
{
	autocursor struct cursor c = {0};
	struct key key = key_series(scope, subset, from + 1);

	cursor_init(&c, txn, TABLE_SERIES);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more && cursor_in(&c, bytes_make(key.at, key.len - 4)); more = cursor_next(&c)) {
		*ret_name = u32_of_key(c.key.data + key.len - 4);
		if (record_get(txn, TABLE_SERIES, c.key, ret) && ret->count)
			return true;
	}
	return false;
}

bool tag_pair_get(struct txn *txn, struct scope scope, struct subset subset, const struct tag *tag, struct tag_origin *ret)
{
	struct series s;
	struct event point;
	uint32_t name = 0;

	ret->point = 0;
	while (tag_series_next(txn, scope, subset, name, &name, &s))
		if (!ret->point || s.first < ret->point)
			ret->point = s.first;
	if (!ret->point || !log_read(txn, ret->point, &point))
		return false;
	ret->place = tag_place(point.point.tags, tag);
	return ret->place > 0;
}
