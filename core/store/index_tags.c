/* The tags of a point as the indexes want them: their numbers, their names as one shape, their set as one hash. */
#include "core/json/scan.h"
#include "core/store/codec.h"
#include "core/store/columns.h"
#include "core/store/index.h"
#include "core/store/series_chunk.h"

#include <errno.h>
#include <stdlib.h>

/* The number of a tag's name or of a tag, which may be new. */
static uint32_t intern(struct txn *txn, uint32_t parent, struct bytes text)
{
	struct recording *recording = recording_of(txn);
	unsigned char id_key[4], key[4 + KEY_MOST];
	autobuf struct buf entry = BUF_INIT;
	uint32_t id;
	int r = tag_entry(text, &entry);

	if (r < 0) {
		txn_fail(txn, r);
		return 0;
	}
	if (tag_find(txn, parent, buf_bytes(&entry), &id))
		return id;
	if (!recording->next_tag)
		recording->next_tag = (uint32_t)kv_count(txn, TABLE_TAGS) + 1;
	id = recording->next_tag++;
	put_u32_key(parent, key);
	memcpy(key + 4, entry.data, entry.len);
	put_u32_key(id, id_key);
	kv_put(txn, TABLE_TAGS, bytes_make(key, 4 + entry.len), bytes_make(id_key, sizeof(id_key)));
	kv_put(txn, TABLE_TAG_TEXTS, bytes_make(id_key, sizeof(id_key)), text);
	return id;
}

static int compare_names(const void *a, const void *b)
{
	return bytes_compare(((const struct tag *)a)->name, ((const struct tag *)b)->name);
}

/* The same set in another order has the same hash. */
static int hash_set(struct bytes tags, unsigned n, struct sample_hash *ret)
{
	autobuf struct buf text = BUF_INIT;
	autofree struct tag *all = calloc(n + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (unsigned i = 0; tag_next(&tags, &all[i]) && i < n;)
		i++;
	qsort(all, n, sizeof(*all), compare_names);
	for (unsigned i = 0; i < n; i++) {
		buf_add_bytes(&text, all[i].name);
		buf_add_text(&text, "\":\"");
		buf_add_bytes(&text, all[i].value);
		buf_add_char(&text, '"');
	}
	if (buf_error(&text))
		return buf_error(&text);
	*ret = sample_hash_of(buf_bytes(&text));
	return 0;
}

int sample_hash_tags(struct bytes tags, struct sample_hash *ret)
{
	return hash_set(tags, tags_count(tags), ret);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/*
 * Points with the same names of tags have the same shape within a transaction. The order counts only where there are
 * more names than columns: such points have a shape each.
 */
static uint64_t shape_of(struct recording *recording, uint32_t *names, unsigned n)
{
	uint64_t h = n;
	struct cached_shape *cached;

	if (n > SHAPE_NAMES_MOST)
		return ++recording->next_shape;
	if (n > 1)
		qsort(names, n, sizeof(*names), compare_numbers);
	for (unsigned i = 0; i < n; i++)
		h = (h ^ names[i]) * UINT64_C(0x9e3779b97f4a7c15);
	cached = &recording->shapes[(h >> 32) % SHAPE_CACHE_SIZE];
	if (cached->shape && cached->n == n && memcmp(cached->names, names, n * sizeof(*names)) == 0)
		return cached->shape;
	memcpy(cached->names, names, n * sizeof(*names));
	cached->n = n;
	return cached->shape = ++recording->next_shape;
}

/* Takes the tags one by one; their numbers into `tags`, those of their names into `names`. */
static void number_tags(struct txn *txn, struct point_tags *tags, uint32_t *names)
{
	struct bytes rest = buf_bytes(&tags->text);
	struct tag tag;

	for (unsigned i = 0; tag_next(&rest, &tag); i++) {
		names[i] = intern(txn, 0, tag.name);
		if (i < tags->n_indexed)
			tags->ids[i] = (struct subset){names[i], intern(txn, names[i], tag.value)};
	}
}

static int fill(struct txn *txn, struct point_tags *tags, struct bytes text)
{
	autofree uint32_t *names = NULL;
	struct columns columns = {0};

	buf_clear(&tags->text);
	buf_add_bytes(&tags->text, text);
	tags->serial = 0;
	tags->n = tags_count(text);
	tags->n_indexed = tags->n < TAG_PLACES ? tags->n : TAG_PLACES;
	free(tags->ids);
	tags->ids = calloc(tags->n_indexed + 1, sizeof(*tags->ids));
	names = calloc(tags->n + 1, sizeof(*names));
	if (!tags->ids || !names || buf_error(&tags->text))
		return -ENOMEM;
	number_tags(txn, tags, names);
	tags->shape = shape_of(recording_of(txn), names, tags->n);
	columns_learn(&columns, buf_bytes(&tags->text), 1);
	tags->cells = columns_cells(&columns, buf_bytes(&tags->text));
	return hash_set(buf_bytes(&tags->text), tags->n, &tags->set);
}

struct point_tags *index_tags(struct txn *txn, struct bytes text)
{
	uint64_t h = text.len, word;
	struct point_tags *tags;
	int r;

	for (size_t i = 0; i + sizeof(word) <= text.len && i < 256; i += sizeof(word)) {
		memcpy(&word, text.data + i, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	for (size_t i = text.len & ~(sizeof(word) - 1); i < text.len; i++)
		h = (h ^ (unsigned char)text.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
	tags = &recording_of(txn)->tags[(h >> 40) % TAGS_CACHE_SIZE];
	if (tags->shape && bytes_equal(buf_bytes(&tags->text), text))
		return tags;
	tags->shape = 0;
	r = fill(txn, tags, text);
	if (r < 0) {
		txn_fail(txn, r);
		*tags = (struct point_tags){.text = tags->text, .ids = tags->ids, .targets = tags->targets, .n_targets = tags->n_targets};
	}
	return tags;
}
