/* Pictures of values over time: what of the points is drawn, what is written at them, and how long the text gets. */
#include "core/base/utf8.h"
#include "fs/document/plot.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/fail_alloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KIB 1024
#define NOON INT64_C(1795348800000000) /* 2026-11-22 */

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

static struct plot *plot_of(const char *title, const char *unit, usec_t span, size_t most)
{
	struct plot_options options = {.title = bytes_of(title), .unit = unit, .first = NOON, .latest = NOON + span, .most = most};
	struct plot *plot;

	assert_int_equal(plot_new(&options, &plot), 0);
	return plot;
}

static void finish_plot(struct plot **plot)
{
	plot_free(*plot);
}
#define autoplot cleanup(finish_plot)

static unsigned add_series(struct plot *plot, const char *label)
{
	unsigned series;

	assert_int_equal(plot_add_series(plot, bytes_of(label), &series), 0);
	return series;
}

static void add(struct plot *plot, unsigned series, usec_t time, double value)
{
	assert_int_equal(plot_add(plot, series, NOON + time, value), 0);
}

/* Every start tag has its end tag, attributes are quoted, every `&` begins one of the references that are used, and the text is XML's. */
static void assert_well_formed(const char *text)
{
	const char *open[32];
	unsigned depth = 0;

	if (strncmp(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", 39) == 0)
		text += 39;
	assert_int_equal(strncmp(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 40), 0);
	assert_true(utf8_valid(bytes_of(text)));
	for (const char *c = text; *c; c++) {
		assert_true((unsigned char)*c >= ' ' || strchr("\t\n\r", *c));
		if (*c == '&') {
			const char *end = strchr(c, ';');

			assert_true(end && end - c <= 5 && strspn(c + 1, "ampltgt#0123456789") == (size_t)(end - c - 1));
		}
		if (*c != '<')
			continue;
		if (c[1] == '/') {
			assert_true(depth > 0);
			depth--;
			assert_memory_equal(open[depth], c + 2, strcspn(c + 2, ">"));
			continue;
		}
		assert_true((c[1] >= 'a' && c[1] <= 'z') && depth < COUNT(open));
		open[depth++] = c + 1;
		for (bool quoted = false; quoted || *c != '>'; c++) {
			assert_true(*c && !(quoted && *c == '<'));
			quoted ^= *c == '"';
		}
		depth -= c[-1] == '/';
		assert_true(depth > 0 || c[-1] == '/' || strcmp(c, ">\n") == 0);
	}
	assert_int_equal(depth, 0);
}

/* The SVG, checked for what every one keeps to. */
static const char *picture_of(struct plot *plot, bool in_page, size_t most, struct buf *ret)
{
	buf_clear(ret);
	plot_write(plot, in_page, ret);
	assert_int_equal(buf_error(ret), 0);
	assert_in_range(ret->len, 1, most);
	assert_well_formed(buf_text(ret));
	assert_non_null(strstr(ret->data, " role=\"img\" aria-label=\""));
	assert_non_null(strstr(ret->data, "<title>"));
	assert_null(strstr(ret->data, "<script"));
	assert_null(strstr(ret->data, "nan"));
	assert_null(strstr(ret->data, "inf"));
	return ret->data;
}

static unsigned count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* The line of a picture's first series, in tenths of a unit. */
struct line {
	unsigned corners;
	long high, low;
	bool back; /* somewhere against the time */
};

static struct line line_of(const char *text)
{
	const char *at = strstr(strstr(text, "<g class=\"plot-0\">"), " d=\"M") + 5;
	char *end, command = 'l';
	struct line line = {.corners = 1};
	long y;

	strtol(at, &end, 10);
	y = line.high = line.low = strtol(end, &end, 10);
	for (; *end != '"'; line.corners++) {
		if (strchr("lvh", *end))
			command = *end++;
		if (command != 'v')
			line.back |= strtol(end, &end, 10) < 0;
		if (command != 'h')
			y += strtol(end, &end, 10);
		line.high = y < line.high ? y : line.high;
		line.low = y > line.low ? y : line.low;
	}
	return line;
}

/* The first and the last line of the grid: where the axis of values begins and ends. */
static void axis_ends(const char *text, long *ret_bottom, long *ret_top)
{
	const char *at = strstr(text, "class=\"plot-grid\" d=\"");
	const char *end = strstr(at, "\"/>");

	assert_int_equal(sscanf(at, "class=\"plot-grid\" d=\"M%*d %ld", ret_bottom), 1);
	while (*end != 'M')
		end--;
	assert_int_equal(sscanf(end, "M%*d %ld", ret_top), 1);
}

static void few_points_are_drawn_in_order_of_time(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("nr_rows", "rows", 4000, 64 * KIB);
	unsigned series = add_series(plot, "");
	long bottom, top;
	struct line line;
	const char *text;

	(void)state;
	add(plot, series, 3000, 4);
	add(plot, series, 0, 0);
	add(plot, series, 4000, 10);
	add(plot, series, 1000, 2);
	text = picture_of(plot, false, 64 * KIB, &b);
	line = line_of(text);
	axis_ends(text, &bottom, &top);
	assert_int_equal(line.corners, 4);
	assert_false(line.back);
	assert_int_equal(line.low, 10 * bottom);
	assert_int_equal(line.high, 10 * top);
	assert_int_equal(count_of(text, "h0\">"), 4); /* the dots */
	assert_non_null(strstr(text, "<title>2026-11-22T12:00:00.003000Z\n4 rows</title>"));
	assert_non_null(strstr(text, ">4 points</text>"));
	assert_non_null(strstr(text, ">UTC</text>"));
	assert_non_null(strstr(text, ">rows</text>"));
	assert_null(strstr(text, "min to max"));
}

static void the_extremes_of_a_million_points_are_seen(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("temperature", "degrees", 1000000, 64 * KIB);
	unsigned series = add_series(plot, "");
	uint64_t seed = 4;
	long bottom, top;
	struct line line;
	const char *text;

	(void)state;
	for (usec_t i = 0; i < 1000000; i++) {
		usec_t time = i * 617 % 1000000; /* each once, in no order */

		add(plot, series, time, time == 123456 ? 100 : time == 654321 ? -100 : random_part(&seed));
	}
	assert_int_equal(plot_count(plot), 1000000);
	text = picture_of(plot, false, 64 * KIB, &b);
	line = line_of(text);
	axis_ends(text, &bottom, &top);
	assert_int_equal(line.high, 10 * top);
	assert_int_equal(line.low, 10 * bottom);
	assert_in_range(line.corners, 1000, 2100);
	assert_false(line.back);
	assert_non_null(strstr(text, ">1,000,000 points, min to max</text>"));
}

static void as_many_points_as_are_kept_are_all_drawn(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("x", NULL, 2000, 64 * KIB);
	unsigned series = add_series(plot, "");

	(void)state;
	for (int i = 0; i < 2000; i++)
		add(plot, series, i, i % 2);
	assert_int_equal(line_of(picture_of(plot, false, 64 * KIB, &b)).corners, 2000);
	add(plot, series, 2000, 0.5);
	assert_non_null(strstr(picture_of(plot, false, 64 * KIB, &b), "2,001 points, min to max"));
}

static void series_have_colours_and_a_legend(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("rows", NULL, 100, 64 * KIB);
	const char *text;

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *const labels[] = {"region=eu", "region=us", ""};
		unsigned series = add_series(plot, labels[i]);

		add(plot, series, 0, i);
		add(plot, series, 100, i);
	}
	text = picture_of(plot, false, 64 * KIB, &b);
	assert_non_null(strstr(text, ">region=eu</text>"));
	assert_non_null(strstr(text, ">region=us</text>"));
	assert_non_null(strstr(text, ">(none)</text>"));
	for (int i = 0; i < 3; i++) {
		char colour[32];

		snprintf(colour, sizeof(colour), "<g class=\"plot-%d\">", i);
		assert_int_equal(count_of(text, colour), 2);
	}
	assert_null(strstr(text, " more</text>"));
}

static void series_without_a_colour_are_counted(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("rows", NULL, 100, 64 * KIB);
	const char *text;

	(void)state;
	for (int i = 0; i < 49; i++) {
		char label[32];
		unsigned series;

		snprintf(label, sizeof(label), "host=%d", i);
		series = add_series(plot, label);
		add(plot, series, 0, i);
		add(plot, series, 100, i);
	}
	text = picture_of(plot, false, 64 * KIB, &b);
	assert_non_null(strstr(text, ">host=11</text>"));
	assert_null(strstr(text, "host=12"));
	assert_non_null(strstr(text, ">and 37 more</text>"));
	text = strstr(text, "<g class=\"plot-more\">");
	*strstr((char *)text, "</g>") = '\0';
	assert_int_equal(count_of(text, "<path"), 37); /* a line for each all the same */
}

static void a_single_unnamed_series_has_no_legend(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("rows", NULL, 0, 64 * KIB);

	(void)state;
	add(plot, add_series(plot, ""), 0, 1);
	assert_int_equal(count_of(picture_of(plot, false, 64 * KIB, &b), "class=\"plot-0\""), 1);
}

static void no_points_are_said(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("rows", "rows", 0, 16 * KIB);

	(void)state;
	assert_non_null(strstr(picture_of(plot, false, 16 * KIB, &b), ">no points</text>"));
	add_series(plot, "a");
	assert_int_equal(plot_add(plot, 0, NOON, INFINITY), 0);
	assert_int_equal(plot_add(plot, 0, NOON, NAN), 0);
	assert_non_null(strstr(picture_of(plot, false, 16 * KIB, &b), ">no points</text>"));
}

static void unusual_values_and_times_are_drawn(void **state)
{
	static const struct {
		usec_t first, latest;
		double a, b;
	} cases[] = {
		{USEC_MIN, USEC_MAX, -DBL_MAX, DBL_MAX},
		{USEC_MIN, USEC_MIN, DBL_MAX, DBL_MAX},
		{USEC_MAX, USEC_MAX, 5e-324, 5e-324},
		{INT64_MIN, INT64_MAX, 1e-300, 1e300},
		{NOON, NOON + 1, -0.0, 0},
		{NOON, NOON - 5, 1e15, 1e15 + 0.125},
		{-1, 1, -5e-324, 5e-324},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct plot_options options = {.first = cases[i].first, .latest = cases[i].latest, .small = i % 2, .most = 16 * KIB};
		autobuf struct buf b = BUF_INIT;
		struct plot *autoplot plot = NULL;
		unsigned series;

		assert_int_equal(plot_new(&options, &plot), 0);
		series = add_series(plot, "");
		assert_int_equal(plot_add(plot, series, cases[i].first, cases[i].a), 0);
		assert_int_equal(plot_add(plot, series, cases[i].latest, cases[i].b), 0);
		picture_of(plot, false, 16 * KIB, &b);
		for (int n = 0; n < 2000; n++)
			assert_int_equal(plot_add(plot, series, cases[i].latest, cases[i].b), 0);
		picture_of(plot, false, 16 * KIB, &b);
	}
}

/* Texts that are long, that grow when they are escaped, or that no font gives a width. */
static void make_hostile(struct buf *b, uint64_t *seed)
{
	static const char *const pieces[] = {
		"]]>",	   "<script>alert(1)</script>",
		"\"'&",	   "\u202Eabc",
		"\u0301",  "\x01",
		"\xFF",	   "\u200B",
		"--><!--", "plain text, ",
		"日本",	   "&amp;",
	};
	size_t most = random_next(seed) % 3 ? 100 : 20000;

	buf_clear(b);
	while (b->len < most)
		buf_add_text(b, pieces[random_next(seed) % (most > 100 ? COUNT(pieces) / 2 : COUNT(pieces))]);
}

static void draw_hostile(unsigned n_series, unsigned points, bool small, size_t most, uint64_t seed)
{
	struct plot_options options = {.unit = "<&'\">", .first = NOON, .latest = NOON + 1000000, .small = small, .most = most};
	autobuf struct buf b = BUF_INIT, text = BUF_INIT;
	struct plot *autoplot plot = NULL;
	unsigned series;

	make_hostile(&text, &seed);
	options.title = buf_bytes(&text);
	assert_int_equal(plot_new(&options, &plot), 0);
	for (unsigned i = 0; i < n_series; i++) {
		if (i < 30)
			make_hostile(&text, &seed);
		assert_int_equal(plot_add_series(plot, buf_bytes(&text), &series), 0);
	}
	for (unsigned i = 0; i < points; i++)
		add(plot, i % n_series, (usec_t)(random_next(&seed) % 1000001), (random_part(&seed) - 0.5) * 1e9);
	picture_of(plot, false, most, &b);
	picture_of(plot, true, most, &b);
}

static void no_picture_is_longer_than_it_may_be(void **state)
{
	static const unsigned series[] = {1, 2, 12, 13, 300, 10000}, points[] = {1, 13, 99, 1999, 2001, 200000};
	uint64_t seed = 64;

	(void)state;
	for (size_t i = 0; i < COUNT(series); i++) {
		for (size_t n = 0; n < COUNT(points); n++) {
			draw_hostile(series[i], points[n], false, 16 * KIB, random_next(&seed));
			draw_hostile(series[i], points[n], true, 16 * KIB, random_next(&seed));
			draw_hostile(series[i], points[n], false, 64 * KIB, random_next(&seed));
		}
	}
}

/* With less than it needs, it takes the last resort: that alone must always be short enough. Every label the worst, every series dense. */
static void the_worst_of_all_labels_fits(void **state)
{
	static const char *const worst[] = {"'", "\u0301", "\xFF", "<", "\"", "i", "&"};

	(void)state;
	for (size_t i = 0; i < COUNT(worst); i++) {
		autobuf struct buf b = BUF_INIT, text = BUF_INIT;
		struct plot_options options = {.first = NOON, .latest = NOON + 1000000, .small = i % 2, .most = 1};
		struct plot *autoplot plot = NULL;
		uint64_t seed = 16;
		unsigned series;

		for (int n = 0; n < 2000; n++)
			buf_add_text(&text, worst[i]);
		options.title = buf_bytes(&text);
		options.unit = buf_text(&text);
		assert_int_equal(plot_new(&options, &plot), 0);
		for (unsigned n = 0; n < 40; n++)
			assert_int_equal(plot_add_series(plot, buf_bytes(&text), &series), 0);
		for (int n = 0; n < 100000; n++)
			add(plot, (unsigned)n % 40, (usec_t)(random_next(&seed) % 1000001), -1e7 - random_part(&seed));
		picture_of(plot, true, 16 * KIB, &b);
		picture_of(plot, false, 16 * KIB, &b);
	}
}

static void in_a_page_it_takes_the_pages_colours(void **state)
{
	autobuf struct buf b = BUF_INIT;
	struct plot *autoplot plot = plot_of("a < b", "seconds", 100, 64 * KIB);
	const char *text;

	(void)state;
	add(plot, add_series(plot, "x"), 0, 1);
	text = picture_of(plot, true, 64 * KIB, &b);
	assert_int_equal(strncmp(text, "<svg ", 5), 0);
	assert_non_null(strstr(text, "var(--plot-background,#"));
	assert_null(strstr(text, " id="));
	text = picture_of(plot, false, 64 * KIB, &b);
	assert_int_equal(strncmp(text, "<?xml ", 6), 0);
	assert_null(strstr(text, "var("));
	assert_non_null(strstr(text, "@media(prefers-color-scheme:dark)"));
	assert_non_null(strstr(text, " aria-label=\"a &lt; b\""));
	assert_non_null(strstr(text, "<title>a &lt; b</title>"));
	assert_int_equal(count_of(text, "://"), 1); /* the namespace: nothing is fetched */
}

static void make_plot(struct buf *ret)
{
	struct plot *autoplot plot = plot_of("rows", "seconds", 100000, 64 * KIB);
	uint64_t seed = 7;

	for (int i = 0; i < 3; i++)
		add_series(plot, "x");
	for (unsigned i = 0; i < 1500; i++) {
		add(plot, i % 3, (usec_t)(random_next(&seed) % 100), random_part(&seed));
		if (i == 50)
			plot_write(plot, true, ret);
	}
	plot_write(plot, false, ret);
	plot_write(plot, false, ret);
}

static void the_same_calls_give_the_same_bytes(void **state)
{
	static const char *const locales[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"};
	autobuf struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	make_plot(&a);
	for (size_t i = 0; i < COUNT(locales) && !setlocale(LC_NUMERIC, locales[i]); i++)
		continue; /* where none of them is installed, this still checks the rest */
	make_plot(&b);
	setlocale(LC_NUMERIC, "C");
	assert_int_equal(buf_error(&a), 0);
	assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

/* Goes on after a failure, as one does who draws what there was memory for. */
static bool draw_with_faults(size_t nth)
{
	struct plot_options options = {
		.title = BYTES_LITERAL("rows"), .unit = "rows", .first = NOON, .latest = NOON + 3000, .most = 64 * KIB};
	struct plot *plot = NULL;
	struct buf b = BUF_INIT;
	unsigned series;
	int r, failed = 0;

	faults_begin(nth, false);
	r = plot_new(&options, &plot);
	for (unsigned i = 0; i < 14 && r == 0; i++)
		r = plot_add_series(plot, BYTES_LITERAL("a label"), &series);
	for (unsigned i = 0; i < 2100 && r == 0; i++)
		failed += plot_add(plot, i % 14, NOON + i, i) < 0;
	if (r == 0)
		plot_write(plot, false, &b);
	r = r ? r : failed ? -ENOMEM : buf_error(&b);
	assert_true(r == 0 || r == -ENOMEM);
	assert_true(r == -ENOMEM || !faults_met() || b.len > 0); /* a sort may do with less */
	buf_finish(&b);
	plot_free(plot);
	return faults_end();
}

static void memory_may_run_out(void **state)
{
	size_t n = 0;

	(void)state;
	while (draw_with_faults(n))
		n++;
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_points_are_drawn_in_order_of_time),
		cmocka_unit_test(the_extremes_of_a_million_points_are_seen),
		cmocka_unit_test(as_many_points_as_are_kept_are_all_drawn),
		cmocka_unit_test(series_have_colours_and_a_legend),
		cmocka_unit_test(series_without_a_colour_are_counted),
		cmocka_unit_test(a_single_unnamed_series_has_no_legend),
		cmocka_unit_test(no_points_are_said),
		cmocka_unit_test(unusual_values_and_times_are_drawn),
		cmocka_unit_test(no_picture_is_longer_than_it_may_be),
		cmocka_unit_test(the_worst_of_all_labels_fits),
		cmocka_unit_test(in_a_page_it_takes_the_pages_colours),
		cmocka_unit_test(the_same_calls_give_the_same_bytes),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
