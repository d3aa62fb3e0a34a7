#include "fs/document/prom_set.h"

#include "fs/document/prom_name.h"

#include <errno.h>

#define SAMPLES_FIRST 16

struct prom_label {
	size_t at; /* of `name="value"` in set->words */
	size_t name_len;
	size_t len;	  /* 0: left out */
	const char *text; /* the same once all words are there */
};

void prom_set_finish(struct prom_set *set)
{
	free(set->samples);
	free(set->slots);
	buf_finish(&set->text);
	buf_finish(&set->words);
	buf_finish(&set->labels);
	buf_finish(&set->sorted);
	buf_finish(&set->canonical);
	*set = (struct prom_set){0};
}

static void check(struct prom_set *set, const struct buf *b)
{
	if (!set->error)
		set->error = buf_error(b);
}

/* The labels of one sample */

static void begin_label(struct prom_set *set, struct prom_label *label)
{
	*label = (struct prom_label){.at = set->words.len};
}

static void end_label(struct prom_set *set, struct prom_label *label, struct bytes value)
{
	label->name_len = set->words.len - label->at;
	buf_add_text(&set->words, "=\"");
	prom_add_value(&set->words, value);
	buf_add_char(&set->words, '"');
	label->len = set->words.len - label->at;
	buf_add(&set->labels, label, sizeof(*label));
}

static void add_fixed(struct prom_set *set, const char *name, struct bytes value)
{
	struct prom_label label;

	begin_label(set, &label);
	buf_add_text(&set->words, name);
	end_label(set, &label, value);
}

static void add_tags(struct prom_set *set, struct bytes tags)
{
	autobuf struct buf quoted = BUF_INIT, raw = BUF_INIT;
	struct prom_label label;
	struct tag tag;

	while (tag_next(&tags, &tag)) {
		if (tag.value.len == 0)
			continue;
		begin_label(set, &label);
		prom_decode(tag.name, &quoted, &raw);
		check(set, &raw);
		prom_add_label(&set->words, buf_bytes(&raw));
		prom_decode(tag.value, &quoted, &raw);
		check(set, &raw);
		end_label(set, &label, buf_bytes(&raw));
	}
}

static int compare_names(const struct prom_label *a, const struct prom_label *b)
{
	return bytes_compare(bytes_make(a->text, a->name_len), bytes_make(b->text, b->name_len));
}

static int compare_labels(const void *left, const void *right)
{
	const struct prom_label *a = *(struct prom_label *const *)left, *b = *(struct prom_label *const *)right;
	int order = compare_names(a, b);

	return order ? order : (a > b) - (a < b);
}

static struct prom_label **sort_labels(struct prom_set *set, size_t *ret_n)
{
	struct prom_label *labels = (struct prom_label *)(void *)set->labels.data, **sorted;

	*ret_n = set->labels.len / sizeof(*labels);
	sorted = (struct prom_label **)(void *)buf_reserve(&set->sorted, *ret_n * sizeof(*sorted));
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < *ret_n; i++) {
		labels[i].text = set->words.data + labels[i].at;
		sorted[i] = &labels[i];
	}
	qsort(sorted, *ret_n, sizeof(*sorted), compare_labels);
	return sorted;
}

/* Two tags get one label only where somebody made their digests meet: then the first counts, since a label given twice spoils the file. */
static void identify(struct prom_set *set, unsigned char ret_id[DIGEST_LEN])
{
	size_t n;
	struct prom_label **sorted = sort_labels(set, &n);

	for (size_t i = 0; sorted && i < n; i++) {
		if (i && compare_names(sorted[i - 1], sorted[i]) == 0) {
			sorted[i]->len = 0;
			continue;
		}
		buf_add(&set->canonical, sorted[i]->text, sorted[i]->len);
		buf_add_char(&set->canonical, ',');
	}
	check(set, &set->sorted);
	check(set, &set->canonical);
	if (!set->error)
		digest(buf_bytes(&set->canonical), ret_id);
}

static void read_labels(struct prom_set *set, const struct sample *sample, unsigned char ret_id[DIGEST_LEN])
{
	buf_clear(&set->words);
	buf_clear(&set->labels);
	buf_clear(&set->sorted);
	buf_clear(&set->canonical);
	add_fixed(set, "namespace", sample->namespace);
	add_fixed(set, "flow", sample->flow);
	add_fixed(set, "task", sample->task);
	add_tags(set, sample->tags);
	check(set, &set->words);
	check(set, &set->labels);
	if (!set->error)
		identify(set, ret_id);
}

/* In the order the tags were written. */
static void write_labels(struct prom_set *set, struct prom_sample *sample)
{
	const struct prom_label *labels = (const struct prom_label *)(void *)set->labels.data;

	sample->at = set->text.len;
	for (size_t i = 0; i < set->labels.len / sizeof(*labels); i++) {
		if (i && labels[i].len)
			buf_add_char(&set->text, ',');
		buf_add(&set->text, labels[i].text, labels[i].len);
	}
	sample->len = set->text.len - sample->at;
	check(set, &set->text);
}

/* Samples by their ids */

static size_t *find_slot(struct prom_set *set, const unsigned char id[DIGEST_LEN])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, id, sizeof(hash));
	for (i = hash & (set->n_slots - 1); set->slots[i]; i = (i + 1) & (set->n_slots - 1))
		if (memcmp(set->samples[set->slots[i] - 1].id, id, DIGEST_LEN) == 0)
			break;
	return &set->slots[i];
}

/* Never more than half of the slots are taken. */
static bool grow(struct prom_set *set)
{
	size_t size = set->size ? 2 * set->size : SAMPLES_FIRST;
	struct prom_sample *samples = realloc(set->samples, size * sizeof(*samples));
	size_t *slots = calloc(2 * size, sizeof(*slots));

	if (samples)
		set->samples = samples;
	if (!samples || !slots) {
		free(slots);
		set->error = -ENOMEM;
		return false;
	}
	free(set->slots);
	set->slots = slots;
	set->n_slots = 2 * size;
	set->size = size;
	for (size_t i = 0; i < set->n; i++)
		*find_slot(set, set->samples[i].id) = i + 1;
	return true;
}

/* `newer`: what is added was recorded later. */
static void add_totals(struct prom_sample *sample, const struct totals *more, bool newer)
{
	struct totals *t = (struct totals *)prom_sample_totals(sample, more->type);

	if (!t) {
		sample->totals[sample->n_totals++] = *more;
		return;
	}
	t->count += more->count;
	t->sum += more->sum;
	if (newer)
		t->last = more->last;
}

const struct totals *prom_sample_totals(const struct prom_sample *sample, enum metric_type type)
{
	for (unsigned i = 0; i < sample->n_totals; i++)
		if (sample->totals[i].type == type)
			return &sample->totals[i];
	return NULL;
}

void prom_set_add(struct prom_set *set, const struct sample *sample)
{
	struct prom_sample new = {.n_totals = 0}, *known;
	size_t *slot;
	bool newer;

	if (!set->error)
		read_labels(set, sample, new.id);
	if (set->error || (set->n == set->size && !grow(set)))
		return;
	slot = find_slot(set, new.id);
	if (!*slot) {
		write_labels(set, &new);
		set->samples[set->n] = new;
		*slot = ++set->n;
	}
	known = &set->samples[*slot - 1];
	newer = sample->last > known->last;
	for (unsigned i = 0; i < sample->n_totals; i++)
		add_totals(known, &sample->totals[i], newer);
	known->last = newer ? sample->last : known->last;
}
