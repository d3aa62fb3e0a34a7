/*
 * The samples of one document by their labels, as Prometheus sees them: to it a label with an empty value is none, and two samples of the
 * same labels in whatever order are one sample given twice, for which a reader drops the whole file. So what it would take for one is added
 * up to one here: a set of tags with and without an empty one.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/store/samples.h"

/** One line of labels, and what its points amount to. */
struct prom_sample {
	unsigned char id[DIGEST_LEN]; /* of the labels, whatever their order */
	event_t last;		      /* of its points */
	size_t at, len;		      /* the labels as text, `namespace="dev",…`, in prom_set.text */
	unsigned n_totals;	      /* per type */
	struct totals totals[METRIC_TYPES];
};

struct prom_set {
	struct prom_sample *samples; /* in the order they were added */
	size_t n, size;
	size_t *slots;	/* number of a sample by its id, from 1; 0: free */
	size_t n_slots; /* a power of two, or 0 */
	struct buf text;
	int error; /* sticky: 0 or -ENOMEM */

	/* of the sample being added */
	struct buf words;  /* names and values of its labels, one behind the other */
	struct buf labels; /* struct prom_label */
	struct buf sorted; /* pointers to them, by name */
	struct buf canonical;
};

/** Adds a sample to those of its labels. */
void prom_set_add(struct prom_set *set, const struct sample *sample);

/** What a sample's points of a type amount to; NULL where it has none. */
const struct totals *prom_sample_totals(const struct prom_sample *sample, enum metric_type type);

void prom_set_finish(struct prom_set *set);
