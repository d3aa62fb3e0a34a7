/*
 * Points: into the series of every scope they count in. A scope that has taken TAGS_FROM points and tags gets an index by tag and
 * samples, made of those it has; from then on each point counts there too.
 */
#include "core/store/index.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series_write.h"

#include "core/base/cleanup.h"
#include "core/store/codec.h"

#include <errno.h>

/* The index by tag */

/* The first point of a scope with a tag's name. Points may be taken name by name, so a later one may come before. */
static void note_origin(struct txn *txn, struct scope scope, uint32_t tag, event_t number, unsigned place)
{
	struct buf *b = &recording_of(txn)->scratch;
	struct key key = key_scope(scope);
	struct tag_origin origin;

	if (tag_name_get(txn, scope, tag, &origin) && origin.point <= number)
		return;
	put_u32_key(tag, key.at + key.len);
	key.len += 4;
	buf_clear(b);
	put_varint(b, number);
	put_varint(b, place);
	if (buf_error(b))
		txn_fail(txn, buf_error(b));
	kv_put(txn, TABLE_SERIES_ORDER, key_bytes(&key), buf_bytes(b));
}

static void take_tags(struct txn *txn, const struct series_id *id, const struct series_point *added, const struct sample_hash *attempt)
{
	struct sample_hash hash = sample_hash_both(attempt, &added->tags->set);
	struct series_id by_tag = {.scope = id->scope, .name = id->name};

	sample_add(txn, id, &hash, added);
	for (unsigned i = 0; i < added->tags->n_indexed; i++) {
		by_tag.subset = added->tags->ids[i];
		if (series_add(txn, &by_tag, added))
			note_origin(txn, id->scope, by_tag.subset.tag, added->number, i + 1);
	}
}

static struct intake *intake_edit(struct txn *txn, struct scope scope)
{
	if (scope_is_collection(scope))
		return &collection_edit(txn, scope)->intake;
	if (scope_is_group(scope))
		return &group_edit(txn, scope)->intake;
	if (scope.code == SCOPE_EXECUTION)
		return &execution_edit(txn, scope.event)->intake;
	return &attempt_edit(txn, scope.event)->intake;
}

/* Walks over points whose views must not outlive what is written meanwhile: what is needed of each is copied. */
struct point_walk {
	struct txn *txn;
	struct buf text; /* of the series' name */
	event_t attempt; /* whose suffixes these are */
	size_t json_suffix, csv_suffix;
	struct sample_hash sample;
};

static void find_attempt(struct point_walk *w, event_t attempt)
{
	struct buf *b = &recording_of(w->txn)->scratch;
	struct event event;

	if (w->attempt == attempt)
		return;
	w->attempt = attempt;
	buf_clear(b);
	if (!log_read(w->txn, attempt, &event))
		return;
	point_suffix(&event, b);
	w->json_suffix = b->len;
	point_csv_suffix(&event, b);
	w->csv_suffix = b->len - w->json_suffix;
	if (sample_hash_attempt(&event, &w->sample) < 0 || buf_error(b))
		txn_fail(w->txn, -ENOMEM);
}

static struct series_point point_added(struct txn *txn, event_t number, const struct event *point, size_t json_suffix, size_t csv_suffix)
{
	struct series_point added = point_values(number, point);

	added.json_bytes = point_bytes(point, json_suffix);
	added.csv_bytes = point_csv_bytes(point, csv_suffix);
	added.tags = index_tags(txn, point->point.tags); /* last: it may write, and what a view points to may move then */
	return added;
}

/* Visits all points of a scope, name by name, as of a version. `id` has scope, name and text. */
static void walk_points(struct txn *txn, struct scope scope, event_t version,
			void (*visit)(struct point_walk *w, const struct series_id *id, event_t number, const struct event *point,
				      void *context),
			void *context)
{
	struct point_walk w = {.txn = txn};
	struct series_id id = {.scope = scope};
	event_t next = 0, number;
	struct event point;
	struct series s;

	while (series_next(txn, scope, next, &next, &id.name)) {
		autoscan struct series_scan scan = {0};

		buf_clear(&w.text);
		buf_add_bytes(&w.text, name_text(txn, id.name));
		if (buf_error(&w.text))
			txn_fail(txn, buf_error(&w.text));
		id.text = buf_bytes(&w.text);
		if (!series_get(txn, scope, id.subset, id.name, &s))
			continue;
		series_scan_init(&scan, txn, &id, &s, version);
		while (series_scan_next(&scan, &number, &point)) {
			find_attempt(&w, point.about);
			visit(&w, &id, number, &point, context);
		}
	}
	buf_finish(&w.text);
}

static void visit_for_tags(struct point_walk *w, const struct series_id *id, event_t number, const struct event *point, void *context)
{
	struct series_point added = point_added(w->txn, number, point, w->json_suffix, w->csv_suffix);

	(void)context;
	take_tags(w->txn, id, &added, &w->sample);
}

static void index_scope(struct txn *txn, struct scope scope, event_t version)
{
	walk_points(txn, scope, version, visit_for_tags, NULL);
}

/* Taking points */

/* True where the scope got its index now. */
static bool take_point(struct txn *txn, const struct series_id *id, const struct series_point *added, const struct sample_hash *attempt)
{
	struct intake *intake;
	bool indexed;

	series_add(txn, id, added);
	intake = intake_edit(txn, id->scope);
	indexed = intake->taken >= TAGS_FROM;
	intake->taken += 1 + added->tags->n;
	intake->tagged = intake->tagged || added->tags->n;
	if (indexed)
		take_tags(txn, id, added, attempt);
	else if (intake->taken >= TAGS_FROM)
		index_scope(txn, id->scope, EVENT_MAX);
	else
		return false;
	return !indexed;
}

static void note_change(struct txn *txn, const struct attempt_scopes *scopes, event_t number)
{
	attempt_edit(txn, scopes->attempt)->last_point = number;
	execution_edit(txn, scopes->execution)->last_point = number;
	for (unsigned i = 0; i < scopes->n_collections; i++)
		collection_edit(txn, scopes->scopes[i])->last_point = number;
	for (unsigned i = 0; scopes->shown && i < scopes->n_groups; i++)
		group_edit(txn, scopes->groups[i])->last_point = number;
}

void apply_point(struct txn *txn, event_t number, const struct event *event)
{
	const struct attempt_scopes *scopes = index_scopes(txn, event->about);
	struct series_id id = {.name = index_name(txn, event->point.name)};
	struct series_point added = point_added(txn, number, event, scopes->json_suffix, scopes->csv_suffix);

	for (unsigned i = 0; i < scopes->n_scopes; i++) {
		id.scope = scopes->scopes[i];
		if (take_point(txn, &id, &added, &scopes->sample))
			added.tags = index_tags(txn, event->point.tags); /* its slot may be another's now */
	}
	note_change(txn, scopes, number);
}

static void visit_to_copy(struct point_walk *w, const struct series_id *id, event_t number, const struct event *point, void *context)
{
	struct series_id to = {.scope = *(const struct scope *)context, .name = id->name};
	struct series_point added = point_added(w->txn, number, point, w->json_suffix, w->csv_suffix);

	take_point(w->txn, &to, &added, &w->sample);
}

void index_copy_points(struct txn *txn, struct scope from, struct scope to)
{
	walk_points(txn, from, EVENT_MAX, visit_to_copy, &to);
}

/* Taking points out */

/*
 * What a scope without an index showed of a tag before must stay readable, and what it shows now needs a version of its
 * own: so it gets its index first, of what it showed until the attempt that superseded the other.
 */
static void ensure_index(struct txn *txn, struct scope scope, event_t superseded)
{
	struct intake *intake = intake_edit(txn, scope);
	struct attempt_record a;

	if (intake->taken >= TAGS_FROM || !attempt_get(txn, superseded, &a))
		return;
	intake->taken = TAGS_FROM;
	index_scope(txn, scope, a.next - 1);
}

void apply_shrunk(struct txn *txn, event_t number, const struct event *event)
{
	struct bytes tags = event->shrunk.tags;
	struct series_id id = {.scope = event->shrunk.scope, .name = index_name(txn, event->shrunk.name), .text = event->shrunk.name};

	ensure_index(txn, id.scope, event->about);
	if (tags.len && (!tag_next(&tags, &id.tag) || !subset_find(txn, &id.tag, &id.subset)))
		return;
	series_shrink(txn, &id, number);
	if (!event->shrunk.tags.len)
		samples_rebuild(txn, &id, number);
	if (scope_is_group(id.scope))
		group_edit(txn, id.scope)->last_point = number;
}
