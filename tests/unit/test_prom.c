/* The Prometheus format's names and texts, and which samples are one: docs/tree.md, "Prometheus". */
#include "fs/document/prom_name.h"
#include "fs/document/prom_set.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_family(const char *name, enum metric_type type, const char *expected)
{
	autobuf struct buf b = BUF_INIT;

	prom_add_family(&b, bytes_of(name), type);
	assert_string_equal(buf_text(&b), expected);
}

static void assert_label(struct bytes tag, const char *expected)
{
	autobuf struct buf b = BUF_INIT;

	prom_add_label(&b, tag);
	assert_string_equal(buf_text(&b), expected);
}

static void a_family_is_named_by_metric_and_type(void **state)
{
	(void)state;
	assert_family("nr_rows", METRIC_COUNTER, "kestra_nr_rows_total");
	assert_family("nr_rows", METRIC_TIMER, "kestra_nr_rows_seconds");
	assert_family("nr_rows", METRIC_GAUGE, "kestra_nr_rows");
	assert_family("9lives", METRIC_GAUGE, "kestra_9lives");
	assert_family("rows_total", METRIC_COUNTER, "kestra_rows_total_total");
	assert_family("rows_20261122", METRIC_COUNTER, "kestra_rows_20261122_total");
}

/* printf %s a-b | sha256sum | cut -c1-8 */
static void a_changed_name_gets_its_digest(void **state)
{
	(void)state;
	assert_family("a-b", METRIC_COUNTER, "kestra_a_b_d44362d6_total");
	assert_family("a-b", METRIC_TIMER, "kestra_a_b_d44362d6_seconds");
	assert_family("a-b", METRIC_GAUGE, "kestra_a_b_d44362d6");
	assert_family("°C", METRIC_GAUGE, "kestra__C_11c43506");
	assert_family("x:y", METRIC_GAUGE, "kestra_x_y_1274e286");
	assert_family("executions", METRIC_COUNTER, "kestra_executions_97030035_total"); /* kestra_executions_total is kestrafs.prom's */
	assert_family("executions", METRIC_TIMER, "kestra_executions_seconds");
	assert_family("last_success_timestamp", METRIC_TIMER, "kestra_last_success_timestamp_6fa2e633_seconds");
	assert_family("last_success_timestamp_seconds", METRIC_GAUGE, "kestra_last_success_timestamp_seconds_value");
	assert_label(BYTES_LITERAL("a-b"), "a_b_d44362d6");
	assert_label(BYTES_LITERAL("unité"), "unit__401b43ad");
	assert_label(BYTES_LITERAL("9lives"), "_lives_bc867356");
	assert_label(BYTES_LITERAL("x:y"), "x_y_1274e286");
	assert_label(BYTES_LITERAL(""), "_e3b0c442");
}

/* Also where only the whole name ends so; and what is called like a changed one is changed likewise. */
static void a_gauge_never_ends_as_another_type(void **state)
{
	(void)state;
	assert_family("rows_total", METRIC_GAUGE, "kestra_rows_total_value");
	assert_family("rows_count", METRIC_GAUGE, "kestra_rows_count_value");
	assert_family("rows_sum", METRIC_GAUGE, "kestra_rows_sum_value");
	assert_family("rows_bucket", METRIC_GAUGE, "kestra_rows_bucket_value");
	assert_family("age_seconds", METRIC_GAUGE, "kestra_age_seconds_value");
	assert_family("total", METRIC_GAUGE, "kestra_total_value");
	assert_family("rows_total_value", METRIC_GAUGE, "kestra_rows_total_value_value");
	assert_family("rows_value", METRIC_GAUGE, "kestra_rows_value");
	assert_family("value", METRIC_GAUGE, "kestra_value");
	assert_family("subtotal", METRIC_GAUGE, "kestra_subtotal");
}

static void a_tag_never_takes_a_label_that_is_ours(void **state)
{
	static const struct {
		struct bytes tag;
		const char *label;
	} cases[] = {
		{BYTES_LITERAL("partition"), "partition"},
		{BYTES_LITERAL("namespace"), "tag_namespace"},
		{BYTES_LITERAL("flow"), "tag_flow"},
		{BYTES_LITERAL("task"), "tag_task"},
		{BYTES_LITERAL("quantile"), "tag_quantile"},
		{BYTES_LITERAL("le"), "tag_le"},
		{BYTES_LITERAL("__name__"), "tag___name__"},
		{BYTES_LITERAL("_x"), "_x"},
		{BYTES_LITERAL("tag_partition"), "tag_partition"},
		{BYTES_LITERAL("tag_task"), "tag_tag_task"},
		{BYTES_LITERAL("tag_tag_task"), "tag_tag_tag_task"},
		{BYTES_LITERAL("tag___name__"), "tag_tag___name__"},
		{BYTES_LITERAL("Task"), "Task"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_label(cases[i].tag, cases[i].label);
}

/* Every string of up to four of these characters: names that are easily confused. */
static bool next_text(char *text, size_t most)
{
	static const char alphabet[] = "_-:a1";

	for (size_t i = 0; i < most; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) + 1 : alphabet;

		text[i] = *at ? *at : alphabet[0];
		if (*at)
			return true;
	}
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void assert_all_differ(char **texts, size_t n)
{
	qsort(texts, n, sizeof(*texts), compare_texts);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(texts[i - 1], texts[i]);
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

/* Metrics of all types, with all endings, one or several times. */
static void no_two_families_meet(void **state)
{
	static const char *const endings[] = {"", "_total", "_seconds", "_sum", "_count", "_bucket", "_value"};
	static char *names[5 * 1000 * COUNT(endings) * COUNT(endings)];
	char stem[5] = {0};
	size_t n = 0;

	(void)state;
	while (next_text(stem, 3))
		for (size_t i = 0; i < COUNT(endings) * COUNT(endings); i++) {
			char name[64];

			if (i < COUNT(endings) && i > 0)
				continue; /* an ending of none comes once */
			snprintf(name, sizeof(name), "%s%s%s", stem, endings[i / COUNT(endings)], endings[i % COUNT(endings)]);
			for (enum metric_type type = 0; type < METRIC_TYPES; type++) {
				autobuf struct buf b = BUF_INIT;

				prom_add_family(&b, bytes_of(name), type);
				names[n++] = strdup(buf_text(&b));
			}
		}
	assert_true(n > 10000);
	assert_all_differ(names, n);
}

static bool is_label(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == strlen(text) &&
	       !strchr("0123456789", *text) && strncmp(text, "__", 2) != 0;
}

static void no_two_labels_meet_and_all_are_valid(void **state)
{
	static const char *const beginnings[] = {"", "tag_", "tag_tag_"}, *const names[] = {"", "task", "le"};
	static char *labels[20000];
	char end[5] = {0};
	size_t n = 0;

	(void)state;
	labels[n++] = strdup("namespace");
	labels[n++] = strdup("flow");
	labels[n++] = strdup("task");
	do {
		for (size_t i = 0; i < COUNT(beginnings) * COUNT(names); i++) {
			autobuf struct buf b = BUF_INIT;
			char tag[64];

			snprintf(tag, sizeof(tag), "%s%s%s", beginnings[i % COUNT(beginnings)], names[i / COUNT(beginnings)], end);
			prom_add_label(&b, bytes_of(tag));
			assert_true(is_label(buf_text(&b)));
			labels[n++] = strdup(buf_text(&b));
		}
	} while (next_text(end, 4));
	assert_true(n > 3000);
	assert_all_differ(labels, n);
}

static void texts_are_escaped(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	prom_add_value(&b, BYTES_LITERAL("a\\b\"c\nd\r\t\0é"));
	assert_true(bytes_equal(buf_bytes(&b), BYTES_LITERAL("a\\\\b\\\"c\\nd\r\t\0é")));
	buf_clear(&b);
	prom_add_help(&b, BYTES_LITERAL("a\\b\"c\nd"));
	assert_string_equal(buf_text(&b), "a\\\\b\"c\\nd");
}

static void numbers_also_those_that_json_has_not(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{0, "0"}, {-0.0, "-0"}, {3.65, "3.65"}, {1e21, "1e+21"}, {HUGE_VAL, "+Inf"}, {-HUGE_VAL, "-Inf"}, {NAN, "NaN"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf b = BUF_INIT;

		prom_add_number(&b, cases[i].x);
		assert_string_equal(buf_text(&b), cases[i].text);
	}
}

/* Samples */

static struct totals totals_of(enum metric_type type, double sum, uint64_t count)
{
	return (struct totals){.type = type, .sum = sum, .count = count, .last = sum};
}

/* `last`: of its points. */
static void add_until(struct prom_set *set, const char *tags, struct totals totals, event_t last)
{
	struct sample sample = {
		.namespace = BYTES_LITERAL("dev"),
		.flow = BYTES_LITERAL("f"),
		.task = BYTES_LITERAL("t"),
		.tags = bytes_of(tags),
		.last = last,
		.n_totals = 1,
		.totals = {totals},
	};

	prom_set_add(set, &sample);
	assert_int_equal(set->error, 0);
}

static void add(struct prom_set *set, const char *tags, struct totals totals)
{
	add_until(set, tags, totals, 1);
}

static void assert_sample(struct prom_set *set, size_t i, const char *labels, double sum)
{
	autobuf struct buf b = BUF_INIT;

	assert_true(i < set->n);
	buf_add(&b, set->text.data + set->samples[i].at, set->samples[i].len);
	assert_string_equal(buf_text(&b), labels);
	assert_true(set->samples[i].totals[0].sum == sum);
}

static void a_sample_has_its_labels_in_the_order_of_its_tags(void **state)
{
	struct prom_set cleanup(prom_set_finish) set = {0};

	(void)state;
	add(&set, "{}", totals_of(METRIC_COUNTER, 1, 1));
	add(&set, "{\"z\":\"\\\"\\n\\\\\",\"a\":\"é\"}", totals_of(METRIC_COUNTER, 2, 1));
	add(&set, "{\"task\":\"x\",\"tag_task\":\"y\"}", totals_of(METRIC_COUNTER, 3, 1));
	assert_int_equal(set.n, 3);
	assert_sample(&set, 0, "namespace=\"dev\",flow=\"f\",task=\"t\"", 1);
	assert_sample(&set, 1, "namespace=\"dev\",flow=\"f\",task=\"t\",z=\"\\\"\\n\\\\\",a=\"é\"", 2);
	assert_sample(&set, 2, "namespace=\"dev\",flow=\"f\",task=\"t\",tag_task=\"x\",tag_tag_task=\"y\"", 3);
}

static void what_prometheus_takes_for_one_is_one(void **state)
{
	struct prom_set cleanup(prom_set_finish) set = {0};

	(void)state;
	add(&set, "{\"a\":\"1\",\"b\":\"2\"}", totals_of(METRIC_COUNTER, 1, 1));
	add(&set, "{\"b\":\"2\",\"none\":\"\",\"a\":\"1\"}", totals_of(METRIC_COUNTER, 2, 3));
	add(&set, "{\"a\":\"2\",\"b\":\"1\"}", totals_of(METRIC_COUNTER, 4, 1));
	add(&set, "{\"none\":\"\"}", totals_of(METRIC_COUNTER, 8, 1));
	add(&set, "{}", totals_of(METRIC_COUNTER, 16, 1));
	assert_int_equal(set.n, 3);
	assert_sample(&set, 0, "namespace=\"dev\",flow=\"f\",task=\"t\",a=\"1\",b=\"2\"", 3);
	assert_sample(&set, 1, "namespace=\"dev\",flow=\"f\",task=\"t\",a=\"2\",b=\"1\"", 4);
	assert_sample(&set, 2, "namespace=\"dev\",flow=\"f\",task=\"t\"", 24);
	assert_int_equal(set.samples[0].totals[0].count, 4);
}

static void of_gauges_that_are_one_the_later_counts(void **state)
{
	struct prom_set cleanup(prom_set_finish) set = {0};

	(void)state;
	add_until(&set, "{}", totals_of(METRIC_GAUGE, 5, 1), 200);
	add_until(&set, "{\"none\":\"\"}", totals_of(METRIC_GAUGE, 6, 1), 100);
	assert_true(prom_sample_totals(&set.samples[0], METRIC_GAUGE)->last == 5);
	add_until(&set, "{\"other\":\"\"}", totals_of(METRIC_GAUGE, 7, 1), 300);
	assert_int_equal(set.n, 1);
	assert_true(prom_sample_totals(&set.samples[0], METRIC_GAUGE)->last == 7);
	assert_null(prom_sample_totals(&set.samples[0], METRIC_COUNTER));
}

/* The digest of a tag's name can be written as another tag's name: the file stays one that can be read. */
static void no_label_stands_twice_in_a_sample(void **state)
{
	struct prom_set cleanup(prom_set_finish) set = {0};

	(void)state;
	add(&set, "{\"a-b\":\"1\",\"a_b_d44362d6\":\"0\"}", totals_of(METRIC_COUNTER, 1, 1));
	add(&set, "{\"a-b\":\"1\"}", totals_of(METRIC_COUNTER, 2, 1));
	assert_int_equal(set.n, 1);
	assert_sample(&set, 0, "namespace=\"dev\",flow=\"f\",task=\"t\",a_b_d44362d6=\"1\"", 3);
}

static void many_samples_are_found_again(void **state)
{
	struct prom_set cleanup(prom_set_finish) set = {0};
	char tags[32];

	(void)state;
	for (int i = 0; i < 3 * 1000; i++) {
		snprintf(tags, sizeof(tags), "{\"n\":\"%d\"}", i % 1000);
		add(&set, tags, totals_of(METRIC_TIMER, i % 1000, 1));
	}
	assert_int_equal(set.n, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_true(prom_sample_totals(&set.samples[i], METRIC_TIMER)->sum == 3 * i);
		assert_int_equal(prom_sample_totals(&set.samples[i], METRIC_TIMER)->count, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_is_named_by_metric_and_type),
		cmocka_unit_test(a_changed_name_gets_its_digest),
		cmocka_unit_test(a_gauge_never_ends_as_another_type),
		cmocka_unit_test(a_tag_never_takes_a_label_that_is_ours),
		cmocka_unit_test(no_two_families_meet),
		cmocka_unit_test(no_two_labels_meet_and_all_are_valid),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(numbers_also_those_that_json_has_not),
		cmocka_unit_test(a_sample_has_its_labels_in_the_order_of_its_tags),
		cmocka_unit_test(what_prometheus_takes_for_one_is_one),
		cmocka_unit_test(of_gauges_that_are_one_the_later_counts),
		cmocka_unit_test(no_label_stands_twice_in_a_sample),
		cmocka_unit_test(many_samples_are_found_again),
	};

	return cmocka_run_group_tests_name("prom", tests, NULL, NULL);
}
