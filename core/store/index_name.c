/* The numbers that stand for the names of metrics in keys. */
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/store/codec.h"
#include "core/store/index.h"
#include "core/store/query.h"

#include <errno.h>

void metric_stem(struct bytes name, struct buf *ret)
{
	name_encode(ret, name, NULL, NAME_ENTRY_MAX - METRIC_SUFFIX_MOST);
}

bool name_find(struct txn *txn, struct bytes stem, uint32_t *ret_id)
{
	struct bytes value;

	if (!stem.len || stem.len > KEY_MOST || !kv_get(txn, TABLE_NAMES, stem, &value))
		return false;
	*ret_id = u32_of_key(value.data);
	return true;
}

struct bytes name_text(struct txn *txn, uint32_t id)
{
	struct bytes value = {0};
	unsigned char key[4];

	put_u32_key(id, key);
	kv_get(txn, TABLE_NAME_TEXTS, bytes_make(key, sizeof(key)), &value);
	return value;
}

int metric_stem_of_text(struct bytes text, struct buf *ret)
{
	autobuf struct buf quoted = BUF_INIT, name = BUF_INIT;

	buf_add_char(&quoted, '"');
	buf_add_bytes(&quoted, text);
	buf_add_char(&quoted, '"');
	if (buf_error(&quoted))
		return buf_error(&quoted);
	json_string_decode(&name, buf_bytes(&quoted));
	metric_stem(buf_bytes(&name), ret);
	return buf_error(&name) ? buf_error(&name) : buf_error(ret);
}

int name_of_text(struct txn *txn, struct bytes text, uint32_t *ret_id)
{
	autobuf struct buf stem = BUF_INIT;
	int r = metric_stem_of_text(text, &stem);

	if (r < 0)
		return txn_fail(txn, r);
	if (name_find(txn, buf_bytes(&stem), ret_id))
		return 0;
	return txn_error(txn) ? txn_error(txn) : -ESTALE;
}

/* The number of a name that may be new. */
static uint32_t name_intern(struct txn *txn, struct bytes text)
{
	struct recording *recording = recording_of(txn);
	autobuf struct buf stem = BUF_INIT;
	unsigned char key[4];
	uint32_t id;
	int r = metric_stem_of_text(text, &stem);

	if (r < 0)
		txn_fail(txn, r);
	if (name_find(txn, buf_bytes(&stem), &id))
		return id;
	if (!recording->next_name)
		recording->next_name = (uint32_t)kv_count(txn, TABLE_NAMES) + 1;
	id = recording->next_name++;
	put_u32_key(id, key);
	kv_put(txn, TABLE_NAMES, buf_bytes(&stem), bytes_make(key, sizeof(key)));
	kv_put(txn, TABLE_NAME_TEXTS, bytes_make(key, sizeof(key)), text);
	return id;
}

/* A flood has few names: the ones met last are kept. */
uint32_t index_name(struct txn *txn, struct bytes text)
{
	uint64_t h = UINT64_C(14695981039346656037);
	struct cached_name *cached;

	for (size_t i = 0; i < text.len && i < 32; i++)
		h = (h ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
	cached = &recording_of(txn)->names[(h ^ h >> 32) % NAME_CACHE_SIZE];
	if (cached->id && bytes_equal(buf_bytes(&cached->text), text))
		return cached->id;
	buf_clear(&cached->text);
	buf_add_bytes(&cached->text, text);
	if (buf_error(&cached->text))
		txn_fail(txn, buf_error(&cached->text));
	cached->id = name_intern(txn, text);
	return cached->id;
}
