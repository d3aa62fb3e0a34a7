/*
 * Points: into the series of every scope they count in. A scope that has taken TAGS_FROM points and tags gets an index by tag and
 * samples, made of those it has; from then on each point counts there too.
 */
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/point.h"
#include "core/store/query.h"
#include "core/store/series_write.h"

#include "core/base/cleanup.h"
#include "core/store/codec.h"

#include <errno.h>
#include <stdlib.h>

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

/*
 * Records that a point is counted in, by scope: of the series of all points, of the sample, of the series of each tag. NULL: not looked up
 * yet. A flood of points with the same few tags looks each up once.
 */
enum { TARGET_ALL, TARGET_SAMPLE, TARGET_TAGS };

static size_t targets_each(const struct point_tags *tags)
{
	return TARGET_TAGS + tags->n_indexed;
}

/* Of a point of these scopes, name and tags, the first scope's in front; NULL where memory is out. */
static void **targets_of(struct txn *txn, const struct attempt_scopes *scopes, uint32_t name, struct point_tags *tags)
{
	size_t n = scopes->n_scopes * targets_each(tags);
	void **larger;

	if (tags->serial == scopes->serial && tags->name == name && tags->generation == txn->generation)
		return tags->targets;
	if (n > tags->n_targets) {
		larger = realloc(tags->targets, n * sizeof(*larger));
		if (!larger) {
			txn_fail(txn, -ENOMEM);
			return NULL;
		}
		tags->targets = larger;
		tags->n_targets = n;
	}
	memset(tags->targets, 0, n * sizeof(*tags->targets));
	tags->serial = scopes->serial;
	tags->name = name;
	tags->generation = txn->generation;
	return tags->targets;
}

static void **target(void **targets, unsigned i)
{
	return targets ? targets + i : NULL;
}

/* `targets`: of this scope, or NULL. */
static void take_tags(struct txn *txn, const struct series_id *id, const struct series_point *added, const struct sample_hash *attempt,
		      void **targets)
{
	struct sample_hash hash = sample_hash_both(attempt, &added->tags->set);
	struct series_id by_tag = {.scope = id->scope, .name = id->name};

	sample_add(txn, id, &hash, added, target(targets, TARGET_SAMPLE));
	for (unsigned i = 0; i < added->tags->n_indexed; i++) {
		by_tag.subset = added->tags->ids[i];
		if (series_add(txn, &by_tag, added, target(targets, TARGET_TAGS + i)))
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
	take_tags(w->txn, id, &added, &w->sample, NULL);
}

static void index_scope(struct txn *txn, struct scope scope, event_t version)
{
	walk_points(txn, scope, version, visit_for_tags, NULL);
}

/* Taking points */

/* True where the scope got its index now. `intake` is the scope's. */
static bool take_point(struct txn *txn, const struct series_id *id, const struct series_point *added, const struct sample_hash *attempt,
		       struct intake *intake, void **targets)
{
	bool indexed = intake->taken >= TAGS_FROM;

	if (txn_error(txn)) /* the records may be scratch memory, all the same */
		return false;
	series_add(txn, id, added, target(targets, TARGET_ALL));
	intake->taken += 1 + added->tags->n;
	intake->tagged = intake->tagged || added->tags->n;
	if (indexed)
		take_tags(txn, id, added, attempt, targets);
	else if (intake->taken >= TAGS_FROM)
		index_scope(txn, id->scope, EVENT_MAX);
	else
		return false;
	return !indexed;
}

/* Looks up the records of the scopes themselves, once for many points. */
static void hold_records(struct txn *txn, struct attempt_scopes *s)
{
	if (s->held == txn->generation + 1)
		return;
	for (unsigned i = 0; i < s->n_scopes; i++)
		s->intakes[i] = intake_edit(txn, s->scopes[i]);
	s->n_last_points = 0;
	s->last_points[s->n_last_points++] = &attempt_edit(txn, s->attempt)->last_point;
	s->last_points[s->n_last_points++] = &execution_edit(txn, s->execution)->last_point;
	for (unsigned i = 0; i < s->n_collections; i++)
		s->last_points[s->n_last_points++] = &collection_edit(txn, s->scopes[i])->last_point;
	for (unsigned i = 0; s->shown && i < s->n_groups; i++)
		s->last_points[s->n_last_points++] = &group_edit(txn, s->groups[i])->last_point;
	s->held = txn->generation + 1;
}

void apply_point(struct txn *txn, event_t number, const struct event *event)
{
	struct series_id id = {.name = index_name(txn, event->point.name)};
	struct attempt_scopes *scopes = index_scopes(txn, event->about);
	struct series_point added = point_added(txn, number, event, scopes->json_suffix, scopes->csv_suffix);
	void **targets = targets_of(txn, scopes, id.name, added.tags);

	hold_records(txn, scopes);
	for (unsigned i = 0; i < scopes->n_scopes; i++) {
		id.scope = scopes->scopes[i];
		if (take_point(txn, &id, &added, &scopes->sample, scopes->intakes[i], targets)) {
			added.tags = index_tags(txn, event->point.tags); /* its slot may have been another's meanwhile */
			targets = NULL;
		}
		if (targets)
			targets += targets_each(added.tags);
	}
	for (unsigned i = 0; i < scopes->n_last_points; i++)
		*scopes->last_points[i] = number;
}

static void visit_to_copy(struct point_walk *w, const struct series_id *id, event_t number, const struct event *point, void *context)
{
	struct series_id to = {.scope = *(const struct scope *)context, .name = id->name};
	struct series_point added = point_added(w->txn, number, point, w->json_suffix, w->csv_suffix);

	take_point(w->txn, &to, &added, &w->sample, intake_edit(w->txn, to.scope), NULL);
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
