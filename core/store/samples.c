#include "core/store/samples.h"

#include "core/base/cleanup.h"
#include "core/base/digest.h"
#include "core/store/codec.h"
#include "core/store/point.h"

#include <errno.h>
#include <stdlib.h>

/* Hashes */

struct sample_hash sample_hash_of(struct bytes text)
{
	unsigned char full[DIGEST_LEN];
	struct sample_hash hash;

	digest(text, full);
	memcpy(hash.at, full, sizeof(hash.at));
	return hash;
}

/* Ids hold no `/` but the one between namespace and flow. */
int sample_hash_attempt(const struct event *attempt, struct sample_hash *ret)
{
	autobuf struct buf b = BUF_INIT;

	buf_add_bytes(&b, attempt->attempt.namespace);
	buf_add_char(&b, '/');
	buf_add_bytes(&b, attempt->attempt.flow);
	buf_add_char(&b, '/');
	buf_add_bytes(&b, attempt->attempt.task);
	*ret = sample_hash_of(buf_bytes(&b));
	return buf_error(&b);
}

struct sample_hash sample_hash_both(const struct sample_hash *attempt, const struct sample_hash *tags)
{
	struct sample_hash both;

	for (size_t i = 0; i < sizeof(both.at); i++)
		both.at[i] = attempt->at[i] ^ tags->at[i];
	return both;
}

/* A group of points: what its sample is made of */

struct group_of_points {
	struct sample_hash hash;
	struct sample_record record;
};

struct groups {
	struct group_of_points *at;
	size_t n, size;
	uint32_t *slots; /* 1 + place in `at`, by hash; 0: empty */
	size_t n_slots;
	bool failed;
};

static void groups_finish(struct groups *g)
{
	free(g->at);
	free(g->slots);
}

static uint32_t *slot_of(const struct groups *g, const struct sample_hash *hash)
{
	size_t i;

	memcpy(&i, hash->at, sizeof(i));
	for (;; i++) {
		uint32_t *slot = &g->slots[i & (g->n_slots - 1)];

		if (!*slot || memcmp(&g->at[*slot - 1].hash, hash, sizeof(*hash)) == 0)
			return slot;
	}
}

static bool groups_grow(struct groups *g)
{
	size_t size = g->size ? g->size * 2 : 16;
	struct group_of_points *larger = realloc(g->at, size * sizeof(*larger));
	uint32_t *slots = calloc(size * 2, sizeof(*slots));

	if (larger)
		g->at = larger;
	if (!larger || !slots) {
		free(slots);
		return false;
	}
	free(g->slots);
	g->slots = slots;
	g->size = size;
	g->n_slots = size * 2;
	for (size_t i = 0; i < g->n; i++)
		*slot_of(g, &g->at[i].hash) = (uint32_t)i + 1;
	return true;
}

/* The group of a hash, made if it is new; NULL where memory is out. */
static struct group_of_points *group_at(struct groups *g, const struct sample_hash *hash)
{
	uint32_t *slot;

	if (g->n == g->size && !groups_grow(g)) {
		g->failed = true;
		return NULL;
	}
	slot = slot_of(g, hash);
	if (!*slot) {
		g->at[g->n] = (struct group_of_points){.hash = *hash};
		*slot = (uint32_t)++g->n;
	}
	return &g->at[*slot - 1];
}

static void record_add(struct sample_record *r, const struct series_point *point)
{
	if (!r->first || point->number < r->first)
		r->first = point->number;
	if (point->number > r->last)
		r->last = point->number;
	totals_add(r->totals, &r->n_totals, point);
}

/* The hash of a point: nearly always that of the one before. */
struct hasher {
	event_t attempt;
	struct sample_hash of_attempt, of_tags;
	struct bytes tags; /* a view into the log */
	bool failed;
};

static struct sample_hash point_hash(struct txn *txn, struct hasher *h, const struct event *point)
{
	struct event attempt;

	if (h->attempt != point->about) {
		h->attempt = point->about;
		h->failed = h->failed || !log_read(txn, point->about, &attempt) || sample_hash_attempt(&attempt, &h->of_attempt) < 0;
	}
	if (!h->tags.data || !bytes_equal(h->tags, point->point.tags)) {
		h->tags = point->point.tags;
		h->failed = h->failed || sample_hash_tags(h->tags, &h->of_tags) < 0;
	}
	return sample_hash_both(&h->of_attempt, &h->of_tags);
}

/* Counts the points themselves. 0 or -ENOMEM. */
static int walk_groups(struct txn *txn, const struct series_id *id, const struct series *s, event_t version, struct groups *g)
{
	autoscan struct series_scan scan = {0};
	struct hasher hasher = {0};
	struct group_of_points *group;
	struct sample_hash hash;
	struct event point;
	event_t number;

	series_scan_init(&scan, txn, id, s, version);
	while (!g->failed && series_scan_next(&scan, &number, &point)) {
		struct series_point added = point_values(number, &point);

		hash = point_hash(txn, &hasher, &point);
		group = group_at(g, &hash);
		if (group)
			record_add(&group->record, &added);
	}
	return g->failed || hasher.failed ? -ENOMEM : 0;
}

/* The table: scope, name, hash */

static struct key samples_prefix(const struct series_id *id)
{
	struct key key = key_scope(id->scope);

	put_u32_key(id->name, key.at + key.len);
	key.len += 4;
	return key;
}

static struct key sample_key(const struct series_id *id, const struct sample_hash *hash)
{
	struct key key = samples_prefix(id);

	memcpy(key.at + key.len, hash->at, sizeof(hash->at));
	key.len += sizeof(hash->at);
	return key;
}

void sample_add(struct txn *txn, const struct series_id *id, const struct sample_hash *hash, const struct series_point *point, void **known)
{
	struct key key;
	void *record = known ? *known : NULL;

	if (!record) {
		key = sample_key(id, hash);
		record = record_edit(txn, TABLE_SAMPLES, key_bytes(&key));
	}
	if (known)
		*known = record;
	record_add(record, point);
}

static int read_groups(struct txn *txn, const struct series_id *id, struct groups *g)
{
	autocursor struct cursor c = {0};
	struct key key = samples_prefix(id);
	struct group_of_points *group;
	struct sample_hash hash;

	cursor_init(&c, txn, TABLE_SAMPLES);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more && cursor_in(&c, key_bytes(&key)); more = cursor_next(&c)) {
		memcpy(hash.at, c.key.data + key.len, sizeof(hash.at));
		group = group_at(g, &hash);
		if (!group)
			return -ENOMEM;
		record_get(txn, TABLE_SAMPLES, c.key, &group->record);
	}
	return 0;
}

static void drop_rows(struct txn *txn, const struct series_id *id)
{
	struct key prefix = samples_prefix(id), key;
	bool more = true;

	records_flush(txn);
	while (more && !txn_error(txn)) {
		autocursor struct cursor c = {0};

		cursor_init(&c, txn, TABLE_SAMPLES);
		more = cursor_seek(&c, key_bytes(&prefix)) && cursor_in(&c, key_bytes(&prefix)) && c.key.len <= sizeof(key.at);
		if (!more)
			break;
		memcpy(key.at, c.key.data, c.key.len);
		key.len = c.key.len;
		cursor_finish(&c);
		kv_delete(txn, TABLE_SAMPLES, key_bytes(&key));
	}
}

void samples_rebuild(struct txn *txn, const struct series_id *id, event_t version)
{
	struct groups groups = {0};
	struct series s;

	drop_rows(txn, id);
	if (series_get(txn, id->scope, (struct subset){0}, id->name, &s) && walk_groups(txn, id, &s, version, &groups) < 0)
		txn_fail(txn, -ENOMEM);
	for (size_t i = 0; i < groups.n && !txn_error(txn); i++) {
		struct key key = sample_key(id, &groups.at[i].hash);

		*(struct sample_record *)record_edit(txn, TABLE_SAMPLES, key_bytes(&key)) = groups.at[i].record;
	}
	groups_finish(&groups);
}

/* Visiting */

static int compare_first(const void *a, const void *b)
{
	const struct group_of_points *left = a, *right = b;

	return left->record.first < right->record.first ? -1 : left->record.first > right->record.first;
}

/* Its texts are those of its first point. */
static bool sample_of(struct txn *txn, const struct group_of_points *group, struct sample *ret)
{
	struct event point, attempt;

	if (!log_read(txn, group->record.first, &point) || !log_read(txn, point.about, &attempt))
		return false;
	*ret = (struct sample){
		.namespace = attempt.attempt.namespace,
		.flow = attempt.attempt.flow,
		.task = attempt.attempt.task,
		.tags = point.point.tags,
		.first = group->record.first,
		.last = group->record.last,
		.n_totals = group->record.n_totals,
	};
	memcpy(ret->totals, group->record.totals, sizeof(ret->totals));
	return true;
}

int samples_visit(struct txn *txn, const struct series_id *id, const struct series *s, event_t version,
		  void (*visit)(void *context, const struct sample *sample), void *context)
{
	bool kept = version >= s->last && !tag_is(&id->tag) && scope_is_indexed(txn, id->scope);
	struct groups groups = {0};
	struct sample sample;
	int r = kept ? read_groups(txn, id, &groups) : walk_groups(txn, id, s, version, &groups);

	if (!r && groups.n)
		qsort(groups.at, groups.n, sizeof(*groups.at), compare_first);
	for (size_t i = 0; !r && i < groups.n; i++)
		if (sample_of(txn, &groups.at[i], &sample))
			visit(context, &sample);
	groups_finish(&groups);
	return r ? r : txn_error(txn);
}
