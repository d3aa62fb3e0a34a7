/*
 * `metrics/tags` and the folders in it. A folder is known by the scope's first point with that name, or that tag. In a
 * scope that has an index by tag they are found there; in one that has none, by looking at its points, which are few.
 */
#include "core/base/cleanup.h"
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/tree/entries.h"

#include <errno.h>
#include <stdlib.h>

bool fixed_tags(struct folder *f, struct child *ret)
{
	struct intake intake;

	return scope_intake(f->txn, f->scope, &intake) && intake.tagged && fixed_always(f, KIND_TAGS, f->scope.code, f->scope.event, ret);
}

/* KIND_TAGS lists names, KIND_TAG the values of its name. */
static bool has_values(const struct folder *f)
{
	return f->node.kind == KIND_TAG;
}

/* The name whose values a folder lists. */
static bool folder_name(struct folder *f, struct bytes *ret)
{
	struct event point;
	struct tag tag;

	if (!log_read(f->txn, f->node.event, &point) || !tag_at(point.point.tags, detail_tag(f->node.detail), &tag))
		return false;
	*ret = tag.name;
	return true;
}

/* In a folder of runs a tag may go with the points of a former attempt. */
static void make_child(struct folder *f, struct tag_origin origin, struct child *ret)
{
	enum node_kind kind = has_values(f) ? KIND_TAGGED : KIND_TAG;

	*ret = (struct child){node_make(kind, point_detail(f->scope.code, 0, origin.place), origin.point), NODE_FOLDER,
			      scope_is_group(f->scope) ? KEEP_NOT : KEEP_FOREVER};
}

/* Without an index: all texts that a folder lists, by number, each with its first point */

struct text {
	struct bytes text;
	uint32_t number; /* a place in a listing, with an index or without */
	struct tag_origin origin;
};

struct texts {
	struct text *at;
	size_t n, size;
};

static void cleanup_texts(struct texts *t)
{
	free(t->at);
}

static bool before(struct tag_origin a, struct tag_origin b)
{
	return a.point != b.point ? a.point < b.point : a.place < b.place;
}

static bool add_text(struct texts *all, struct bytes text, struct tag_origin origin)
{
	size_t i = 0, size = all->size ? all->size * 2 : 16;
	struct text *larger;

	while (i < all->n && !bytes_equal(all->at[i].text, text))
		i++;
	if (i < all->n) {
		if (before(origin, all->at[i].origin))
			all->at[i].origin = origin;
		return true;
	}
	if (all->n == all->size) {
		larger = realloc(all->at, size * sizeof(*larger));
		if (!larger)
			return false;
		all->at = larger;
		all->size = size;
	}
	all->at[all->n++] = (struct text){.text = text, .origin = origin};
	return true;
}

static bool add_point(struct folder *f, struct bytes name, event_t number, const struct event *point, struct texts *all)
{
	struct bytes tags = point->point.tags;
	struct tag tag;

	for (unsigned place = 1; place <= TAG_PLACES && tag_next(&tags, &tag); place++) {
		if (has_values(f) && !bytes_equal(tag.name, name))
			continue;
		if (!add_text(all, has_values(f) ? tag.value : tag.name, (struct tag_origin){number, place}))
			return false;
	}
	return true;
}

static void collect_points(struct folder *f, struct bytes name, struct texts *all)
{
	struct series_id id = {.scope = f->scope};
	event_t next = 0, number;
	struct event point;
	struct series s;

	while (series_next(f->txn, id.scope, next, &next, &id.name)) {
		autoscan struct series_scan scan = {0};

		id.text = name_text(f->txn, id.name);
		if (!series_get(f->txn, id.scope, id.subset, id.name, &s))
			continue;
		series_scan_init(&scan, f->txn, &id, &s, EVENT_MAX);
		while (series_scan_next(&scan, &number, &point))
			if (!add_point(f, name, number, &point, all))
				txn_fail(f->txn, -ENOMEM);
	}
}

static void collect_texts(struct folder *f, struct texts *all)
{
	struct bytes name = {0};
	uint32_t parent = 0;

	if (has_values(f) && (!folder_name(f, &name) || !tag_find_text(f->txn, 0, name, &parent)))
		return;
	collect_points(f, name, all);
	for (size_t i = 0; i < all->n; i++)
		tag_find_text(f->txn, parent, all->at[i].text, &all->at[i].number);
}

static bool find_walking(struct folder *f, struct bytes name, struct child *ret)
{
	cleanup(cleanup_texts) struct texts all = {0};

	collect_texts(f, &all);
	for (size_t i = 0; i < all.n; i++) {
		autobuf struct buf entry = BUF_INIT;

		if (tag_entry(all.at[i].text, &entry) < 0)
			txn_fail(f->txn, -ENOMEM);
		if (!bytes_equal(buf_bytes(&entry), name))
			continue;
		make_child(f, all.at[i].origin, ret);
		return true;
	}
	return false;
}

static bool next_walking(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	cleanup(cleanup_texts) struct texts all = {0};
	const struct text *best = NULL;

	collect_texts(f, &all);
	for (size_t i = 0; i < all.n; i++)
		if (all.at[i].number > from && (!best || all.at[i].number < best->number))
			best = &all.at[i];
	if (!best)
		return false;
	if (tag_entry(best->text, name) < 0)
		txn_fail(f->txn, -ENOMEM);
	*ret_place = best->number;
	make_child(f, best->origin, ret);
	return true;
}

static bool walks(struct folder *f)
{
	return !scope_is_indexed(f->txn, f->scope);
}

/* Names */

bool tags_find(struct folder *f, struct bytes name, struct child *ret)
{
	struct tag_origin origin;
	uint32_t tag, pair;

	if (walks(f))
		return find_walking(f, name, ret);
	if (!tag_find(f->txn, 0, name, &tag) || !tag_name_get(f->txn, f->scope, tag, &origin) ||
	    !tag_pair_next(f->txn, f->scope, tag, 0, &pair))
		return false;
	make_child(f, origin, ret);
	return true;
}

bool tags_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	uint32_t tag = (uint32_t)from, pair;
	struct tag_origin origin;

	if (walks(f))
		return next_walking(f, from, ret_place, name, ret);
	do
		if (!tag_name_next(f->txn, f->scope, tag, &tag, &origin))
			return false;
	while (!tag_pair_next(f->txn, f->scope, tag, 0, &pair));
	if (tag_entry(tag_text(f->txn, tag), name) < 0)
		txn_fail(f->txn, -ENOMEM);
	*ret_place = tag;
	make_child(f, origin, ret);
	return true;
}

/* Values of one name */

/* The folder of a tag by its numbers. */
static bool value_child(struct folder *f, struct bytes name, struct subset subset, struct child *ret)
{
	struct tag tag = {name, tag_text(f->txn, subset.pair)};
	struct tag_origin origin;

	if (!tag_pair_get(f->txn, f->scope, subset, &tag, &origin))
		return false;
	make_child(f, origin, ret);
	return true;
}

bool tag_values_find(struct folder *f, struct bytes name, struct child *ret)
{
	struct subset subset;
	struct bytes text;

	if (walks(f))
		return find_walking(f, name, ret);
	return folder_name(f, &text) && tag_find_text(f->txn, 0, text, &subset.tag) && tag_find(f->txn, subset.tag, name, &subset.pair) &&
	       value_child(f, text, subset, ret);
}

bool tag_values_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	struct subset subset = {.pair = (uint32_t)from};
	struct bytes text;

	if (walks(f))
		return next_walking(f, from, ret_place, name, ret);
	if (!folder_name(f, &text) || !tag_find_text(f->txn, 0, text, &subset.tag))
		return false;
	do
		if (!tag_pair_next(f->txn, f->scope, subset.tag, subset.pair, &subset.pair))
			return false;
	while (!value_child(f, text, subset, ret));
	if (tag_entry(tag_text(f->txn, subset.pair), name) < 0)
		txn_fail(f->txn, -ENOMEM);
	*ret_place = subset.pair;
	return true;
}
