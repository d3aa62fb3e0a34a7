/*
 * The protocol by its table: tests/data/protocol/ holds cases (its README.txt says how they are written), each fed
 * whole, byte by byte and cut at every place, always with the same result. Then the properties no table can hold:
 * random streams, limits, memory held, time linear in what is fed.
 */
#include "tests/unit/protocol_cases.h"

#include "core/base/number.h"
#include "core/base/text.h"
#include "core/protocol/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Everything a parser says, as the lines a case expects. */
static void add_tags(struct buf *b, const struct metric *m)
{
	for (size_t i = 0; i < m->n_tags; i++) {
		buf_add_text(b, i ? "," : " {");
		text_add_json_string(b, m->tags[i].name);
		buf_add_char(b, '=');
		text_add_json_string(b, m->tags[i].value);
	}
	if (m->n_tags)
		buf_add_char(b, '}');
}

static void add_metric(struct buf *b, const struct metric *m)
{
	static const char *const types[] = {"counter", "timer", "gauge"};
	char value[NUMBER_TEXT_SIZE], time[CLOCK_TEXT_LEN];

	number_format(m->value, value);
	buf_add_format(b, " %s ", types[m->type]);
	text_add_json_string(b, m->name);
	buf_add_format(b, " %s", value);
	add_tags(b, m);
	if (!m->has_timestamp)
		return;
	clock_format(m->timestamp, time);
	buf_add_text(b, " @");
	buf_add(b, time, sizeof(time));
}

static void on_message(void *context, const struct message *m)
{
	static const char *const levels[] = {"ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
	struct buf *b = context;

	buf_add_char(b, '>');
	for (size_t i = 0; i < m->n_outputs; i++) {
		buf_add_text(b, " output ");
		text_add_json_string(b, m->outputs[i].name);
		buf_add_char(b, ' ');
		buf_add_bytes(b, m->outputs[i].value);
	}
	for (size_t i = 0; i < m->n_metrics; i++)
		add_metric(b, &m->metrics[i]);
	for (size_t i = 0; i < m->n_logs; i++) {
		buf_add_format(b, " log %s ", levels[m->logs[i].level]);
		text_add_json_string(b, m->logs[i].message);
	}
	buf_add_char(b, '\n');
}

static void on_warning(void *context, struct bytes text)
{
	struct buf *b = context;

	buf_add_text(b, "! ");
	buf_add_bytes(b, text);
	buf_add_char(b, '\n');
}

static struct parser *new_parser(struct buf *said, enum dialect dialect, size_t max, bool *hint_given)
{
	const struct parser_handler handler = {on_message, on_warning, said};
	struct parser *p;

	*hint_given = false;
	assert_int_equal(parser_new("stdout", dialect, max, hint_given, &handler, &p), 0);
	return p;
}

/* A copy of just these bytes, so that a sanitizer sees every look beyond them. */
static void feed_copy(struct parser *p, const char *at, size_t len)
{
	char *copy;

	if (len == 0)
		return;
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, at, len);
	assert_int_equal(parser_feed(p, copy, len), 0);
	free(copy);
}

/* Feeds `input` in pieces that end at each of `cuts` (ascending). */
static void run(struct buf *said, enum dialect dialect, size_t max, struct bytes input, const size_t *cuts, size_t n_cuts)
{
	bool hint_given;
	struct parser *p = new_parser(said, dialect, max, &hint_given);
	size_t from = 0;

	buf_clear(said);
	for (size_t i = 0; i < n_cuts; i++) {
		if (input.len)
			feed_copy(p, input.data + from, cuts[i] - from);
		from = cuts[i];
	}
	if (input.len)
		feed_copy(p, input.data + from, input.len - from);
	assert_true(parser_held(p) <= max + 64);
	assert_int_equal(parser_end(p), 0);
	assert_int_equal(parser_held(p), 0);
	parser_free(p);
	assert_int_equal(buf_error(said), 0);
}

static unsigned int n_wrong; /* so that one run shows all the cases that are wrong */

static void check(const char *what, size_t cut, struct bytes input, struct buf *said, struct buf *expected)
{
	if (bytes_equal(buf_bytes(said), buf_bytes(expected)))
		return;
	if (n_wrong++ < 20)
		print_error("%s (cut at %zu)\n--- input\n%.*s\n--- expected\n%s\n--- said\n%s", what, cut, (int)input.len, input.data,
			    buf_text(expected), buf_text(said));
}

static void check_bytewise(const char *what, enum dialect dialect, size_t max, struct bytes input, struct buf *expected)
{
	autobuf struct buf said = BUF_INIT;
	size_t *cuts = malloc((input.len + 1) * sizeof(*cuts));

	assert_non_null(cuts);
	for (size_t i = 0; i < input.len; i++)
		cuts[i] = i;
	run(&said, dialect, max, input, cuts, input.len);
	free(cuts);
	check(what, SIZE_MAX, input, &said, expected);
}

#define CUTS_MOST 600

static void check_case_in(const struct protocol_case *c, enum dialect dialect)
{
	autobuf struct buf said = BUF_INIT, expected = BUF_INIT;
	struct bytes input = buf_bytes(&c->input);
	size_t step = input.len / CUTS_MOST + 1;
	unsigned int wrong_before = n_wrong;

	buf_add_bytes(&expected, buf_bytes(&c->expected));
	run(&said, dialect, c->max, input, NULL, 0);
	check(c->name, 0, input, &said, &expected);
	if (n_wrong > wrong_before)
		return;
	for (size_t cut = 1; cut < input.len; cut += step) {
		run(&said, dialect, c->max, input, &cut, 1);
		check(c->name, cut, input, &said, &expected);
	}
	check_bytewise(c->name, dialect, c->max, input, &expected);
}

static void check_case(const struct protocol_case *c)
{
	if (c->in_doc)
		check_case_in(c, DIALECT_DOC);
	if (c->in_kestra)
		check_case_in(c, DIALECT_KESTRA);
}

static void cases_of_the_table(void **state)
{
	(void)state;
	assert_true(protocol_cases(check_case) > 100);
	assert_int_equal(n_wrong, 0);
}

/* Random streams. */

static uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* What streams are made of: everything the parser looks at, and ways to spoil it. */
static const char *const pieces[] = {
	"::",
	":",
	"{",
	"}",
	"::{",
	"}::",
	" ",
	"\t",
	"\n",
	"\n",
	"\r",
	"\r\n",
	"x",
	"::{\"outputs\":{\"a\":1}}::",
	"{\"outputs\":{\"b\":\"\\u0041\"}}",
	"{\"metrics\":[{\"name\":\"n\",\"type\":\"counter\",\"value\":1}]}",
	"::{\"outputs\":\n{\"c\":[1,\n2]}\n}::",
	"::{\n",
	"\n}::\n",
	"\"outputs\"",
	"::{\"outputs\"",
	"::{\"metrics\":[{\"name\":\"n\"}]}::",
	"\"logs\"",
	"\"s",
	"\\u00",
	"{\"logs\":[{\"level\":\"INFO\",\"message\":\"m\"},{}]}",
	"[[[[",
	"                ",
	"                                        ",
	"0123456789",
	"\xC2\x85",
	"\xE2\x80\xA8",
	"\xFF",
	"\xC3\xA9",
	"{\"outputs\":{\"k\":null},\"outputs\":{\"k\":2}}",
	",",
	"\"",
};
#define N_PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void make_stream(uint64_t *seed, struct buf *stream)
{
	size_t n = random_next(seed) % 24;

	buf_clear(stream);
	for (size_t i = 0; i < n; i++)
		buf_add_text(stream, pieces[random_next(seed) % N_PIECES]);
}

static int compare_sizes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static void random_streams_read_alike_however_cut(void **state)
{
	static const size_t limits[] = {0, 1, 5, 20, 30, 40, 60, 1000};
	autobuf struct buf stream = BUF_INIT, expected = BUF_INIT, said = BUF_INIT;
	uint64_t seed = 20261122;
	size_t cuts[5];

	(void)state;
	n_wrong = 0;
	for (int i = 0; i < 30000; i++) {
		size_t max = limits[random_next(&seed) % 8];
		enum dialect dialect = random_next(&seed) % 4 ? DIALECT_DOC : DIALECT_KESTRA;
		struct bytes input;

		make_stream(&seed, &stream);
		input = buf_bytes(&stream);
		run(&expected, dialect, max, input, NULL, 0);
		for (int k = 0; k < 5; k++)
			cuts[k] = random_next(&seed) % (input.len + 1);
		qsort(cuts, 5, sizeof(cuts[0]), compare_sizes);
		run(&said, dialect, max, input, cuts, 5);
		check("random stream", cuts[0], input, &said, &expected);
		check_bytewise("random stream", dialect, max, input, &expected);
		assert_int_equal(n_wrong, 0);
	}
}

/* Memory. */

static void plain_text_is_not_held(void **state)
{
	static const char *const texts[] = {"hello", "  ", "::", "a {", "a\n\n", ": ::{", "\r", ":: ::"};
	autobuf struct buf said = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool hint_given;
		struct parser *p = new_parser(&said, DIALECT_DOC, 100, &hint_given);

		feed_copy(p, texts[i], strlen(texts[i]));
		assert_int_equal(parser_held(p), 0);
		parser_free(p);
	}
}

static void held_bytes_never_pass_the_limit_by_much(void **state)
{
	static const char *const begins[] = {"{\"a\":", "::{\"a\":", "::{\n\"a\":\n"};
	autobuf struct buf said = BUF_INIT;
	char blanks[64];

	(void)state;
	memset(blanks, ' ', sizeof(blanks));
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		bool hint_given;
		struct parser *p = new_parser(&said, DIALECT_DOC, 1000, &hint_given);

		feed_copy(p, begins[i], strlen(begins[i]));
		for (int k = 0; k < 100; k++) {
			feed_copy(p, blanks, sizeof(blanks));
			assert_true(parser_held(p) <= 1000 + 64);
		}
		feed_copy(p, "xxxxxxxxxxxx", 12);
		assert_int_equal(parser_held(p), 0);
		parser_free(p);
	}
}

static void knows_when_it_stands_at_a_line_start(void **state)
{
	static const struct {
		const char *text;
		bool at_start;
	} cases[] = {{"", true}, {"a", false}, {"a\n", true}, {"a\r", false}, {"a\r\n", true}, {"::{\n", true}, {"::{\n ", false}};
	autobuf struct buf said = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool hint_given;
		struct parser *p = new_parser(&said, DIALECT_DOC, 1000, &hint_given);

		feed_copy(p, cases[i].text, strlen(cases[i].text));
		assert_int_equal(parser_at_line_start(p), cases[i].at_start);
		parser_free(p);
	}
}

static void the_hint_is_given_once_for_both_streams(void **state)
{
	static const char text[] = "a ::{\"outputs\":{}}::\nb ::{\"metrics\":[]}::\n";
	autobuf struct buf said = BUF_INIT;
	const struct parser_handler handler = {on_message, on_warning, &said};
	struct parser *out, *err;
	bool hint_given = false;

	(void)state;
	assert_int_equal(parser_new("stdout", DIALECT_DOC, 1000, &hint_given, &handler, &out), 0);
	assert_int_equal(parser_new("stderr", DIALECT_DOC, 1000, &hint_given, &handler, &err), 0);
	assert_int_equal(parser_feed(err, text, strlen(text)), 0);
	assert_int_equal(parser_feed(out, text, strlen(text)), 0);
	assert_int_equal(parser_end(out), 0);
	assert_int_equal(parser_end(err), 0);
	assert_true(hint_given);
	assert_string_equal(buf_text(&said),
			    "! stderr line 1: \"::{\" in the middle of a line is not read: print the message on a line of its own\n");
	parser_free(out);
	parser_free(err);
}

/* Time. A quadratic reader would take minutes for any of these. */

static void count_message(void *context, const struct message *m)
{
	(void)m;
	++*(size_t *)context;
}

static void count_warning(void *context, struct bytes text)
{
	(void)text;
	++*(size_t *)context;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double time_of(const char *unit, const char *end, size_t size, size_t max, size_t piece)
{
	autobuf struct buf stream = BUF_INIT;
	size_t said = 0;
	const struct parser_handler handler = {count_message, count_warning, &said};
	bool hint_given = false;
	struct parser *p;
	double start;

	while (stream.len < size)
		buf_add_text(&stream, unit);
	buf_add_text(&stream, end);
	assert_int_equal(buf_error(&stream), 0);
	assert_int_equal(parser_new("stdout", DIALECT_DOC, max, &hint_given, &handler, &p), 0);
	start = seconds_now();
	for (size_t at = 0; at < stream.len; at += piece)
		assert_int_equal(parser_feed(p, stream.data + at, at + piece < stream.len ? piece : stream.len - at), 0);
	assert_int_equal(parser_end(p), 0);
	parser_free(p);
	return seconds_now() - start;
}

static void spiteful_streams_take_linear_time(void **state)
{
	static const struct {
		const char *unit;
		const char *end;
	} streams[] = {
		{"::{\n", ""},
		{"{\r", ""},
		{"{", ""},
		{" {", ""},
		{"\r", ""},
		{"::", "{"},
		{"::{\"a\":\n{\n", ""},
		{"::{\n{\n{\n", ""},
		{" ", "{"},
		{"{\"a\":\"s\"\n", ""},
		{"::{ ", ""},
		{"\t{}\n", ""},
		{"::{\n        \n", ""},
		{"s\"", "}"},
		{"{\"outputs\":{\"a\":", ""},
		{"::{\"outputs\"", ""},
		{"a ::{\"", ""},
		{"}::\n", ""},
		{"::{\n\n\n", ""},
		{"\\u00", ""},
	};
	static const size_t limits[] = {64 << 10, 64 << 20}, feeds[] = {3, 1000, 1 << 16, 1 << 30};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		for (size_t k = 0; k < 2; k++)
			for (size_t f = 0; f < 4; f++)
				assert_true(time_of(streams[i].unit, streams[i].end, 1 << 20, limits[k], feeds[f]) < 2.0);
}

/* One block that holds a great many lines and is none after all, and one object with a great many keys, all of which repeat. */
static void big_candidates_take_linear_time(void **state)
{
	autobuf struct buf keys = BUF_INIT;

	(void)state;
	assert_true(time_of("{\"outputs\":\n", "::\n", 8 << 20, 64 << 20, 1 << 16) < 4.0);
	buf_add_text(&keys, "::{\"outputs\":{");
	for (unsigned int i = 0; i < 400000; i++)
		buf_add_format(&keys, "\"k%u\":%u,", i % 200000, i);
	buf_add_text(&keys, "\"z\":0}}::\n");
	assert_true(time_of(buf_text(&keys), "", 1, 64 << 20, 1 << 16) < 4.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_of_the_table),
		cmocka_unit_test(random_streams_read_alike_however_cut),
		cmocka_unit_test(plain_text_is_not_held),
		cmocka_unit_test(held_bytes_never_pass_the_limit_by_much),
		cmocka_unit_test(knows_when_it_stands_at_a_line_start),
		cmocka_unit_test(the_hint_is_given_once_for_both_streams),
		cmocka_unit_test(spiteful_streams_take_linear_time),
		cmocka_unit_test(big_candidates_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
