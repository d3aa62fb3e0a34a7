/*
 * Tags: of a point, and the index by tag. A tag is a name with a value; in the index each name has a number, and each name with a value one too
 * (its pair).
 *
 * A scope that has taken fewer than TAGS_FROM points, their tags counted in, has no such index: there, looking at every
 * point is looking at a few. So the many scopes with a point or two pay nothing, and the bytes go where they are many.
 */
#pragma once

#include "core/store/event.h"

#define TAGS_FROM 256

/**
 * Tags of a point behind this place are in no folder of `tags`, as they have no column of their own: a point with thousands of tags
 * must not make thousands of series. (A node number of the mount has room for 1,023.)
 */
#define TAG_PLACES 256

/* A struct tag (core/protocol/message.h) holds here the insides of JSON strings: views. Of no tag both are NULL. */

/** Walks the tags of a point, in the order written: `*rest` begins as point.tags. */
bool tag_next(struct bytes *rest, struct tag *ret);

/** How many tags a point has. */
unsigned tags_count(struct bytes tags);

/** Which of the point's tags it is, from 1; 0: none of them. The tag of that number: false where there is none. */
unsigned tag_place(struct bytes tags, const struct tag *tag);
bool tag_at(struct bytes tags, unsigned place, struct tag *ret);

static inline bool tag_is(const struct tag *tag)
{
	return tag->name.data != NULL;
}

static inline bool tag_equal(const struct tag *a, const struct tag *b)
{
	return bytes_equal(a->name, b->name) && bytes_equal(a->value, b->value);
}

/* The index: a tag's name has a number of its own, a tag one below its name's; both are found by the names of their folders. */

/** Appends the name of the folder of a tag's name or value, given as the inside of a JSON string. 0 or -ENOMEM. */
int tag_entry(struct bytes text, struct buf *ret);

/** The number of a tag's name (`parent` 0) or of a tag (`parent`: its name's), by its folder's name; by its text. */
bool tag_find(struct txn *txn, uint32_t parent, struct bytes entry, uint32_t *ret_id);
bool tag_find_text(struct txn *txn, uint32_t parent, struct bytes text, uint32_t *ret_id);

/** The text of a name or value: a view as of kv_get. */
struct bytes tag_text(struct txn *txn, uint32_t id);

/** The numbers of a tag. */
bool subset_find(struct txn *txn, const struct tag *tag, struct subset *ret);

/** The points that a scope has taken, and whether it is indexed by tag. */
bool scope_intake(struct txn *txn, struct scope scope, struct intake *ret);
bool scope_is_indexed(struct txn *txn, struct scope scope);

/** The first point of a scope that has a tag's name, or a tag, and which of its tags that is: what the folder is known by. */
struct tag_origin {
	event_t point;
	unsigned place;
};

/* Of a scope that is indexed, by number (that is in the order in which the store met them first): the first after `from` (0: the start). */
bool tag_name_next(struct txn *txn, struct scope scope, uint32_t from, uint32_t *ret_tag, struct tag_origin *ret);
bool tag_name_get(struct txn *txn, struct scope scope, uint32_t tag, struct tag_origin *ret);

/** Tags of a name that points shown now bear. */
bool tag_pair_next(struct txn *txn, struct scope scope, uint32_t tag, uint32_t from, uint32_t *ret_pair);
bool tag_pair_get(struct txn *txn, struct scope scope, struct subset subset, const struct tag *tag, struct tag_origin *ret);

/** The series with that tag that show points now, by the number of the metric's name. */
bool tag_series_next(struct txn *txn, struct scope scope, struct subset subset, uint32_t from, uint32_t *ret_name, struct series *ret);
