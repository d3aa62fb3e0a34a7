/*
 * Text to time and to spans. Each reader takes what it wants from the front of what is left, or says false; then the whole text is
 * refused.
 */
#include "core/base/clock.h"
#include "core/base/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#define SEC_PER_DAY 86400

/* From 1970-01-01, the way back of the algorithm in clock.c. */
static int64_t days_of(int of_year, int month, int day)
{
	int64_t year = of_year - (month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t in_era = year - era * 400;
	int in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

/* What is left to read. */
struct cursor {
	const char *at;
	const char *end;
};

static struct cursor cursor_of(struct bytes text)
{
	if (!text.data)
		return (struct cursor){"", ""};
	return (struct cursor){text.data, text.data + text.len};
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(struct cursor *c, const char *any_of)
{
	if (c->at == c->end || !*c->at || !strchr(any_of, *c->at))
		return false;
	c->at++;
	return true;
}

static bool take_number(struct cursor *c, int digits, int least, int most, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < digits; i++) {
		if (c->at == c->end || !is_digit(*c->at))
			return false;
		number = 10 * number + (*c->at++ - '0');
	}
	*ret_number = number;
	return number >= least && number <= most;
}

static int month_length(int year, int month)
{
	static const signed char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return lengths[month - 1] + (month == 2 && leap);
}

static bool take_date(struct cursor *c, int64_t *ret_days)
{
	int year, month, day;

	if (!take_number(c, 4, 0, 9999, &year) || !take(c, "-") || !take_number(c, 2, 1, 12, &month) || !take(c, "-") ||
	    !take_number(c, 2, 1, month_length(year, month), &day))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

/* No fraction is 0; a dot without a digit after it is wrong. */
static bool take_fraction(struct cursor *c, int *ret_usec)
{
	int usec = 0, unit = (int)USEC_PER_SEC / 10;

	*ret_usec = 0;
	if (!take(c, "."))
		return true;
	if (c->at == c->end || !is_digit(*c->at))
		return false;
	for (; c->at < c->end && is_digit(*c->at); c->at++, unit /= 10)
		usec += (*c->at - '0') * unit;
	*ret_usec = usec;
	return true;
}

static bool take_time(struct cursor *c, usec_t *ret_usec)
{
	int hour, minute, second, usec;

	if (!take_number(c, 2, 0, 23, &hour) || !take(c, ":") || !take_number(c, 2, 0, 59, &minute) || !take(c, ":") ||
	    !take_number(c, 2, 0, 60, &second) || !take_fraction(c, &usec))
		return false;
	*ret_usec = (hour * 3600 + minute * 60 + second) * USEC_PER_SEC + usec;
	return true;
}

static bool take_zone(struct cursor *c, usec_t *ret_east)
{
	int sign, hour, minute;

	*ret_east = 0;
	if (take(c, "Zz"))
		return true;
	sign = take(c, "+") ? 1 : take(c, "-") ? -1 : 0;
	if (!sign || !take_number(c, 2, 0, 23, &hour) || !take(c, ":") || !take_number(c, 2, 0, 59, &minute))
		return false;
	*ret_east = sign * (hour * 3600 + minute * 60) * USEC_PER_SEC;
	return true;
}

int clock_parse(struct bytes text, usec_t *ret_time)
{
	struct cursor c = cursor_of(text);
	usec_t time, east;
	int64_t days;

	if (!take_date(&c, &days) || !take(&c, "Tt ") || !take_time(&c, &time) || !take_zone(&c, &east) || c.at != c.end)
		return -EINVAL;
	time += days * SEC_PER_DAY * USEC_PER_SEC - east;
	if (time < USEC_MIN || time > USEC_MAX)
		return -EINVAL;
	*ret_time = time;
	return 0;
}

static int take_sign(struct cursor *c)
{
	if (take(c, "-"))
		return -1;
	take(c, "+");
	return 1;
}

/* `-12.5` in front of its unit. */
static bool take_amount(struct cursor *c, bool *ret_fraction, double *ret_amount)
{
	int sign = take_sign(c);
	const char *start = c->at;

	while (c->at < c->end && is_digit(*c->at))
		c->at++;
	if (c->at == start)
		return false;
	*ret_fraction = take(c, ".");
	if (*ret_fraction) {
		const char *fraction = c->at;

		while (c->at < c->end && is_digit(*c->at))
			c->at++;
		if (c->at == fraction)
			return false;
	}
	if (number_parse(start, (size_t)(c->at - start), ret_amount))
		return false;
	*ret_amount *= sign;
	return true;
}

/* The units in the order they must come in; the day's stands before the T, the others after it. */
static const struct unit {
	char letters[3];
	bool after_t;
	bool may_have_fraction;
	double seconds;
} units[] = {
	{"Dd", false, false, SEC_PER_DAY},
	{"Hh", true, false, 3600},
	{"Mm", true, false, 60},
	{"Ss", true, true, 1},
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

/* One amount with its unit, which must come later in the table than `*next`. */
static bool take_component(struct cursor *c, bool after_t, size_t *next, double *sum)
{
	double amount;
	bool fraction;

	if (!take_amount(c, &fraction, &amount))
		return false;
	for (size_t i = *next; i < N_UNITS; i++) {
		if (units[i].after_t != after_t || !take(c, units[i].letters))
			continue;
		*next = i + 1;
		*sum += amount * units[i].seconds;
		return !fraction || units[i].may_have_fraction;
	}
	return false;
}

int clock_parse_duration(struct bytes text, double *ret_seconds)
{
	struct cursor c = cursor_of(text);
	int sign = take_sign(&c);
	bool after_t = false;
	size_t next = 0;
	double sum = 0;

	if (!take(&c, "Pp") || c.at == c.end)
		return -EINVAL;
	while (c.at < c.end) {
		if (!after_t && take(&c, "Tt"))
			after_t = true; /* and a component must follow, also at the end */
		if (!take_component(&c, after_t, &next, &sum))
			return -EINVAL;
	}
	if (!isfinite(sum))
		return -EINVAL;
	*ret_seconds = sign * sum;
	return 0;
}
