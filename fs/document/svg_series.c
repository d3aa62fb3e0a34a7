#include "fs/document/svg_series.h"

#include <errno.h>

void svg_series_finish(struct svg_series *s)
{
	free(s->slots);
	*s = (struct svg_series){0};
}

/* FNV-1a, and the last step of MurmurHash3: every bit of the text reaches every bit of the key. */
uint64_t svg_key(uint64_t seed, struct bytes text)
{
	uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* Where the key is, or may be put. */
static struct svg_slot *find(const struct svg_series *s, uint64_t key)
{
	size_t i = key & (s->n_slots - 1);

	while (s->slots[i].key && s->slots[i].key != key)
		i = (i + 1) & (s->n_slots - 1);
	return &s->slots[i];
}

static int make_room(struct svg_series *s)
{
	struct svg_series larger = {.plot = s->plot, .n_slots = s->n_slots ? s->n_slots * 2 : 64, .used = s->used};

	if (s->used * 2 < s->n_slots)
		return 0;
	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_slots; i++)
		if (s->slots[i].key)
			*find(&larger, s->slots[i].key) = s->slots[i];
	free(s->slots);
	*s = larger;
	return 0;
}

/* Only the first ones have a line in the legend. */
static int add_series(struct svg_series *s, void (*write_label)(const void *context, struct buf *ret), const void *context,
		      unsigned *ret_series)
{
	autobuf struct buf label = BUF_INIT;

	if (s->used < PLOT_SERIES_MOST)
		write_label(context, &label);
	return buf_error(&label) ? buf_error(&label) : plot_add_series(s->plot, buf_bytes(&label), ret_series);
}

int svg_series_of(struct svg_series *s, uint64_t key, void (*write_label)(const void *context, struct buf *ret), const void *context,
		  unsigned *ret_series)
{
	struct svg_slot *slot;
	int r = make_room(s);

	if (r < 0)
		return r;
	slot = find(s, key ? key : 1);
	if (!slot->key) {
		r = add_series(s, write_label, context, &slot->series);
		if (r < 0)
			return r;
		slot->key = key ? key : 1;
		s->used++;
	}
	*ret_series = slot->series;
	return 0;
}
