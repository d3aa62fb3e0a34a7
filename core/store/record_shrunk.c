#include "core/store/record_shrunk.h"

#include "core/base/cleanup.h"
#include "core/store/codec.h"
#include "core/store/index.h"
#include "core/store/query.h"

#include <errno.h>
#include <stdlib.h>

/* Which series of an attempt there are: by number, since texts may move while events are appended. */
struct part {
	uint32_t name;
	struct subset subset; /* of a tag; nothing: all points of the name */
};

struct parts {
	struct part *at;
	size_t n, size;
};

static void cleanup_parts(struct parts *p)
{
	free(p->at);
}

static void add_part(struct txn *txn, struct parts *all, struct part part)
{
	size_t size = all->size ? all->size * 2 : 16;
	struct part *larger = all->n == all->size ? realloc(all->at, size * sizeof(*larger)) : all->at;

	if (!larger) {
		txn_fail(txn, -ENOMEM);
		return;
	}
	if (all->n == all->size)
		all->size = size;
	all->at = larger;
	all->at[all->n++] = part;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* By name, all of its points in front. */
static int compare_parts(const void *a, const void *b)
{
	const struct part *left = a, *right = b;
	int r = compare_numbers(left->name, right->name);

	return r ? r : compare_numbers(left->subset.pair, right->subset.pair);
}

/* Every series is a row; those of tags are there where the attempt has an index. */
static void look_up_parts(struct txn *txn, struct scope scope, struct parts *ret)
{
	autocursor struct cursor c = {0};
	struct key prefix = key_scope(scope);
	struct part part;

	records_flush(txn);
	cursor_init(&c, txn, TABLE_SERIES);
	for (bool more = cursor_seek(&c, key_bytes(&prefix)); more && cursor_in(&c, key_bytes(&prefix)); more = cursor_next(&c)) {
		const char *at = c.key.data + prefix.len;

		part = (struct part){.subset.tag = u32_of_key(at)};
		if (part.subset.tag)
			part.subset.pair = u32_of_key(at += 4);
		part.name = u32_of_key(at + 4);
		add_part(txn, ret, part);
	}
}

/* Without an index: from the points, of which there are few. Some parts come more than once. */
static void collect_tags(struct txn *txn, const struct series_id *id, const struct series *s, struct parts *ret)
{
	autoscan struct series_scan scan = {0};
	struct part part = {.name = id->name};
	struct event point;
	event_t number;
	struct tag tag;

	series_scan_init(&scan, txn, id, s, EVENT_MAX);
	while (series_scan_next(&scan, &number, &point)) {
		struct bytes tags = point.point.tags;

		while (tag_next(&tags, &tag))
			if (subset_find(txn, &tag, &part.subset))
				add_part(txn, ret, part);
	}
}

static void collect_parts(struct txn *txn, struct scope scope, struct parts *ret)
{
	struct series_id id = {.scope = scope};
	event_t next = 0;
	struct series s;

	while (series_next(txn, scope, next, &next, &id.name)) {
		id.text = name_text(txn, id.name);
		if (series_get(txn, scope, id.subset, id.name, &s))
			collect_tags(txn, &id, &s, ret);
	}
}

static void tag_write(struct txn *txn, struct subset subset, struct buf *ret)
{
	buf_clear(ret);
	buf_add_text(ret, "{\"");
	buf_add_bytes(ret, tag_text(txn, subset.tag));
	buf_add_text(ret, "\":\"");
	buf_add_bytes(ret, tag_text(txn, subset.pair));
	buf_add_text(ret, "\"}");
	if (buf_error(ret))
		txn_fail(txn, buf_error(ret));
}

static void append_for_groups(struct txn *txn, const struct attempt_scopes *scopes, struct event *event)
{
	for (unsigned i = 0; i < scopes->n_scopes; i++) {
		if (!scope_is_group(scopes->scopes[i]))
			continue;
		event->shrunk.scope = scopes->scopes[i];
		index_append(txn, event);
	}
}

/* The text of a name: a copy, since it moves. */
static void name_write(struct txn *txn, uint32_t name, struct buf *ret)
{
	buf_clear(ret);
	buf_add_bytes(ret, name_text(txn, name));
	if (buf_error(ret))
		txn_fail(txn, buf_error(ret));
}

static void append_parts(struct txn *txn, const struct attempt_scopes *scopes, const struct parts *parts, struct event *event)
{
	autobuf struct buf name = BUF_INIT, tag = BUF_INIT;

	for (size_t i = 0; i < parts->n && !txn_error(txn); i++) {
		const struct part *part = &parts->at[i];

		if (i && compare_parts(part, part - 1) == 0)
			continue;
		name_write(txn, part->name, &name);
		event->shrunk.name = buf_bytes(&name);
		event->shrunk.tags = BYTES_LITERAL("");
		if (part->subset.tag) {
			tag_write(txn, part->subset, &tag);
			event->shrunk.tags = buf_bytes(&tag);
		}
		append_for_groups(txn, scopes, event);
	}
}

void record_shrunk(struct txn *txn, event_t attempt, event_t former, usec_t now)
{
	struct event event = {.type = EVENT_SHRUNK, .time = now, .about = former};
	struct scope scope = scope_of(SCOPE_ATTEMPT, former);
	struct attempt_scopes scopes = *index_scopes(txn, attempt);
	cleanup(cleanup_parts) struct parts parts = {0};

	/* the last ones are folders that have series of their own, if there are any; none at all after an error */
	if (!scopes.n_scopes || !scope_is_group(scopes.scopes[scopes.n_scopes - 1]))
		return;
	look_up_parts(txn, scope, &parts);
	if (!scope_is_indexed(txn, scope))
		collect_parts(txn, scope, &parts);
	if (parts.n)
		qsort(parts.at, parts.n, sizeof(*parts.at), compare_parts);
	append_parts(txn, &scopes, &parts, &event);
}
