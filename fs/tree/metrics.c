/* A metrics folder, and one of the points that bear a tag: each name in every format. */
#include "core/store/query.h"
#include "core/store/series.h"
#include "fs/document/format.h"
#include "fs/tree/entries.h"

#include <errno.h>

/* Eight places a name: the event of its first point tells the name, the rest the format. */
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

bool metrics_next(struct folder *f, uint64_t from, uint64_t *ret_place, struct buf *name, struct child *ret)
{
	event_t at = from / PLACE_FORMATS, next;
	unsigned format = from % PLACE_FORMATS;
	struct series_id id;
	struct series s;
	int r;

	if (folder_series(f, &id) < 0)
		return false;
	for (;; at = next, format = 0) {
		if (!series_next(f->txn, f->scope, at, &next, &id.name))
			return false;
		if (!next_format(f, &format))
			continue;
		id.text = name_text(f->txn, id.name);
		if (series_open(f->txn, &id, &s) && series_node(f, &id, &s, format, ret))
			break;
	}
	r = metric_stem_of_text(id.text, name);
	if (r < 0)
		txn_fail(f->txn, r);
	buf_add_text(name, format_at(format)->suffix);
	*ret_place = (next - 1) * PLACE_FORMATS + format + 1;
	return true;
}
