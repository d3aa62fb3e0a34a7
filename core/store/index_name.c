/* Points: into the series of every scope they count in; and the numbers that stand for metric names in keys. */
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series.h"

#include <errno.h>

#define KEY_LAST_POINT BYTES_LITERAL("last_point")

/* Names */

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
static uint32_t name_id(struct txn *txn, struct bytes text)
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

/* Points */

static void note_change(struct txn *txn, const struct attempt_scopes *scopes, event_t number)
{
	attempt_edit(txn, scopes->attempt)->last_point = number;
	execution_edit(txn, scopes->execution)->last_point = number;
	for (unsigned i = 0; scopes->shown && i < scopes->n_groups; i++)
		group_edit(txn, scopes->groups[i])->last_point = number;
	recording_of(txn)->last_point = number;
}

void apply_point(struct txn *txn, event_t number, const struct event *event)
{
	const struct attempt_scopes *scopes = index_scopes(txn, event->about);
	uint32_t name = name_id(txn, event->point.name);
	struct series_point point = {
		.number = number,
		.bytes = point_bytes(event, scopes->suffix_len),
		.type = event->point.type,
		.timestamp = event->point.timestamp,
		.value = point_value(event),
	};

	for (unsigned i = 0; i < scopes->n_scopes; i++)
		series_add(txn, scopes->scopes[i], 0, name, &point);
	note_change(txn, scopes, number);
}

void apply_shrunk(struct txn *txn, event_t number, const struct event *event)
{
	struct series_id id = {.scope = event->shrunk.scope, .name = name_id(txn, event->shrunk.name), .text = event->shrunk.name};

	series_shrink(txn, &id, event->about, number);
	if (scope_is_group(id.scope))
		group_edit(txn, id.scope)->last_point = number;
}

/* What the root's own documents are versions of. */

event_t root_last_point(struct txn *txn)
{
	struct bytes value;
	struct reader r;

	if (!kv_get(txn, TABLE_META, KEY_LAST_POINT, &value))
		return 0;
	r = reader_of(value);
	return get_varint(&r);
}

void index_finish(struct txn *txn)
{
	autobuf struct buf b = BUF_INIT;

	log_finish(txn);
	if (!txn->recording || !txn->recording->last_point)
		return;
	put_varint(&b, txn->recording->last_point);
	if (buf_error(&b))
		txn_fail(txn, buf_error(&b));
	kv_put(txn, TABLE_META, KEY_LAST_POINT, buf_bytes(&b));
}
