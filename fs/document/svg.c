/*
 * <name>.svg, of points and of the history of an output. How long a picture is, only drawing it tells: it is drawn when
 * it is looked up. One of so many points that this would take long has a size that is known: blanks follow the picture
 * up to it, as XML allows.
 */
#include "fs/document/svg.h"

#include "core/store/history.h"
#include "fs/document/format.h"

#include <errno.h>

/* What a picture of few points may take: so many points are drawn as they are. */
#define FEW_BYTES ((size_t)256 << 10)

static void add_blanks(struct sink *sink, size_t n)
{
	static const char blanks[] = "                                                                ";

	for (size_t part; n; n -= part) {
		part = n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1;
		sink_add(sink, blanks, part);
	}
}

static struct svg_form form_of(uint64_t count)
{
	return (struct svg_form){.most = count > POINTS_RENDERED_MOST ? SVG_BYTES : FEW_BYTES};
}

static int write_picture(const struct buf *picture, uint64_t count, struct sink *sink)
{
	if (count > POINTS_RENDERED_MOST && picture->len > SVG_BYTES)
		return -EOVERFLOW;
	sink_add_bytes(sink, buf_bytes(picture));
	if (count > POINTS_RENDERED_MOST)
		add_blanks(sink, SVG_BYTES - picture->len);
	return 0;
}

/* Of a fixed size above so many points; else it has to be drawn. */
static int size_of(uint64_t count, uint64_t *ret_size)
{
	*ret_size = SVG_BYTES;
	return count > POINTS_RENDERED_MOST ? 0 : DOCUMENT_RENDER;
}

static int open_points(struct document *d, struct series_id *ret_id, struct series *ret, uint64_t *ret_count)
{
	struct series_sums sums;
	int r;

	*ret_id = (struct series_id){0};
	r = series_of_node(d, ret_id, ret);
	if (r < 0)
		return r;
	series_sums(d->txn, ret_id, ret, d->node.event, &sums);
	*ret_count = sums.count;
	return 0;
}

int render_points_svg(struct document *d, struct sink *sink)
{
	autobuf struct buf picture = BUF_INIT;
	struct svg_form form;
	struct series_id id;
	struct series s;
	uint64_t count = 0;
	int r = open_points(d, &id, &s, &count);

	if (r < 0)
		return r;
	form = form_of(count);
	r = svg_of_points(d->txn, &id, &s, d->node.event, &form, &picture);
	return r < 0 ? r : write_picture(&picture, count, sink);
}

int size_points_svg(struct document *d, uint64_t *ret_size)
{
	struct series_id id;
	struct series s;
	uint64_t count = 0;
	int r = open_points(d, &id, &s, &count);

	return r < 0 ? r : size_of(count, ret_size);
}

static int open_history(struct document *d, event_t *ret_history, uint64_t *ret_count)
{
	struct history h;

	if (!history_of_version(d->txn, d->node.event, d->node.detail >> 3, ret_history) ||
	    !history_at(d->txn, *ret_history, d->node.event, &h))
		return txn_error(d->txn) ? txn_error(d->txn) : -ESTALE;
	*ret_count = h.rows;
	return 0;
}

int render_history_svg(struct document *d, struct sink *sink)
{
	autobuf struct buf picture = BUF_INIT;
	struct svg_form form;
	event_t history;
	uint64_t count = 0;
	int r = open_history(d, &history, &count);

	if (r < 0)
		return r;
	form = form_of(count);
	r = svg_of_history(d->txn, history, d->node.event, &form, &picture);
	return r < 0 ? r : write_picture(&picture, count, sink);
}

int size_history_svg(struct document *d, uint64_t *ret_size)
{
	event_t history;
	uint64_t count = 0;
	int r = open_history(d, &history, &count);

	return r < 0 ? r : size_of(count, ret_size);
}
