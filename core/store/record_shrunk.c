#include "core/store/record_shrunk.h"

#include "core/base/cleanup.h"
#include "core/store/index.h"
#include "core/store/query.h"

#include <errno.h>
#include <stdlib.h>

/* The tags that points of a series bear, each once: by number, since texts may move while events are appended. */
struct subsets {
	struct subset *at;
	size_t n, size;
};

static void add_subset(struct txn *txn, struct subsets *all, struct subset subset)
{
	size_t size = all->size ? all->size * 2 : 16;
	struct subset *larger = all->n == all->size ? realloc(all->at, size * sizeof(*larger)) : all->at;

	if (!larger) {
		txn_fail(txn, -ENOMEM);
		return;
	}
	if (all->n == all->size)
		all->size = size;
	all->at = larger;
	all->at[all->n++] = subset;
}

static bool has_subset(const struct subsets *all, struct subset subset)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].pair == subset.pair)
			return true;
	return false;
}

/* From the index of the attempt. */
static void look_up_tags(struct txn *txn, const struct series_id *id, struct subsets *ret)
{
	struct subset subset = {0};
	struct tag_origin origin;
	struct series s;

	while (tag_name_next(txn, id->scope, subset.tag, &subset.tag, &origin))
		for (subset.pair = 0; tag_pair_next(txn, id->scope, subset.tag, subset.pair, &subset.pair);)
			if (series_get(txn, id->scope, subset, id->name, &s))
				add_subset(txn, ret, subset);
}

/* From its points, of which there are few. */
static void collect_tags(struct txn *txn, const struct series_id *id, const struct series *s, struct subsets *ret)
{
	autoscan struct series_scan scan = {0};
	struct subset subset;
	struct event point;
	event_t number;
	struct tag tag;

	series_scan_init(&scan, txn, id, s, EVENT_MAX);
	while (series_scan_next(&scan, &number, &point)) {
		struct bytes tags = point.point.tags;

		while (tag_next(&tags, &tag))
			if (subset_find(txn, &tag, &subset) && !has_subset(ret, subset))
				add_subset(txn, ret, subset);
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

static void shrink_series(struct txn *txn, const struct attempt_scopes *scopes, struct series_id *id, const struct series *s,
			  struct event *event)
{
	autobuf struct buf tag = BUF_INIT;
	struct subsets subsets = {0};

	if (scope_is_indexed(txn, id->scope))
		look_up_tags(txn, id, &subsets);
	else
		collect_tags(txn, id, s, &subsets);
	event->shrunk.name = id->text;
	event->shrunk.tags = BYTES_LITERAL("");
	append_for_groups(txn, scopes, event);
	for (size_t i = 0; i < subsets.n; i++) {
		tag_write(txn, subsets.at[i], &tag);
		event->shrunk.tags = buf_bytes(&tag);
		append_for_groups(txn, scopes, event);
	}
	free(subsets.at);
}

void record_shrunk(struct txn *txn, event_t attempt, event_t former, usec_t now)
{
	struct event event = {.type = EVENT_SHRUNK, .time = now, .about = former};
	struct series_id id = {.scope = scope_of(SCOPE_ATTEMPT, former)};
	struct attempt_scopes scopes = *index_scopes(txn, attempt);
	autobuf struct buf text = BUF_INIT;
	struct series gone;
	event_t next = 0;

	/* the last ones are folders that have series of their own, if there are any; none at all after an error */
	if (!scopes.n_scopes || !scope_is_group(scopes.scopes[scopes.n_scopes - 1]))
		return;
	while (series_next(txn, id.scope, next, &next, &id.name)) {
		if (!series_get(txn, id.scope, id.subset, id.name, &gone))
			continue;
		buf_clear(&text);
		buf_add_bytes(&text, name_text(txn, id.name));
		if (buf_error(&text))
			txn_fail(txn, buf_error(&text));
		id.text = buf_bytes(&text);
		shrink_series(txn, &scopes, &id, &gone, &event);
	}
}
