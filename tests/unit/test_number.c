/* Doubles as text and back: ECMAScript's form, the shortest digits, the nearest double, whatever the locale. */
#include "core/base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void numbers_print_as_in_ecmascript(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{-1, "-1"},
		{512, "512"},
		{2.12, "2.12"},
		{3.65, "3.65"},
		{-0.5, "-0.5"},
		{0.1, "0.1"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{4312 / 9.0, "479.1111111111111"},
		{100, "100"},
		{123456789, "123456789"},
		{9007199254740991.0, "9007199254740991"},
		{9007199254740992.0, "9007199254740992"},
		{9007199254740994.0, "9007199254740994"},
		{-9007199254740993.0, "-9007199254740992"},
		{1e20, "100000000000000000000"},
		{123456789012345680000.0, "123456789012345680000"},
		{999999999999999900000.0, "999999999999999900000"},
		{1e21, "1e+21"},
		{1.5e21, "1.5e+21"},
		{1e22, "1e+22"},
		{1e23, "1e+23"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{0.000001, "0.000001"},
		{0.00000123, "0.00000123"},
		{0.0000001, "1e-7"},
		{1.5e-7, "1.5e-7"},
		{5e-324, "5e-324"},
		{2.2250738585072014e-308, "2.2250738585072014e-308"},
		{2.225073858507201e-308, "2.225073858507201e-308"},
		{5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits do not read back, the next do */
		{0x1p-1074, "5e-324"},
		{0x1p-1022, "2.2250738585072014e-308"},
		{0x1p-24, "5.960464477539063e-8"},
		{0x1p+1023, "8.98846567431158e+307"},
		{4.35, "4.35"},
		{0.045, "0.045"},
		{1e15, "1000000000000000"},
		{1234567.891, "1234567.891"},
		{123456789012.12345, "123456789012.12344"},
	};
	char text[NUMBER_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = number_format(cases[i].x, text);

		assert_string_equal(text, cases[i].text);
		assert_int_equal(len, strlen(text));
	}
}

static double random_double(uint64_t *seed)
{
	uint64_t bits;
	double x;

	do {
		bits = random_next(seed);
		memcpy(&x, &bits, sizeof(x));
	} while (!isfinite(x));
	return x;
}

/* How many significant digits a number's text has. */
static int digits_of(const char *text)
{
	int n = 0, zeros = 0;

	for (; *text && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
			continue;
		n++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

static void assert_shortest(double x)
{
	char text[NUMBER_TEXT_SIZE], shorter[64];
	size_t len = number_format(x, text);
	double back;
	int digits = digits_of(text);

	assert_int_equal(number_parse(text, len, &back), 0);
	assert_memory_equal(&back, &x, sizeof(x));
	assert_true(strtod(text, NULL) == x);
	if (digits <= 1)
		return;
	snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, x);
	assert_true(strtod(shorter, NULL) != x);
}

static void any_number_reads_back_from_its_shortest_text(void **state)
{
	uint64_t seed = 754;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		assert_shortest(random_double(&seed));
		assert_shortest((double)(int64_t)random_next(&seed) / 1000);
		assert_shortest((double)(random_next(&seed) % 1000000) / 100);
		assert_shortest((double)(random_next(&seed) % 1000) * 1e-300 * 1e-15);
	}
	for (int e = -1074; e < 1024; e++)
		assert_shortest(ldexp(1, e));
}

static void numbers_parse_to_the_nearest(void **state)
{
	static const char *const texts[] = {
		"0",
		"-0",
		"1",
		"-12.5",
		"1e5",
		"1E+05",
		"1e-5",
		"0.1",
		"123456789012345678",
		"9007199254740993",
		"9007199254740992.5",
		"9007199254740993.0000000000000000000000001",
		"1.7976931348623157e308",
		"1e-400",
		"0e999999999999999999999",
		"5e-324",
		"2.4703282292062327e-324",
		"2.4703282292062328e-324",
		"0.000000000000000000000000000000000000001e39",
		"100000000000000000000000000000000000000000000000000e-50",
		"8.5e22",
		"1e23",
		"6929495644600919.5",
		"3.0e-22",
		"17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641669288791094"
		"65555478519404026306574886715058206819089020007083836762738548458177115317644757302700698555713669596228429148198608349364"
		"75292719074168444365510704342711559699508093042880000",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		double x, expected = strtod(texts[i], NULL);

		assert_int_equal(number_parse(texts[i], strlen(texts[i]), &x), 0);
		assert_memory_equal(&x, &expected, sizeof(x));
	}
}

static void random_digits_parse_to_the_nearest(void **state)
{
	uint64_t seed = 1990;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		char text[128];
		double x, expected;
		int len = snprintf(text, sizeof(text), "%s%llu.%llue%d", i % 2 ? "-" : "",
				   (unsigned long long)(random_next(&seed) >> (random_next(&seed) % 64)),
				   (unsigned long long)(random_next(&seed) >> (random_next(&seed) % 64)),
				   (int)(random_next(&seed) % 600) - 300);
		int r = number_parse(text, (size_t)len, &x);

		expected = strtod(text, NULL);
		assert_int_equal(r, isfinite(expected) ? 0 : -ERANGE);
		if (r == 0)
			assert_memory_equal(&x, &expected, sizeof(x));
	}
}

static void more_digits_than_a_double_has_still_count(void **state)
{
	char text[2000];
	double x;

	(void)state;
	memset(text, '0', sizeof(text));
	memcpy(text, "9007199254740993.", 17); /* halfway, unless a digit follows */
	assert_int_equal(number_parse(text, sizeof(text), &x), 0);
	assert_true(x == 9007199254740992.0);
	text[sizeof(text) - 1] = '1';
	assert_int_equal(number_parse(text, sizeof(text), &x), 0);
	assert_true(x == 9007199254740994.0);
}

static void what_is_no_finite_double_is_out_of_range(void **state)
{
	static const char *const texts[] = {"1e309", "-1e309", "1.7976931348623159e308", "1e99999999999999999999", "123123e100000"};
	double x;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(number_parse(texts[i], strlen(texts[i]), &x), -ERANGE);
}

static void the_locale_changes_no_number(void **state)
{
	static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"};
	char text[NUMBER_TEXT_SIZE];
	double x;

	(void)state;
	for (size_t i = 0; i < COUNT(locales) && !setlocale(LC_NUMERIC, locales[i]); i++)
		continue; /* where none of them is installed, this still checks the rest */
	number_format(0.1 + 0.2, text);
	assert_string_equal(text, "0.30000000000000004");
	assert_int_equal(number_parse("9007199254740993.25e-3", 22, &x), 0);
	setlocale(LC_NUMERIC, "C");
	assert_true(x == 9007199254740.99325);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_print_as_in_ecmascript),
		cmocka_unit_test(any_number_reads_back_from_its_shortest_text),
		cmocka_unit_test(numbers_parse_to_the_nearest),
		cmocka_unit_test(random_digits_parse_to_the_nearest),
		cmocka_unit_test(more_digits_than_a_double_has_still_count),
		cmocka_unit_test(what_is_no_finite_double_is_out_of_range),
		cmocka_unit_test(the_locale_changes_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
