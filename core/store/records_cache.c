/* The records that a write transaction has changed: decoded once, written once, at its end. */
#include "core/store/records_cache.h"

#include "core/store/env.h"

#include <errno.h>

struct record_slot {
	enum table table;
	struct key key;
	union {
		struct execution execution;
		struct run run;
		struct attempt_record attempt;
		struct group group;
		struct series series;
		struct sample_record sample;
		struct collection collection;
		struct history history;
	} record;
};

static uint64_t hash_add(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* Eight bytes at a time: every point looks up some seven records. */
static size_t slot_hash(enum table table, struct bytes key)
{
	uint64_t h = table, word;
	size_t i = 0;

	for (; i + sizeof(word) <= key.len; i += sizeof(word)) {
		memcpy(&word, key.data + i, sizeof(word));
		h = hash_add(h, word);
	}
	for (word = key.len; i < key.len; i++)
		word = word << 8 | (unsigned char)key.data[i];
	return (size_t)hash_add(h, word);
}

/* The slot of the key, or the empty place where it belongs; NULL only while there are no slots at all. */
static struct record_slot **slot_find(const struct record_cache *cache, enum table table, struct bytes key)
{
	size_t mask = cache->n_slots - 1;

	if (!cache->n_slots)
		return NULL;
	for (size_t i = slot_hash(table, key) & mask;; i = (i + 1) & mask) {
		struct record_slot *slot = cache->slots[i];

		if (!slot || (slot->table == table && bytes_equal(key_bytes(&slot->key), key)))
			return &cache->slots[i];
	}
}

static int cache_grow(struct record_cache *cache)
{
	struct record_cache larger = {.n_slots = cache->n_slots ? cache->n_slots * 2 : 64, .used = cache->used};

	larger.slots = calloc(larger.n_slots, sizeof(struct record_slot *));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < cache->n_slots; i++)
		if (cache->slots[i])
			*slot_find(&larger, cache->slots[i]->table, key_bytes(&cache->slots[i]->key)) = cache->slots[i];
	free(cache->slots);
	*cache = larger;
	return 0;
}

void records_drop(struct record_cache *cache)
{
	for (size_t i = 0; i < cache->n_slots; i++)
		free(cache->slots[i]);
	free(cache->slots);
	*cache = (struct record_cache){0};
}

static bool record_read(struct txn *txn, enum table table, struct bytes key, void *ret)
{
	struct bytes value;
	struct reader r;

	memset(ret, 0, record_kinds[table].size);
	if (!kv_get(txn, table, key, &value))
		return false;
	r = reader_of(value);
	record_kinds[table].unpack(&r, ret);
	if (r.bad)
		txn_fail(txn, -EUCLEAN);
	return !r.bad;
}

bool record_get(struct txn *txn, enum table table, struct bytes key, void *ret)
{
	struct record_slot **slot = slot_find(&txn->records, table, key);

	if (!slot || !*slot)
		return record_read(txn, table, key, ret);
	memcpy(ret, &(*slot)->record, record_kinds[table].size);
	return true;
}

/* What is written after an error is thrown away; empty each time, since it may have been a record of another table. */
static void *out_of_memory(struct txn *txn)
{
	static _Thread_local struct record_slot scratch;

	txn_fail(txn, -ENOMEM);
	memset(&scratch, 0, sizeof(scratch));
	return &scratch.record;
}

void *record_edit(struct txn *txn, enum table table, struct bytes key)
{
	struct record_slot **place, *slot;

	if (txn->records.used * 2 >= txn->records.n_slots && cache_grow(&txn->records) < 0)
		return out_of_memory(txn);
	place = slot_find(&txn->records, table, key);
	if (*place)
		return &(*place)->record;
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return out_of_memory(txn);
	slot->table = table;
	slot->key.len = key.len;
	memcpy(slot->key.at, key.data, key.len);
	record_read(txn, table, key, &slot->record);
	txn->records.used++;
	return &(*place = slot)->record;
}

static int slot_compare(const void *a, const void *b)
{
	const struct record_slot *left = *(struct record_slot *const *)a, *right = *(struct record_slot *const *)b;

	if (left->table != right->table)
		return left->table < right->table ? -1 : 1;
	return bytes_compare(key_bytes(&left->key), key_bytes(&right->key));
}

/* In key order, since neighbours share a page. */
void records_flush(struct txn *txn)
{
	struct record_cache *cache = &txn->records;
	autobuf struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < cache->n_slots; i++)
		if (cache->slots[i])
			cache->slots[n++] = cache->slots[i];
	if (n)
		qsort(cache->slots, n, sizeof(*cache->slots), slot_compare);
	for (size_t i = 0; i < n; i++) {
		struct record_slot *slot = cache->slots[i];

		buf_clear(&b);
		record_kinds[slot->table].pack(&b, &slot->record);
		if (buf_error(&b))
			txn_fail(txn, buf_error(&b));
		kv_put(txn, slot->table, key_bytes(&slot->key), buf_bytes(&b));
	}
	cache->n_slots = n; /* the rest was moved or empty */
	txn->generation++;
	records_drop(cache);
}
