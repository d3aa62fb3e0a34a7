/*
 * Encoding of the records, one row a table, and the cache of those a write transaction has changed.
 */
#include "core/store/records.h"

#include "core/base/cleanup.h"
#include "core/store/codec.h"
#include "core/store/env.h"

#include <errno.h>

enum state tally_worst(const struct tally *tally)
{
	static const enum state worst_first[] = {STATE_FAILED, STATE_KILLED, STATE_WARNING};

	for (size_t i = 0; i < sizeof(worst_first) / sizeof(*worst_first); i++)
		if (tally->of[worst_first[i]])
			return worst_first[i];
	return STATE_SUCCESS;
}

enum state tally_state(const struct tally *tally)
{
	return tally->of[STATE_RUNNING] ? STATE_RUNNING : tally_worst(tally);
}

/* Keys */

static void key_add(struct key *key, event_t event)
{
	event_to_key(event, key->at + key->len);
	key->len += EVENT_KEY_LEN;
}

struct key key_event(event_t event)
{
	struct key key = {.len = 0};

	key_add(&key, event);
	return key;
}

struct key key_events(event_t first, event_t second)
{
	struct key key = key_event(first);

	key_add(&key, second);
	return key;
}

/* The event first: what is new stands at a table's end, so its pages get full, and what belongs to one execution stands together. */
struct key key_scope(struct scope scope)
{
	struct key key = key_event(scope.event);

	key.at[key.len++] = (unsigned char)scope.code;
	return key;
}

struct key key_scope_event(struct scope scope, event_t event)
{
	struct key key = key_scope(scope);

	key_add(&key, event);
	return key;
}

struct key key_series(struct scope scope, uint32_t tag, uint32_t name)
{
	struct key key = key_scope(scope);

	put_u32_key(tag, key.at + key.len);
	put_u32_key(name, key.at + key.len + 4);
	key.len += 8;
	return key;
}

struct scope scope_of_key(const void *key)
{
	return scope_of(((const unsigned char *)key)[EVENT_KEY_LEN], event_of_key(key));
}

/* Records */

static void put_scope(struct buf *b, struct scope s)
{
	put_u8(b, s.code);
	put_varint(b, s.event);
}

static struct scope get_scope(struct reader *r)
{
	unsigned code = get_u8(r);

	return scope_of(code, get_varint(r));
}

static void put_tally(struct buf *b, const struct tally *t)
{
	for (int i = STATE_RUNNING; i < STATES; i++)
		put_varint(b, t->of[i]);
}

static void get_tally(struct reader *r, struct tally *t)
{
	for (int i = STATE_RUNNING; i < STATES; i++)
		t->of[i] = (uint32_t)get_varint(r);
}

static void execution_pack(struct buf *b, const void *record)
{
	const struct execution *e = record;

	put_u8(b, (unsigned)e->begun | (unsigned)e->closed << 1);
	put_u8(b, e->given);
	put_varint(b, e->flow);
	put_varint(b, e->last_event);
	put_varint(b, e->last_output);
	put_varint(b, e->last_point);
	put_tally(b, &e->runs);
}

static void execution_unpack(struct reader *r, void *record)
{
	struct execution *e = record;
	unsigned flags = get_u8(r);

	e->begun = flags & 1;
	e->closed = flags >> 1 & 1;
	e->given = get_u8(r);
	e->flow = get_varint(r);
	e->last_event = get_varint(r);
	e->last_output = get_varint(r);
	e->last_point = get_varint(r);
	get_tally(r, &e->runs);
}

static void run_pack(struct buf *b, const void *record)
{
	const struct run *run = record;

	put_u8(b, run->depth);
	put_varint(b, run->group_event);
	put_varint(b, run->attempt);
	put_varint(b, run->attempts);
}

static void run_unpack(struct reader *r, void *record)
{
	struct run *run = record;

	run->depth = get_u8(r);
	run->group_event = get_varint(r);
	run->attempt = get_varint(r);
	run->attempts = (unsigned)get_varint(r);
}

static void attempt_pack(struct buf *b, const void *record)
{
	const struct attempt_record *a = record;

	put_u8(b, a->depth);
	put_u8(b, a->state);
	put_varint(b, (uint64_t)(a->exit_code + 1));
	put_varint(b, a->execution);
	put_varint(b, a->run);
	put_varint(b, a->group_event);
	put_varint(b, a->number);
	put_varint(b, a->previous);
	put_varint(b, a->next);
	put_varint(b, a->end);
	put_varint(b, a->last_output);
	put_varint(b, a->last_point);
}

static void attempt_unpack(struct reader *r, void *record)
{
	struct attempt_record *a = record;

	a->depth = get_u8(r);
	a->state = get_u8(r);
	a->exit_code = (int)get_varint(r) - 1;
	a->execution = get_varint(r);
	a->run = get_varint(r);
	a->group_event = get_varint(r);
	a->number = (unsigned)get_varint(r);
	a->previous = get_varint(r);
	a->next = get_varint(r);
	a->end = get_varint(r);
	a->last_output = get_varint(r);
	a->last_point = get_varint(r);
}

static void group_pack(struct buf *b, const void *record)
{
	const struct group *g = record;

	put_scope(b, g->parent);
	put_varint(b, g->run);
	put_varint(b, g->run_began);
	put_varint(b, g->children);
	put_varint(b, g->last_output);
	put_varint(b, g->last_point);
	put_tally(b, &g->runs);
}

static void group_unpack(struct reader *r, void *record)
{
	struct group *g = record;

	g->parent = get_scope(r);
	g->run = get_varint(r);
	g->run_began = get_varint(r);
	g->children = (uint32_t)get_varint(r);
	g->last_output = get_varint(r);
	g->last_point = get_varint(r);
	get_tally(r, &g->runs);
}

/* One point is the most common series of a single run: its value and time are written once. */
static void totals_pack(struct buf *b, const struct totals *t)
{
	put_u8(b, t->type);
	put_varint(b, t->count);
	put_double(b, t->last);
	put_u64(b, (uint64_t)t->latest);
	if (t->count == 1)
		return;
	put_double(b, t->sum);
	put_double(b, t->min);
	put_double(b, t->max);
	put_u64(b, (uint64_t)t->first);
}

static void totals_unpack(struct reader *r, struct totals *t)
{
	t->type = get_u8(r);
	t->count = get_varint(r);
	t->last = t->sum = t->min = t->max = get_double(r);
	t->latest = t->first = (usec_t)get_u64(r);
	if (t->count == 1)
		return;
	t->sum = get_double(r);
	t->min = get_double(r);
	t->max = get_double(r);
	t->first = (usec_t)get_u64(r);
}

static void series_pack(struct buf *b, const void *record)
{
	const struct series *s = record;

	put_varint(b, s->first);
	put_varint(b, s->last - s->first);
	put_varint(b, s->chunk_first);
	put_varint(b, s->chunk_last);
	put_varint(b, s->chunk_count);
	put_varint(b, s->bytes);
	put_varint(b, s->count);
	put_varint(b, s->shrunk);
	put_u8(b, s->n_totals);
	for (unsigned i = 0; i < s->n_totals; i++)
		totals_pack(b, &s->totals[i]);
}

static void series_unpack(struct reader *r, void *record)
{
	struct series *s = record;

	s->first = get_varint(r);
	s->last = s->first + get_varint(r);
	s->chunk_first = get_varint(r);
	s->chunk_last = get_varint(r);
	s->chunk_count = (uint32_t)get_varint(r);
	s->bytes = get_varint(r);
	s->count = get_varint(r);
	s->shrunk = (uint32_t)get_varint(r);
	s->n_totals = get_u8(r);
	if (s->n_totals > METRIC_TYPES) {
		s->n_totals = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < s->n_totals; i++)
		totals_unpack(r, &s->totals[i]);
}

struct record_kind {
	size_t size;
	void (*pack)(struct buf *b, const void *record);
	void (*unpack)(struct reader *r, void *record);
};

static const struct record_kind kinds[TABLES] = {
	[TABLE_EXECUTIONS] = {sizeof(struct execution), execution_pack, execution_unpack},
	[TABLE_RUNS] = {sizeof(struct run), run_pack, run_unpack},
	[TABLE_ATTEMPTS] = {sizeof(struct attempt_record), attempt_pack, attempt_unpack},
	[TABLE_GROUPS] = {sizeof(struct group), group_pack, group_unpack},
	[TABLE_SERIES] = {sizeof(struct series), series_pack, series_unpack},
};

/* The cache */

struct record_slot {
	enum table table;
	struct key key;
	union {
		struct execution execution;
		struct run run;
		struct attempt_record attempt;
		struct group group;
		struct series series;
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

	memset(ret, 0, kinds[table].size);
	if (!kv_get(txn, table, key, &value))
		return false;
	r = reader_of(value);
	kinds[table].unpack(&r, ret);
	if (r.bad)
		txn_fail(txn, -EUCLEAN);
	return !r.bad;
}

bool record_get(struct txn *txn, enum table table, struct bytes key, void *ret)
{
	struct record_slot **slot = slot_find(&txn->records, table, key);

	if (!slot || !*slot)
		return record_read(txn, table, key, ret);
	memcpy(ret, &(*slot)->record, kinds[table].size);
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
		kinds[slot->table].pack(&b, &slot->record);
		if (buf_error(&b))
			txn_fail(txn, buf_error(&b));
		kv_put(txn, slot->table, key_bytes(&slot->key), buf_bytes(&b));
	}
	cache->n_slots = n; /* the rest was moved or empty */
	records_drop(cache);
}

/* Typed editing */

struct execution *execution_edit(struct txn *txn, event_t id)
{
	struct key key = key_event(id);

	return record_edit(txn, TABLE_EXECUTIONS, key_bytes(&key));
}

struct attempt_record *attempt_edit(struct txn *txn, event_t id)
{
	struct key key = key_event(id);

	return record_edit(txn, TABLE_ATTEMPTS, key_bytes(&key));
}

struct group *group_edit(struct txn *txn, struct scope scope)
{
	struct key key = key_scope(scope);

	return record_edit(txn, TABLE_GROUPS, key_bytes(&key));
}

/* Typed reading */

bool execution_get(struct txn *txn, event_t id, struct execution *ret)
{
	struct key key = key_event(id);

	return record_get(txn, TABLE_EXECUTIONS, key_bytes(&key), ret);
}

bool run_get(struct txn *txn, event_t execution, event_t id, struct run *ret)
{
	struct key key = key_events(execution, id);

	return record_get(txn, TABLE_RUNS, key_bytes(&key), ret);
}

bool attempt_get(struct txn *txn, event_t id, struct attempt_record *ret)
{
	struct key key = key_event(id);

	return record_get(txn, TABLE_ATTEMPTS, key_bytes(&key), ret);
}

bool group_get(struct txn *txn, struct scope scope, struct group *ret)
{
	struct key key = key_scope(scope);

	return record_get(txn, TABLE_GROUPS, key_bytes(&key), ret);
}

bool series_get(struct txn *txn, struct scope scope, uint32_t tag, uint32_t name, struct series *ret)
{
	struct key key = key_series(scope, tag, name);

	return record_get(txn, TABLE_SERIES, key_bytes(&key), ret);
}
