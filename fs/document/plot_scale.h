/*
 * From values and times to places along an axis, with ticks at round places between. Values are counted in whole multiples of a power of
 * ten, and labels are made from those whole numbers, so that no label shows what binary fractions leave behind.
 */
#pragma once

#include "core/base/clock.h"

#include <stdbool.h>

#define VALUE_TICKS_MOST 16
#define TIME_TICKS_MOST 16

/* The longest are plain with 16 digits, or powers with 12: a sign of 3 bytes, 6 commas, a point, `e`, a sign, 3 digits more. */
#define VALUE_LABEL_SIZE 48
#define TIME_LABEL_SIZE 20

struct value_tick {
	double place; /* 0 at the axis's start to 1 at its end */
	char label[VALUE_LABEL_SIZE];
};

struct value_axis {
	double from, to; /* times 10^shift: so even the whole range of a double has a finite length */
	int shift;
	unsigned n;
	struct value_tick ticks[VALUE_TICKS_MOST];
};

/**
 * An axis over [least, greatest] that begins and ends at a tick, with about `wanted` (2 to 8) steps of 1, 2 or 5 times a power of ten. Zero
 * is on it where it is no farther from the values than they are from each other, and for values that are all alike (up to the 11th
 * digit). Finite in, finite out.
 */
void value_axis_init(struct value_axis *axis, double least, double greatest, unsigned wanted);

/** Where on the axis a value is: 0 to 1. */
double value_axis_place(const struct value_axis *axis, double value);

struct time_tick {
	double place;
	char label[TIME_LABEL_SIZE];
	char context[TIME_LABEL_SIZE]; /* the day or year that the label leaves open, where it is not the tick's before; else empty */
};

struct time_axis {
	usec_t from, to;
	unsigned n;
	struct time_tick ticks[TIME_TICKS_MOST];
};

/**
 * An axis over exactly [first, latest] (UTC), or some seconds around a single moment, with as many ticks at round times, at least one, as
 * have room on `width` (in hundredths of the font's size, at least 2000).
 */
void time_axis_init(struct time_axis *axis, usec_t first, usec_t latest, unsigned width);

/** Where on the axis a time is: 0 to 1; times outside are at its ends. */
double time_axis_place(const struct time_axis *axis, usec_t time);
