/* What stands at a picture's axes, and the texts of others in it: ticks at round places, labels without noise, nothing that is not XML. */
#include "core/base/utf8.h"
#include "fs/document/plot_scale.h"
#include "fs/document/plot_text.h"

#include <float.h>
#include <math.h>
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

static double random_part(uint64_t *seed)
{
	return (double)(random_next(seed) >> 11) * 0x1p-53;
}

static usec_t time_of(const char *text)
{
	usec_t time;

	assert_int_equal(clock_parse(bytes_of(text), &time), 0);
	return time;
}

static void ticks_of_values_are_round(void **state)
{
	static const struct {
		double least, greatest;
		const char *ticks;
	} cases[] = {
		{0, 10, "0|2|4|6|8|10"},
		{12, 998, "0|200|400|600|800|1,000"},
		{0, 0.3, "0|0.1|0.2|0.3"},
		{0.1 + 0.2, 0.7, "0|0.2|0.4|0.6|0.8"},
		{-3, 7, "−4|−2|0|2|4|6|8"},
		{-9, -1, "−10|−8|−6|−4|−2|0"},
		{-10.5, -10.1, "−10.5|−10.4|−10.3|−10.2|−10.1"},
		{20.25, 20.75, "20.2|20.3|20.4|20.5|20.6|20.7|20.8"},
		{80, 100, "80|85|90|95|100"},
		{0, 52000, "0|20,000|40,000|60,000"},
		{0, 4.2e6, "0|1,000,000|2,000,000|3,000,000|4,000,000|5,000,000"},
		{0, 1.4e9, "0|5e8|1e9|1.5e9"},
		{1700000000, 1700000040, "1,700,000,000|1,700,000,010|1,700,000,020|1,700,000,030|1,700,000,040"},
		{0, 0.0004, "0|0.0001|0.0002|0.0003|0.0004"},
		{0, 4e-7, "0|1e−7|2e−7|3e−7|4e−7"},
		{-1.5e-9, 0, "−1.5e−9|−1e−9|−5e−10|0"},
		{512, 512, "0|200|400|600"},
		{-512, -512, "−600|−400|−200|0"},
		{0, 0, "0|0.2|0.4|0.6|0.8|1.0"},
		{3.65, 3.65, "0|1|2|3|4"},
		{0.3, 0.1 + 0.2, "0|0.1|0.2|0.3"},
		{1e-300, 1e300, "0|2e299|4e299|6e299|8e299|1e300"},
		{-DBL_MAX, DBL_MAX, "−2e308|−1e308|0|1e308|2e308"},
		{DBL_MAX, DBL_MAX, "0|5e307|1e308|1.5e308|2e308"},
		{0, DBL_MIN, "0|5e−309|1e−308|1.5e−308|2e−308|2.5e−308"},
		{5e-324, 5e-324, "0|1e−324|2e−324|3e−324|4e−324|5e−324"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf ticks = BUF_INIT;
		struct value_axis axis;

		value_axis_init(&axis, cases[i].least, cases[i].greatest, 5);
		for (unsigned n = 0; n < axis.n; n++)
			buf_add_format(&ticks, n ? "|%s" : "%s", axis.ticks[n].label);
		assert_string_equal(buf_text(&ticks), cases[i].ticks);
		assert_true(axis.ticks[0].place == 0 && axis.ticks[axis.n - 1].place == 1);
	}
}

static double random_double(uint64_t *seed)
{
	double x;
	uint64_t bits;

	do {
		bits = random_next(seed);
		memcpy(&x, &bits, sizeof(x));
	} while (!isfinite(x));
	return x;
}

static void assert_on_axis(double least, double greatest, unsigned wanted)
{
	struct value_axis axis;

	value_axis_init(&axis, least, greatest, wanted);
	assert_true(isfinite(axis.from) && isfinite(axis.to) && axis.from < axis.to);
	assert_true(axis.n >= 2 && axis.n <= wanted + 2);
	assert_true(value_axis_place(&axis, least) >= 0 && value_axis_place(&axis, greatest) <= 1);
	assert_true(value_axis_place(&axis, least) <= value_axis_place(&axis, greatest));
	for (unsigned i = 0; i < axis.n; i++)
		assert_null(strpbrk(axis.ticks[i].label, "nN"));
	for (unsigned i = 1; i < axis.n; i++) {
		assert_true(axis.ticks[i - 1].place < axis.ticks[i].place);
		assert_string_not_equal(axis.ticks[i - 1].label, axis.ticks[i].label);
	}
}

static void any_range_of_doubles_has_an_axis(void **state)
{
	uint64_t seed = 754;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		double a = random_double(&seed), b = i % 2 ? random_double(&seed) : a * (1 + ldexp(random_part(&seed), -(i % 60)));

		if (!isfinite(b))
			continue;
		assert_on_axis(fmin(a, b), fmax(a, b), 2 + (unsigned)i % 7);
		assert_on_axis(a, a, 5);
	}
}

static void ticks_of_times_are_round(void **state)
{
	static const struct {
		const char *first, *latest, *ticks;
	} cases[] = {
		{"2026-11-22T10:00:00Z", "2026-11-22T10:10:00Z", "10:00(2026-11-22)|10:02|10:04|10:06|10:08|10:10"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000003Z",
		 "10:00:00.000000(2026-11-22)|10:00:00.000001|10:00:00.000002|10:00:00.000003"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.9Z", "10:00:00.0(2026-11-22)|10:00:00.2|10:00:00.4|10:00:00.6|10:00:00.8"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00.020Z",
		 "10:00:00.000(2026-11-22)|10:00:00.005|10:00:00.010|10:00:00.015|10:00:00.020"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:07Z", "10:00:00(2026-11-22)|10:00:02|10:00:04|10:00:06"},
		{"2026-11-22T23:58:40Z", "2026-11-23T00:01:10Z", "23:59:00(2026-11-22)|23:59:30|00:00:00(2026-11-23)|00:00:30|00:01:00"},
		{"2026-11-22T09:59:59Z", "2026-11-22T13:00:00Z", "10:00(2026-11-22)|11:00|12:00|13:00"},
		{"2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z", "12:00(2026-11-22)|18:00|00:00(2026-11-23)|06:00"},
		{"2026-12-30T10:00:00Z", "2027-01-03T10:00:00Z", "Dec 31(2026)|Jan 1(2027)|Jan 2|Jan 3"},
		{"2026-11-02T00:00:00Z", "2026-11-29T00:00:00Z", "Nov 2(2026)|Nov 9|Nov 16|Nov 23"},
		{"2026-02-01T00:00:00Z", "2026-07-15T00:00:00Z", "Feb(2026)|Mar|Apr|May|Jun|Jul"},
		{"2025-11-22T00:00:00Z", "2026-11-22T00:00:00Z", "Jan(2026)|Mar|May|Jul|Sep|Nov"},
		{"2023-07-01T00:00:00Z", "2026-07-01T00:00:00Z", "Jul(2023)|Jan(2024)|Jul|Jan(2025)|Jul|Jan(2026)|Jul"},
		{"2019-07-01T00:00:00Z", "2026-07-01T00:00:00Z", "2020|2021|2022|2023|2024|2025|2026"},
		{"1969-12-31T23:00:00Z", "1970-01-01T01:00:00Z", "23:00(1969-12-31)|23:30|00:00(1970-01-01)|00:30|01:00"},
		{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z", "09:59:50(2026-11-22)|10:00:00|10:00:10"},
		{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2000|4000|6000|8000"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", "23:59:45(9999-12-31)|23:59:50|23:59:55"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf ticks = BUF_INIT;
		struct time_axis axis;

		time_axis_init(&axis, time_of(cases[i].first), time_of(cases[i].latest), i == COUNT(cases) - 2 ? 2500 : 4000);
		for (unsigned n = 0; n < axis.n; n++) {
			const struct time_tick *t = &axis.ticks[n];

			buf_add_format(&ticks, *t->context ? "%s%s(%s)" : "%s%s", n ? "|" : "", t->label, t->context);
		}
		assert_string_equal(buf_text(&ticks), cases[i].ticks);
	}
}

static void any_range_of_times_has_ticks_with_room(void **state)
{
	uint64_t seed = 1970;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		unsigned width = 2000 + (unsigned)(random_next(&seed) % 2500);
		usec_t span = (usec_t)exp(random_part(&seed) * log((double)(USEC_MAX - USEC_MIN)));
		usec_t first = USEC_MIN + (usec_t)(random_part(&seed) * (double)(USEC_MAX - USEC_MIN - span));
		struct time_axis axis;

		time_axis_init(&axis, first, first + span, width);
		assert_in_range(axis.n, 1, TIME_TICKS_MOST - 1);
		for (unsigned n = 0; n < axis.n; n++) {
			double room = n ? axis.ticks[n].place - axis.ticks[n - 1].place : 1;

			assert_in_range((uint64_t)(axis.ticks[n].place * 1e6), 0, 1000000);
			assert_true(room * width > plot_text_width(bytes_of(axis.ticks[n].label)));
		}
	}
}

static void texts_of_others_are_escaped(void **state)
{
	static const struct {
		struct bytes text;
		const char *expected;
	} cases[] = {
		{BYTES_LITERAL(""), ""},
		{BYTES_LITERAL("partition=file_1.parquet"), "partition=file_1.parquet"},
		{BYTES_LITERAL("]]></text><script>alert('&')</script>"),
		 "]]&gt;&lt;/text&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"},
		{BYTES_LITERAL("\" onload=\"x"), "&#34; onload=&#34;x"},
		{BYTES_LITERAL("a\0b\x01\x1F\x7F"), "a\uFFFDb\uFFFD\uFFFD\x7F"},
		{BYTES_LITERAL("\t\n\r"), "\t\n&#13;"},
		{BYTES_LITERAL("\uFFFD\xEF\xBF\xBE\xEF\xBF\xBF\U0001FFFF"), "\uFFFD\uFFFD\uFFFD\U0001FFFF"},
		{BYTES_LITERAL("é日\U0001F600שלום"), "é日\U0001F600שלום"},
		{BYTES_LITERAL("\xFF\xED\xA0\x80\xE6\x97"), "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf b = BUF_INIT;

		plot_text_add(&b, cases[i].text);
		assert_string_equal(buf_text(&b), cases[i].expected);
	}
}

static void long_texts_lose_their_middle(void **state)
{
	static const struct {
		const char *text;
		unsigned width;
		const char *expected;
	} cases[] = {
		{"short", 1000, "short"},
		{"partition=file_1.parquet, region=eu-west-1", 1500, "partition=file_1…eu-west-1"},
		{"日本語日本語日本語日本語", 630, "日本語…本語"},
		{"aaaaaaaaaae\u0301e\u0301e\u0301e\u0301", 510, "aaa…e\u0301e\u0301"},
		{"<<<<<<<<<<<<<<<<<<<<", 520, "&lt;&lt;&lt;…&lt;&lt;&lt;"},
		{"anything", 0, "…"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf b = BUF_INIT;
		bool cut = plot_text_add_cut(&b, bytes_of(cases[i].text), cases[i].width);

		assert_string_equal(buf_text(&b), cases[i].expected);
		assert_int_equal(cut, strstr(cases[i].expected, "…") != NULL);
	}
}

/* A width bounds the bytes, whatever the text: what has no width in a font counts a little too. */
static void a_cut_text_is_short(void **state)
{
	static const char *const pieces[] = {"'", "\u0301", "\u200B", "\xFF", "\x01", "i", "\U0001F600", "<", "\x80", "\xE6\x97"};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		autobuf struct buf text = BUF_INIT, b = BUF_INIT;

		for (int n = 0; n < 100000; n++)
			buf_add_text(&text, pieces[i]);
		assert_true(plot_text_add_cut(&b, buf_bytes(&text), 2000));
		assert_in_range(b.len, 20, 320);
		assert_true(utf8_valid(buf_bytes(&b)));
	}
}

static void counts_have_their_thousands_apart(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	plot_text_add_count(&b, 0);
	buf_add_char(&b, ' ');
	plot_text_add_count(&b, 1000);
	buf_add_char(&b, ' ');
	plot_text_add_count(&b, 12034567);
	buf_add_char(&b, ' ');
	plot_text_add_count(&b, UINT64_MAX);
	assert_string_equal(buf_text(&b), "0 1,000 12,034,567 18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_of_values_are_round),   cmocka_unit_test(any_range_of_doubles_has_an_axis),
		cmocka_unit_test(ticks_of_times_are_round),    cmocka_unit_test(any_range_of_times_has_ticks_with_room),
		cmocka_unit_test(texts_of_others_are_escaped), cmocka_unit_test(long_texts_lose_their_middle),
		cmocka_unit_test(a_cut_text_is_short),	       cmocka_unit_test(counts_have_their_thousands_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
