/* Times and spans of time, as text and back. */
#include "core/base/buf.h"
#include "core/base/clock.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_time(const char *text, const char *expected)
{
	char formatted[CLOCK_TEXT_LEN];
	usec_t time;

	assert_int_equal(clock_parse(bytes_of(text), &time), 0);
	clock_format(time, formatted);
	assert_memory_equal(formatted, expected, CLOCK_TEXT_LEN);
}

static void times_parse_and_format(void **state)
{
	static const char *const cases[][2] = {
		{"2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00.123456Z"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000000Z"},
		{"2026-11-22t10:00:00.5z", "2026-11-22T10:00:00.500000Z"},
		{"2026-11-22 10:00:00+00:00", "2026-11-22T10:00:00.000000Z"},
		{"2026-11-22T10:00:00-00:00", "2026-11-22T10:00:00.000000Z"},
		{"2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00.000000Z"},
		{"2026-12-31T23:30:00-23:59", "2027-01-01T23:29:00.000000Z"},
		{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
		{"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
		{"2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
		{"2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250000Z"},
		{"2026-11-22T10:00:00.123456999999Z", "2026-11-22T10:00:00.123456Z"},
		{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
		{"0000-12-31T23:00:00-01:00", "0001-01-01T00:00:00.000000Z"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_time(cases[i][0], cases[i][1]);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-11-22",
		"2026-11-22T10:00:00",
		"2026-11-22T10:00Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T10:60:00Z",
		"2026-11-22T10:00:61Z",
		"2026-11-31T10:00:00Z",
		"2026-02-29T10:00:00Z",
		"1900-02-29T10:00:00Z",
		"2026-13-01T10:00:00Z",
		"2026-00-01T10:00:00Z",
		"2026-01-00T10:00:00Z",
		"2026-11-22T10:00:00.Z",
		"2026-11-22T10:00:00,5Z",
		"2026-11-22T10:00:00+0100",
		"2026-11-22T10:00:00+01",
		"2026-11-22T10:00:00+24:00",
		"2026-11-22T10:00:00+01:60",
		"2026-11-22T10:00:00Z ",
		" 2026-11-22T10:00:00Z",
		"2026-11-22_10:00:00Z",
		"26-11-22T10:00:00Z",
		"+2026-11-22T10:00:00Z",
		"0000-12-31T23:59:59Z",
		"9999-12-31T23:59:60Z",
		"9999-12-31T23:59:59-00:01",
		"0001-01-01T00:00:00+00:01",
		"2026-1-22T10:00:00Z",
		"20261122T100000Z",
	};
	usec_t time;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		if (clock_parse(bytes_of(texts[i]), &time) != -EINVAL)
			fail_msg("accepted: %s", texts[i]);
	assert_int_equal(clock_parse(bytes_make("2026-11-22T10:00:00Z\0", 21), &time), -EINVAL);
	assert_int_equal(clock_parse(bytes_make(NULL, 0), &time), -EINVAL);
}

static void every_day_has_its_date(void **state)
{
	char text[CLOCK_TEXT_LEN];
	usec_t back;

	(void)state;
	for (usec_t t = USEC_MIN; t <= USEC_MAX; t += 86400 * USEC_PER_SEC - 1) {
		clock_format(t, text);
		assert_int_equal(clock_parse(bytes_make(text, sizeof(text)), &back), 0);
		assert_int_equal(back, t);
	}
}

static void the_clock_goes(void **state)
{
	usec_t now = clock_now();

	(void)state;
	assert_true(now > INT64_C(1700000000) * USEC_PER_SEC && now <= USEC_MAX);
	assert_true(clock_now() >= now);
}

static void durations_format_as_kestra_writes_them(void **state)
{
	static const struct {
		usec_t span;
		const char *text;
	} cases[] = {
		{1300000, "PT1.300000S"}, {0, "PT0.000000S"},
		{1, "PT0.000001S"},	  {3661 * USEC_PER_SEC, "PT3661.000000S"},
		{-5, "PT0.000000S"},	  {INT64_MAX, "PT9223372036854.775807S"},
	};
	char text[CLOCK_DURATION_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		clock_format_duration(cases[i].span, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void durations_parse(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} cases[] = {
		{"PT1S", 1},
		{"PT1.5S", 1.5},
		{"PT0.1S", 0.1},
		{"P1D", 86400},
		{"P1DT2H3M4.5S", 93784.5},
		{"PT-1S", -1},
		{"-PT1S", -1},
		{"-PT-1S", 1},
		{"+PT+1S", 1},
		{"P-1DT1H", -82800},
		{"pt1h", 3600},
		{"PT90M", 5400},
		{"PT1H1S", 3601},
		{"PT-0.000001S", -1e-6},
		{"PT007S", 7},
		{"P0D", 0},
		{"PT1.0000000000001S", 1.0000000000001},
	};
	static const char *const others[] = {"",      "P",     "PT",	"1S",	  "PT1",    "PT1.S",  "PT.5S",	"PT1,5S", "P1S",  "P1H",
					     "PT1D",  "P1Y",   "P1M",	"P1W",	  "PT1M1H", "PT1S1S", "PT1.5H", "P1.5D",  "P1DT", "PT1S ",
					     " PT1S", "PT 1S", "P1D1D", "--PT1S", "PT--1S", "PTT1S",  "PT1e3S", "PT1HT1S"};
	double seconds;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(clock_parse_duration(bytes_of(cases[i].text), &seconds), 0);
		assert_true(seconds == cases[i].seconds);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		if (clock_parse_duration(bytes_of(others[i]), &seconds) != -EINVAL)
			fail_msg("accepted: %s", others[i]);
}

static void a_duration_beyond_a_double_is_refused(void **state)
{
	autobuf struct buf b = BUF_INIT;
	double seconds;

	(void)state;
	buf_add_text(&b, "P1");
	for (int i = 0; i < 308; i++)
		buf_add_char(&b, '0');
	buf_add_char(&b, 'D');
	assert_int_equal(clock_parse_duration(buf_bytes(&b), &seconds), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_parse_and_format),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(every_day_has_its_date),
		cmocka_unit_test(the_clock_goes),
		cmocka_unit_test(durations_format_as_kestra_writes_them),
		cmocka_unit_test(durations_parse),
		cmocka_unit_test(a_duration_beyond_a_double_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
