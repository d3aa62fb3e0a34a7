/*
 * A number of seconds becomes microseconds digit by digit, never as a double: 1700000000.123456 is that microsecond, and a fraction is
 * cut as RFC 3339's is, not rounded.
 */
#include "core/protocol/timestamp.h"

#include <errno.h>
#include <stdbool.h>

#define DIGITS_MOST 18 /* USEC_MAX has so many, and 64 bits hold them */
#define MICRO_DIGITS 6
#define EXPONENT_MOST 1000000000

/* 0.digits * 10^point; the first digit is not 0, the ones not kept do not count. */
struct decimal {
	char digits[DIGITS_MOST];
	int64_t n_digits;
	int64_t point;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int64_t read_exponent(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t exponent = 0;

	if (*at == '-' || *at == '+')
		at++;
	for (; at < end; at++)
		if (exponent < EXPONENT_MOST)
			exponent = 10 * exponent + (*at - '0');
	return negative ? -exponent : exponent;
}

static void decimal_add(struct decimal *d, char digit, bool after_point)
{
	bool leading_zero = d->n_digits == 0 && digit == '0';

	if (!leading_zero && d->n_digits < DIGITS_MOST)
		d->digits[d->n_digits++] = digit;
	if (leading_zero && after_point)
		d->point--;
	if (!leading_zero && !after_point)
		d->point++;
}

static struct decimal decimal_read(const char *at, const char *end)
{
	struct decimal d = {.n_digits = 0};
	bool after_point = false;

	for (; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.')
			after_point = true;
		else
			decimal_add(&d, *at, after_point);
	}
	if (at < end)
		d.point += read_exponent(at + 1, end);
	return d;
}

int timestamp_parse_seconds(struct bytes number, usec_t *ret_time)
{
	bool negative = number.data[0] == '-';
	struct decimal d = decimal_read(number.data + negative, number.data + number.len);
	int64_t wanted = d.point + MICRO_DIGITS;
	usec_t time = 0;

	if (d.n_digits > 0 && wanted > DIGITS_MOST)
		return -EINVAL;
	for (int64_t i = 0; d.n_digits > 0 && i < wanted; i++)
		time = 10 * time + (i < d.n_digits ? d.digits[i] - '0' : 0);
	if (negative)
		time = -time;
	if (time < USEC_MIN || time > USEC_MAX)
		return -EINVAL;
	*ret_time = time;
	return 0;
}
