/* A metrics folder, and one of the points that bear a tag: each name in every format. */
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/document/format.h"
#include "fs/tree/entries.h"

#include <errno.h>

/* Eight places a name: which it is, and the format. */
#define PLACE_FORMATS 8

/* What of the folder's scope is shown: all points, or those with the folder's tag. */
static int folder_series(struct folder *f, struct series_id *ret)
{
	struct event point;

	*ret = (struct series_id){.scope = f->scope};
	if (f->node.kind != KIND_TAGGED)
		return 0;
	if (!log_read(f->txn, f->node.event, &point) || !tag_at(point.point.tags, detail_tag(f->node.detail), &ret->tag))
		return -ESTALE;
	return 0;
}

/* The newest version of a series as a file; false where it shows no point. */
static bool series_node(struct folder *f, const struct series_id *id, const struct series *s, unsigned format, struct child *ret)
{
	event_t version = series_version(f->txn, id, s);
	struct event event;
	unsigned place = 0;

	if (!version || !log_read(f->txn, version, &event))
		return false;
	if (tag_is(&id->tag))
		place = event.type == EVENT_POINT ? tag_place(event.point.tags, &id->tag) : 1;
	*ret = (struct child){node_make(KIND_SERIES, point_detail(f->scope.code, format, place), version), NODE_FILE,
			      folder_ended(f) ? KEEP_FOREVER : KEEP_NOT};
	return true;
}

bool metrics_find(struct folder *f, struct bytes name, struct child *ret)
{
	struct series_id id;
	struct bytes stem;
	struct series s;
	unsigned format;

	if (!format_of_name(name, &stem, &format) || !format_in_scope(format_at(format), f->scope) || folder_series(f, &id) < 0 ||
	    !name_find(f->txn, stem, &id.name))
		return false;
	id.text = name_text(f->txn, id.name);
	return series_open(f->txn, &id, &s) && series_node(f, &id, &s, format, ret);
}

/* The next format that the scope has, from `format` on. */
static bool next_format(struct folder *f, unsigned *format)
{
	while (format_at(*format) && !format_in_scope(format_at(*format), f->scope))
		++*format;
	return format_at(*format);
}

/* A name with the series that the folder shows of it. */
static bool open_name(struct folder *f, struct series_id *id, struct series *ret)
{
	id->text = name_text(f->txn, id->name);
	return series_open(f->txn, id, ret) && series_version(f->txn, id, ret);
}

/* In the order of their first points; a place is the event of one. */
static bool next_name(struct folder *f, uint64_t from, uint64_t *ret_place, struct series_id *id, struct series *ret)
{
	event_t next = from;

	do
		if (!series_next(f->txn, f->scope, next, &next, &id->name))
			return false;
	while (!open_name(f, id, ret));
	*ret_place = next - 1;
	return true;
}

/* So many names with a tag are sorted anew at each step; where there are more, most names of the scope are likely among them. */
#define FEW_NAMES 32

/* The names with the folder's tag; false where there are more than a few, or no index that says so. */
static bool few_names(struct folder *f, const struct series_id *id, uint32_t ret_names[FEW_NAMES], unsigned *ret_n)
{
	struct subset subset;
	struct series s;
	uint32_t name = 0;

	*ret_n = 0;
	if (!scope_is_indexed(f->txn, f->scope) || !subset_find(f->txn, &id->tag, &subset))
		return false;
	while (tag_series_next(f->txn, f->scope, subset, name, &name, &s)) {
		if (*ret_n == FEW_NAMES)
			return false;
		ret_names[(*ret_n)++] = name;
	}
	return true;
}

/* With a tag: in the same order, but without a look at each name of the scope where only a few have the tag. */
static bool next_tagged_name(struct folder *f, uint64_t from, uint64_t *ret_place, struct series_id *id, struct series *ret)
{
	uint32_t names[FEW_NAMES];
	struct series all;
	unsigned n;

	if (!few_names(f, id, names, &n))
		return next_name(f, from, ret_place, id, ret);
	*ret_place = UINT64_MAX;
	for (unsigned i = 0; i < n; i++)
		if (series_get(f->txn, f->scope, (struct subset){0}, names[i], &all) && all.first >= from && all.first < *ret_place) {
			*ret_place = all.first;
			id->name = names[i];
		}
	return *ret_place != UINT64_MAX && open_name(f, id, ret);
}

bool metrics_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	uint64_t at = from / PLACE_FORMATS, found;
	unsigned format = from % PLACE_FORMATS;
	struct series_id id;
	struct series s;
	int r;

	if (folder_series(f, &id) < 0)
		return false;
	for (;; at = found + 1, format = 0) {
		if (!(tag_is(&id.tag) ? next_tagged_name : next_name)(f, at, &found, &id, &s))
			return false;
		if (found != at)
			format = 0;
		if (next_format(f, &format) && series_node(f, &id, &s, format, ret))
			break;
	}
	r = metric_stem_of_text(id.text, name);
	if (r < 0)
		txn_fail(f->txn, r);
	buf_add_text(name, format_at(format)->suffix);
	*ret_place = found * PLACE_FORMATS + format + 1;
	return true;
}
