/*
 * Digits to the nearest double. Up to 19 digits are gathered as an integer; where that and the power of ten are doubles exactly, one
 * multiplication or division rounds once and is right (Clinger 1990). The rest goes to strtod, as an integer with an exponent: without a
 * decimal point there is nothing for the locale to change.
 */
#include "core/base/number.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A double's exact decimal has at most 767 significant digits: what follows the first 800 counts only as "not zero". */
#define DIGITS_KEPT 800
#define DIGITS_IN_WORD 19
#define EXPONENT_MOST 1000000

struct scanned {
	char digits[DIGITS_KEPT + 2];
	size_t n_digits;  /* significant ones kept */
	uint64_t integer; /* of the first DIGITS_IN_WORD */
	int64_t exponent; /* of ten, for the digits kept */
	bool negative;
	bool cut; /* a digit other than 0 was left out */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void scanned_add(struct scanned *s, char digit, bool after_point)
{
	s->exponent -= after_point;
	if (s->n_digits == 0 && digit == '0')
		return;
	if (s->n_digits == DIGITS_KEPT) {
		s->exponent++;
		s->cut |= digit != '0';
		return;
	}
	if (s->n_digits < DIGITS_IN_WORD)
		s->integer = 10 * s->integer + (uint64_t)(digit - '0');
	s->digits[s->n_digits++] = digit;
}

static int64_t exponent_of(const char *at, const char *end)
{
	bool negative = at < end && *at == '-';
	int64_t exponent = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end && is_digit(*at); at++)
		if (exponent < INT64_MAX / 100)
			exponent = 10 * exponent + (*at - '0');
	return negative ? -exponent : exponent;
}

static void scan(const char *at, const char *end, struct scanned *s)
{
	bool after_point = false;

	s->n_digits = 0;
	s->integer = 0;
	s->exponent = 0;
	s->cut = false;
	s->negative = at < end && *at == '-';
	if (s->negative)
		at++;
	for (; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.')
			after_point = true;
		else
			scanned_add(s, *at, after_point);
	}
	if (at < end)
		s->exponent += exponent_of(at + 1, end);
}

static bool value_exact(const struct scanned *s, double *ret_value)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
					1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	const int64_t most = sizeof(powers) / sizeof(powers[0]) - 1;

	if (s->n_digits > DIGITS_IN_WORD || s->integer > UINT64_C(1) << 53 || s->exponent < -most || s->exponent > most)
		return false;
	*ret_value = s->exponent < 0 ? (double)s->integer / powers[-s->exponent] : (double)s->integer * powers[s->exponent];
	return true;
}

static double value_by_libc(struct scanned *s)
{
	char text[DIGITS_KEPT + 32];
	int64_t exponent = s->exponent;

	if (s->cut) {
		s->digits[s->n_digits++] = '1';
		exponent--;
	}
	if (exponent > EXPONENT_MOST)
		exponent = EXPONENT_MOST;
	if (exponent < -EXPONENT_MOST)
		exponent = -EXPONENT_MOST;
	snprintf(text, sizeof(text), "%.*se%lld", (int)s->n_digits, s->digits, (long long)exponent);
	return strtod(text, NULL);
}

int number_parse(const char *text, size_t len, double *ret_value)
{
	struct scanned s;
	double value;

	scan(text, text + len, &s);
	if (s.n_digits == 0)
		value = 0;
	else if (!value_exact(&s, &value))
		value = value_by_libc(&s);
	if (!isfinite(value))
		return -ERANGE;
	*ret_value = s.negative ? -value : value;
	return 0;
}
