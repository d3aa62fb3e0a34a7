/*
 * Repeated keys: of each object the last value counts, at the first one's place. The scanner writes all of them; this file finds out
 * which objects repeat a key, and writes the text once more without what does not count. Both are close to linear whatever a script
 * sends: keys are compared by sorted hashes, and however deep objects with repeats are nested, each byte that stays is copied once.
 */
#include "core/json/scan_internal.h"

#include <stdlib.h>

/* An object with repeats: where its braces are, and which members of it stay. */
struct json_repeats {
	uint32_t open;
	uint32_t end; /* past the closing brace */
	uint32_t first_kept;
	uint32_t n_kept;
};

struct json_kept {
	uint32_t key;
	uint32_t colon; /* the key's colon included: [key, colon) */
	uint32_t value; /* of the last member of that key */
	uint32_t value_end;
};

/* Of one object, while its repeats are looked for. */
struct object {
	const char *text;
	const struct json_member *members;
	size_t n;
	uint32_t end; /* past its brace */
};

#define NO_MEMBER UINT32_MAX

/* Up to here all pairs of hashes are compared: cheaper than sorting. */
#define FEW_MEMBERS 16

uint32_t json_hash(const char *text, size_t len)
{
	const uint64_t odd = UINT64_C(0x9E3779B97F4A7C15);
	uint64_t hash = len, word;

	for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = (hash ^ word) * odd;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, text, len);
	hash = (hash ^ word) * odd;
	return (uint32_t)(hash >> 32);
}

static struct bytes key_of(const struct object *o, uint32_t i)
{
	const struct json_member *m = &o->members[i];

	return bytes_make(o->text + m->key, m->value - 1 - m->key);
}

static bool same_key(const struct object *o, uint32_t a, uint32_t b)
{
	return o->members[a].hash == o->members[b].hash && bytes_equal(key_of(o, a), key_of(o, b));
}

static bool few_repeat(const struct object *o)
{
	for (uint32_t i = 1; i < o->n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (same_key(o, i, j))
				return true;
	return false;
}

/* By hash, then key, then place: members of one key are neighbours, the first one first. */
static int compare_members(const void *a, const void *b, void *object)
{
	const struct object *o = object;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int order;

	if (o->members[i].hash != o->members[j].hash)
		return o->members[i].hash < o->members[j].hash ? -1 : 1;
	order = bytes_compare(key_of(o, i), key_of(o, j));
	return order ? order : i < j ? -1 : 1;
}

/*
 * *ret_order: the members sorted; *ret_last, of each the last one of its key if it is the first one, else NO_MEMBER. One allocation, the
 * caller's.
 */
static uint32_t *sort_members(struct object *o, uint32_t **ret_last, bool *ret_repeats)
{
	uint32_t *order = malloc(2 * o->n * sizeof(*order));
	uint32_t *last;

	if (!order)
		return NULL;
	last = order + o->n;
	for (uint32_t i = 0; i < o->n; i++)
		order[i] = i;
	qsort_r(order, o->n, sizeof(*order), compare_members, o);
	*ret_repeats = false;
	for (size_t i = 0, next; i < o->n; i = next) {
		for (next = i + 1; next < o->n && same_key(o, order[i], order[next]); next++) {
			last[order[next]] = NO_MEMBER;
			*ret_repeats = true;
		}
		last[order[i]] = order[next - 1];
	}
	*ret_last = last;
	return order;
}

static void keep(struct json_scan *s, const struct object *o, uint32_t first, uint32_t last)
{
	struct json_kept kept = {
		.key = o->members[first].key,
		.colon = o->members[first].value,
		.value = o->members[last].value,
		.value_end = (last + 1 < o->n ? o->members[last + 1].key : o->end) - 1,
	};

	buf_add(&s->kept, &kept, sizeof(kept));
}

static void note(struct json_scan *s, const struct object *o, uint32_t open, const uint32_t *last)
{
	struct json_repeats repeats = {
		.open = open,
		.end = o->end,
		.first_kept = (uint32_t)(s->kept.len / sizeof(struct json_kept)),
	};

	for (uint32_t i = 0; i < o->n; i++) {
		if (last[i] == NO_MEMBER)
			continue;
		keep(s, o, i, last[i]);
		repeats.n_kept++;
	}
	buf_add(&s->repeats, &repeats, sizeof(repeats));
}

enum json_error json_note_repeats(struct json_scan *s, size_t first, uint32_t open)
{
	struct object o = {s->text, s->members + first, s->n_members - first, (uint32_t)(s->write - s->text)};
	uint32_t *order, *last;
	bool repeats;

	if (o.n <= FEW_MEMBERS && !few_repeat(&o))
		return JSON_OK;
	order = sort_members(&o, &last, &repeats);
	if (!order)
		return JSON_ERROR_MEMORY;
	if (repeats)
		note(s, &o, open, last);
	free(order);
	return buf_error(&s->repeats) || buf_error(&s->kept) ? JSON_ERROR_MEMORY : JSON_OK;
}

static int compare_opens(const void *a, const void *b)
{
	const struct json_repeats *x = a, *y = b;

	return (x->open > y->open) - (x->open < y->open);
}

/* The notes in the order of their opening braces. */
struct notes {
	const char *text;
	const struct json_repeats *repeats;
	size_t n;
	const struct json_kept *kept;
};

/* Of the notes from `from` on, the first that opens at or after `place`. */
static size_t next_note(const struct notes *notes, size_t from, uint32_t place)
{
	size_t to = notes->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (notes->repeats[middle].open < place)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void emit(struct buf *out, const struct notes *notes, size_t i, uint32_t from, uint32_t to);

static void emit_object(struct buf *out, const struct notes *notes, size_t i)
{
	const struct json_repeats *repeats = &notes->repeats[i];

	buf_add_char(out, '{');
	for (uint32_t k = 0; k < repeats->n_kept; k++) {
		const struct json_kept *kept = &notes->kept[repeats->first_kept + k];

		if (k > 0)
			buf_add_char(out, ',');
		buf_add(out, notes->text + kept->key, kept->colon - kept->key);
		emit(out, notes, i + 1, kept->value, kept->value_end);
	}
	buf_add_char(out, '}');
}

/* The text [from, to) with the noted objects in it reduced; no note before the i-th lies in it. */
static void emit(struct buf *out, const struct notes *notes, size_t i, uint32_t from, uint32_t to)
{
	for (;;) {
		i = next_note(notes, i, from);
		if (i == notes->n || notes->repeats[i].open >= to)
			break;
		buf_add(out, notes->text + from, notes->repeats[i].open - from);
		emit_object(out, notes, i);
		from = notes->repeats[i].end;
	}
	buf_add(out, notes->text + from, to - from);
}

enum json_error json_drop_repeats(struct json_scan *s)
{
	uint32_t len = (uint32_t)(s->write - s->text);
	struct notes notes = {
		.text = s->text,
		.repeats = (const struct json_repeats *)s->repeats.data,
		.n = s->repeats.len / sizeof(struct json_repeats),
		.kept = (const struct json_kept *)s->kept.data,
	};
	autobuf struct buf out = BUF_INIT;

	qsort(s->repeats.data, notes.n, sizeof(struct json_repeats), compare_opens);
	emit(&out, &notes, 0, 0, len);
	if (buf_error(&out))
		return JSON_ERROR_MEMORY;
	memcpy(s->text, out.data, out.len);
	s->write = s->text + out.len;
	return JSON_OK;
}
