/* The axis of values: its ends, its ticks, and what they are called. */
#include "fs/document/plot_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xE2\x88\x92"
/* Values that differ by less than this part of them are drawn as alike: their ticks would need more digits than a double has to spare. */
#define PART_LEAST 1e-11

/* A tick's value: whole * 10^power. */
struct decimal {
	int64_t whole;
	int power;
};

static double ten_to(int power)
{
	return pow(10, power);
}

/* The ends of the range of doubles are moved to where sums and differences neither overflow nor lose digits. */
static int shift_for(double magnitude)
{
	if (magnitude > 1e300)
		return 10;
	return magnitude < 1e-280 && magnitude > 0 ? -40 : 0;
}

static double shifted(const struct value_axis *axis, double value)
{
	return axis->shift == 0 ? value : axis->shift > 0 ? value / 1e10 : value * 1e40;
}

static void choose_range(struct value_axis *axis, double least, double greatest)
{
	double magnitude = fmax(fabs(least), fabs(greatest));
	double span;

	axis->shift = shift_for(magnitude);
	axis->from = shifted(axis, least);
	axis->to = shifted(axis, greatest);
	span = axis->to - axis->from;
	if (span <= fmax(fabs(axis->from), fabs(axis->to)) * PART_LEAST)
		span = INFINITY;
	if (axis->from > 0 && axis->from <= span)
		axis->from = 0;
	if (axis->to < 0 && -axis->to <= span)
		axis->to = 0;
	if (axis->from == axis->to)
		axis->to = 1;
}

/* The least of 1, 2 and 5 times a power of ten that is at least `step`. */
static struct decimal round_step(double step)
{
	int power = (int)floor(log10(step)) - 1; /* one lower: the logarithm may be off by its last digit */

	for (;; power++) {
		if (step <= ten_to(power) * (1 + 1e-9))
			return (struct decimal){1, power};
		if (step <= 2 * ten_to(power) * (1 + 1e-9))
			return (struct decimal){2, power};
		if (step <= 5 * ten_to(power) * (1 + 1e-9))
			return (struct decimal){5, power};
	}
}

static int digits_of(int64_t n, char *ret_digits)
{
	return snprintf(ret_digits, 24, "%lld", (long long)(n < 0 ? -n : n));
}

/* Which decimal a number's first digit stands for: 0 for 1 to 9, 3 for thousands. */
static int magnitude_of(struct decimal d)
{
	char digits[24];

	return d.power + digits_of(d.whole, digits) - 1;
}

static struct decimal without_zeros(struct decimal d)
{
	for (; d.whole && d.whole % 10 == 0; d.power++)
		d.whole /= 10;
	return d;
}

static char *put(char *at, const char *text)
{
	return stpcpy(at, text);
}

/* All of an axis with the same number of decimals. */
static void label_plain(struct decimal d, char *at)
{
	char digits[48];
	int len = digits_of(d.whole, digits), decimals = d.power < 0 ? -d.power : 0;

	for (; d.power > 0; d.power--)
		digits[len++] = '0';
	if (len <= decimals) {
		memmove(digits + decimals + 1 - len, digits, (size_t)len);
		memset(digits, '0', (size_t)(decimals + 1 - len));
		len = decimals + 1;
	}
	if (d.whole < 0)
		at = put(at, MINUS);
	for (int i = 0; i < len; i++) {
		int before_point = len - decimals - i;

		if (i > 0 && before_point == 0)
			*at++ = '.';
		else if (i > 0 && before_point > 0 && before_point % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
}

static void label_power(struct decimal d, char *at)
{
	char digits[24];
	int len, power = magnitude_of(d);

	d = without_zeros(d);
	len = digits_of(d.whole, digits);
	if (d.whole < 0)
		at = put(at, MINUS);
	*at++ = digits[0];
	if (len > 1) {
		*at++ = '.';
		at = put(at, digits + 1);
	}
	*at++ = 'e';
	if (power < 0)
		at = put(at, MINUS);
	sprintf(at, "%d", power < 0 ? -power : power);
}

/* Plain where people read it at a glance: below ten million, from a ten thousandth. And where a power would need as many digits. */
static bool is_plain(struct decimal largest)
{
	char digits[24];
	int magnitude = magnitude_of(largest);

	if (magnitude >= -4 && magnitude <= 6)
		return true;
	return magnitude > 6 && magnitude <= 14 && digits_of(largest.whole, digits) > 4;
}

static void label(struct value_tick *tick, struct decimal d, bool plain)
{
	if (d.whole == 0)
		strcpy(tick->label, "0");
	else if (plain)
		label_plain(d, tick->label);
	else
		label_power(d, tick->label);
}

void value_axis_init(struct value_axis *axis, double least, double greatest, unsigned wanted)
{
	struct decimal step, largest;
	int64_t first, last;
	double size;
	bool plain;

	choose_range(axis, least, greatest);
	step = round_step((axis->to - axis->from) / wanted);
	size = (double)step.whole * ten_to(step.power);
	first = (int64_t)floor(axis->from / size + 1e-9);
	last = (int64_t)ceil(axis->to / size - 1e-9);
	axis->from = (double)first * size;
	axis->to = (double)last * size;
	step.power += axis->shift;
	largest = (struct decimal){(last > -first ? last : first) * step.whole, step.power};
	plain = is_plain(largest);
	for (axis->n = 0; axis->n < VALUE_TICKS_MOST && first + axis->n <= last; axis->n++) {
		struct value_tick *tick = &axis->ticks[axis->n];

		tick->place = (double)axis->n / (double)(last - first);
		label(tick, (struct decimal){(first + axis->n) * step.whole, step.power}, plain);
	}
}

double value_axis_place(const struct value_axis *axis, double value)
{
	double place = (shifted(axis, value) - axis->from) / (axis->to - axis->from);

	return fmin(fmax(place, 0), 1);
}
