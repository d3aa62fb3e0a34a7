/*
 * Doubles to the shortest digits that read back, and digits to the nearest double, without a look at the locale: neither way has a
 * decimal point in the text that libc sees. The common cases, integers and numbers of up to 15 digits, are done in exact arithmetic.
 */
#include "core/base/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MOST 17			 /* always enough to read a double back */
#define DIGITS_CERTAIN 15		 /* DBL_DIG: no two decimals of so many digits are one double */
#define EXACT_INTEGER 9007199254740992.0 /* 2^53 */

static const double powers_of_ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* 0.digits * 10^point, the first digit not 0: the form ECMA-262 starts from (its n is our point, its k our len). */
struct decimal {
	char digits[DIGITS_MOST + 8];
	int len;
	int point;
};

static int digits_of(uint64_t n, char *ret_digits)
{
	char reversed[20];
	int len = 0;

	do {
		reversed[len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	for (int i = 0; i < len; i++)
		ret_digits[i] = reversed[len - 1 - i];
	return len;
}

static void strip_zeros(struct decimal *d)
{
	while (d->len > 1 && d->digits[d->len - 1] == '0')
		d->len--;
}

/*
 * x = n / 10^k with n below 10^15: the product, its rounding and the quotient are checked exactly, and a decimal of up to 15 digits that
 * reads back is the shortest one. This is what scripts print: 3.65, 0.001, 12.5.
 */
static bool decimal_quick(double x, struct decimal *ret)
{
	for (int k = 0; k <= DIGITS_CERTAIN; k++) {
		double scaled = x * powers_of_ten[k];
		double n;

		if (scaled >= powers_of_ten[DIGITS_CERTAIN])
			return false;
		n = (double)(int64_t)(scaled + 0.5);
		if (n > 0 && n / powers_of_ten[k] == x) {
			ret->len = digits_of((uint64_t)n, ret->digits);
			ret->point = ret->len - k;
			strip_zeros(ret);
			return true;
		}
	}
	return false;
}

static double decimal_value(const struct decimal *d)
{
	char text[sizeof(d->digits) + 16];

	snprintf(text, sizeof(text), "%.*se%d", d->len, d->digits, d->point - d->len);
	return strtod(text, NULL);
}

static void decimal_of_length(double x, int len, struct decimal *ret)
{
	char text[64];
	char *at = text;

	snprintf(text, sizeof(text), "%.*e", len - 1, x);
	for (ret->len = 0; *at != 'e'; at++)
		if (*at >= '0' && *at <= '9') /* the point may be any text */
			ret->digits[ret->len++] = *at;
	ret->point = (int)strtol(at + 1, NULL, 10) + 1;
}

/* The next decimal of the same length. */
static void decimal_increment(struct decimal *d)
{
	int i = d->len - 1;

	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i >= 0) {
		d->digits[i]++;
		return;
	}
	d->digits[0] = '1';
	d->point++;
}

/*
 * A power of two has a closer neighbour below than above, so the nearest decimal of a length may lie below it and not read back, while
 * the next one, above, does (2^-44 is 5.684341886080802e-14).
 */
static bool decimal_reads_back(double x, struct decimal *d)
{
	if (decimal_value(d) == x)
		return true;
	decimal_increment(d);
	return decimal_value(d) == x;
}

static void decimal_shortest(double x, struct decimal *ret)
{
	int len = x < DBL_MIN ? 1 : DIGITS_CERTAIN; /* subnormal numbers have fewer digits than they can print */

	for (; len < DIGITS_MOST; len++) {
		decimal_of_length(x, len, ret);
		if (decimal_reads_back(x, ret))
			break;
	}
	if (len == DIGITS_MOST)
		decimal_of_length(x, len, ret);
	strip_zeros(ret);
}

static char *add_digits(char *at, const struct decimal *d, int from, int to)
{
	memcpy(at, d->digits + from, (size_t)(to - from));
	return at + (to - from);
}

static char *add_zeros(char *at, int n)
{
	memset(at, '0', (size_t)n);
	return at + n;
}

static char *add_scientific(char *at, const struct decimal *d)
{
	at = add_digits(at, d, 0, 1);
	if (d->len > 1) {
		*at++ = '.';
		at = add_digits(at, d, 1, d->len);
	}
	return at + sprintf(at, "e%+d", d->point - 1);
}

/* ECMA-262, Number::toString, steps 6 to 10. */
static char *add_decimal(char *at, const struct decimal *d)
{
	if (d->point > 21 || d->point <= -6)
		return add_scientific(at, d);
	if (d->point >= d->len)
		return add_zeros(add_digits(at, d, 0, d->len), d->point - d->len);
	if (d->point > 0) {
		at = add_digits(at, d, 0, d->point);
		*at++ = '.';
		return add_digits(at, d, d->point, d->len);
	}
	*at++ = '0';
	*at++ = '.';
	return add_digits(add_zeros(at, -d->point), d, 0, d->len);
}

size_t number_format(double x, char ret_text[NUMBER_TEXT_SIZE])
{
	struct decimal d;
	char *at = ret_text;

	if (signbit(x)) {
		*at++ = '-';
		x = -x;
	}
	if (x < EXACT_INTEGER && x == (double)(uint64_t)x) {
		at += digits_of((uint64_t)x, at);
	} else {
		if (!decimal_quick(x, &d))
			decimal_shortest(x, &d);
		at = add_decimal(at, &d);
	}
	*at = '\0';
	return (size_t)(at - ret_text);
}
