/* Encoding of the records, one row a table; keys. */
#include "core/store/records_cache.h"

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

static void key_add_u32(struct key *key, uint32_t n)
{
	put_u32_key(n, key->at + key->len);
	key->len += 4;
}

struct key key_series(struct scope scope, struct subset subset, uint32_t name)
{
	struct key key = key_scope(scope);

	key_add_u32(&key, subset.tag);
	if (subset.tag)
		key_add_u32(&key, subset.pair);
	key_add_u32(&key, name);
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

static void put_intake(struct buf *b, const struct intake *i)
{
	put_varint(b, i->taken << 1 | i->tagged);
}

static void get_intake(struct reader *r, struct intake *i)
{
	uint64_t packed = get_varint(r);

	i->taken = packed >> 1;
	i->tagged = packed & 1;
}

static void execution_pack(struct buf *b, const void *record)
{
	const struct execution *e = record;

	put_u8(b, (unsigned)e->begun | (unsigned)e->closed << 1);
	put_u8(b, (unsigned)e->given | (unsigned)e->shown << 4);
	put_varint(b, e->flow);
	put_varint(b, e->last_event);
	put_varint(b, e->last_output);
	put_varint(b, e->last_point);
	put_intake(b, &e->intake);
	put_tally(b, &e->runs);
}

static void execution_unpack(struct reader *r, void *record)
{
	struct execution *e = record;
	unsigned flags = get_u8(r), states = get_u8(r);

	e->begun = flags & 1;
	e->closed = flags >> 1 & 1;
	e->given = states & 15;
	e->shown = states >> 4;
	e->flow = get_varint(r);
	e->last_event = get_varint(r);
	e->last_output = get_varint(r);
	e->last_point = get_varint(r);
	get_intake(r, &e->intake);
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
	put_intake(b, &a->intake);
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
	get_intake(r, &a->intake);
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
	put_intake(b, &g->intake);
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
	get_intake(r, &g->intake);
	get_tally(r, &g->runs);
}

static void collection_pack(struct buf *b, const void *record)
{
	const struct collection *c = record;

	put_varint(b, c->last_event);
	put_varint(b, c->last_point);
	put_intake(b, &c->intake);
	put_tally(b, &c->executions);
}

static void collection_unpack(struct reader *r, void *record)
{
	struct collection *c = record;

	c->last_event = get_varint(r);
	c->last_point = get_varint(r);
	get_intake(r, &c->intake);
	get_tally(r, &c->executions);
}

static void history_pack(struct buf *b, const void *record)
{
	const struct history *h = record;

	put_varint(b, h->last);
	put_varint(b, h->last_place);
	put_varint(b, h->rows);
	put_varint(b, h->not_numbers);
	put_varint(b, h->json_bytes);
	put_varint(b, h->csv_bytes);
}

static void history_unpack(struct reader *r, void *record)
{
	struct history *h = record;

	h->last = get_varint(r);
	h->last_place = (uint32_t)get_varint(r);
	h->rows = get_varint(r);
	h->not_numbers = get_varint(r);
	h->json_bytes = get_varint(r);
	h->csv_bytes = get_varint(r);
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

static void put_totals(struct buf *b, const struct totals totals[METRIC_TYPES], unsigned n)
{
	put_u8(b, n);
	for (unsigned i = 0; i < n; i++)
		totals_pack(b, &totals[i]);
}

static void get_totals(struct reader *r, struct totals totals[METRIC_TYPES], unsigned *n)
{
	*n = get_u8(r);
	if (*n > METRIC_TYPES) {
		*n = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < *n; i++)
		totals_unpack(r, &totals[i]);
}

static unsigned columns_kept(const struct series *s)
{
	return s->n_columns <= COLUMNS_KEPT ? s->n_columns : 0;
}

/* Numbers near each other are written as their distance: most series are of a point or two. */
static void series_pack(struct buf *b, const void *record)
{
	const struct series *s = record;

	put_varint(b, s->first);
	put_varint(b, s->last - s->first);
	put_varint(b, s->chunk_first - s->first);
	put_varint(b, s->chunk_last - s->chunk_first);
	put_varint(b, s->chunk_count);
	put_varint(b, s->json_bytes);
	put_varint(b, s->csv_bytes);
	put_varint(b, s->count);
	put_varint(b, s->shrunk);
	put_varint(b, (uint64_t)s->n_columns << 2 | (uint64_t)(s->more != 0) << 1 | s->first_columns);
	if (s->more)
		put_varint(b, s->more);
	for (unsigned i = 0; i < columns_kept(s); i++) {
		put_varint(b, s->columns[i].tag);
		put_varint(b, s->columns[i].since - s->first);
	}
	put_totals(b, s->totals, s->n_totals);
}

static void series_unpack(struct reader *r, void *record)
{
	struct series *s = record;
	uint64_t columns;

	s->first = get_varint(r);
	s->last = s->first + get_varint(r);
	s->chunk_first = s->first + get_varint(r);
	s->chunk_last = s->chunk_first + get_varint(r);
	s->chunk_count = (uint32_t)get_varint(r);
	s->json_bytes = get_varint(r);
	s->csv_bytes = get_varint(r);
	s->count = get_varint(r);
	s->shrunk = get_varint(r);
	columns = get_varint(r);
	s->n_columns = (unsigned)(columns >> 2);
	s->first_columns = columns & 1;
	if (columns & 2)
		s->more = get_varint(r);
	for (unsigned i = 0; i < columns_kept(s); i++) {
		s->columns[i].tag = (uint32_t)get_varint(r);
		s->columns[i].since = s->first + get_varint(r);
	}
	get_totals(r, s->totals, &s->n_totals);
}

static void sample_pack(struct buf *b, const void *record)
{
	const struct sample_record *s = record;

	put_varint(b, s->first);
	put_varint(b, s->last - s->first);
	put_totals(b, s->totals, s->n_totals);
}

static void sample_unpack(struct reader *r, void *record)
{
	struct sample_record *s = record;

	s->first = get_varint(r);
	s->last = s->first + get_varint(r);
	get_totals(r, s->totals, &s->n_totals);
}

const struct record_kind record_kinds[TABLES] = {
	[TABLE_EXECUTIONS] = {sizeof(struct execution), execution_pack, execution_unpack},
	[TABLE_RUNS] = {sizeof(struct run), run_pack, run_unpack},
	[TABLE_ATTEMPTS] = {sizeof(struct attempt_record), attempt_pack, attempt_unpack},
	[TABLE_GROUPS] = {sizeof(struct group), group_pack, group_unpack},
	[TABLE_SERIES] = {sizeof(struct series), series_pack, series_unpack},
	[TABLE_SAMPLES] = {sizeof(struct sample_record), sample_pack, sample_unpack},
	[TABLE_COLLECTIONS] = {sizeof(struct collection), collection_pack, collection_unpack},
	[TABLE_HISTORIES] = {sizeof(struct history), history_pack, history_unpack},
};

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

struct collection *collection_edit(struct txn *txn, struct scope scope)
{
	struct key key = key_scope(scope);

	return record_edit(txn, TABLE_COLLECTIONS, key_bytes(&key));
}

struct history *history_edit(struct txn *txn, event_t id)
{
	struct key key = key_event(id);

	return record_edit(txn, TABLE_HISTORIES, key_bytes(&key));
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

bool collection_get(struct txn *txn, struct scope scope, struct collection *ret)
{
	struct key key = key_scope(scope);

	return record_get(txn, TABLE_COLLECTIONS, key_bytes(&key), ret);
}

bool history_get(struct txn *txn, event_t id, struct history *ret)
{
	struct key key = key_event(id);

	return record_get(txn, TABLE_HISTORIES, key_bytes(&key), ret);
}

bool series_get(struct txn *txn, struct scope scope, struct subset subset, uint32_t name, struct series *ret)
{
	struct key key = key_series(scope, subset, name);

	return record_get(txn, TABLE_SERIES, key_bytes(&key), ret);
}
