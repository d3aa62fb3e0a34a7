/*
 * The scanner: the rules of RFC 8259 from tests/data/json/rules.txt, the canonical form, walking it, and jansson's
 * second opinion on the rules' texts and on a great many spoiled ones.
 */
#include "tests/unit/jansson_opinion.h"
#include "tests/unit/protocol_cases.h"

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/json/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A copy of just these bytes, so that a sanitizer sees every look beyond them. */
static enum json_error canonical_of(struct bytes text, struct buf *out, size_t *ret_used)
{
	char *copy = malloc(text.len ? text.len : 1);
	enum json_error e;

	assert_non_null(copy);
	if (text.len)
		memcpy(copy, text.data, text.len);
	e = json_canonical(bytes_make(copy, text.len), out, ret_used);
	free(copy);
	return e;
}

/* The rules. */

enum rule { RULE_YES, RULE_NO };

static int hex_value(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static const char *add_repeated(struct buf *b, const char *at)
{
	char *unit;
	unsigned long times = strtoul(at + 2, &unit, 10);
	const char *close = strstr(unit, "%>");

	assert_non_null(close);
	while (times-- > 0)
		buf_add(b, unit + 1, (size_t)(close - unit - 1));
	return close + 2;
}

static void add_unescaped(struct buf *b, const char *at)
{
	while (*at) {
		if (at[0] == '%' && at[1] == '<') {
			at = add_repeated(b, at);
		} else if (at[0] == '%') {
			buf_add_char(b, (char)(hex_value(at[1]) << 4 | hex_value(at[2])));
			at += 3;
		} else {
			buf_add_char(b, *at++);
		}
	}
}

typedef void rule_check(const char *name, enum rule rule, struct bytes text);

static void read_rule(char *line, rule_check *check)
{
	autobuf struct buf text = BUF_INIT;
	char *at = strchr(line, ' ');
	enum rule rule = line[0] == 'y' ? RULE_YES : RULE_NO;

	if (at)
		*at++ = '\0';
	if (line[0] == 'i') {
		assert_non_null(at);
		rule = strncmp(at, "= yes ", 6) == 0 ? RULE_YES : RULE_NO;
		at += rule == RULE_YES ? 6 : 5;
	}
	if (at)
		add_unescaped(&text, at);
	assert_int_equal(buf_error(&text), 0);
	check(line, rule, buf_bytes(&text));
}

static size_t rules(rule_check *check)
{
	FILE *file = fopen(test_data("json/rules.txt"), "r");
	char *line = NULL;
	size_t size = 0, n = 0;
	ssize_t len;

	assert_non_null(file);
	while ((len = getline(&line, &size, file)) > 0) {
		line[len - 1] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		read_rule(line, check);
		n++;
	}
	free(line);
	fclose(file);
	return n;
}

static void check_rule(const char *name, enum rule rule, struct bytes text)
{
	autobuf struct buf out = BUF_INIT;
	enum json_error e = canonical_of(text, &out, NULL);

	if ((e == JSON_OK) != (rule == RULE_YES))
		fail_msg("%s: %s", name, json_error_text(e));
}

static void rules_of_rfc_8259(void **state)
{
	(void)state;
	assert_true(rules(check_rule) > 300);
}

/* The second opinion. */

static void compare_with_jansson(struct bytes text)
{
	autobuf struct buf out = BUF_INIT;
	enum opinion opinion = jansson_reads(text);
	enum json_error e = canonical_of(text, &out, NULL);

	if (e == JSON_ERROR_DEPTH || (e == JSON_ERROR_TRAILING && memchr(text.data, 0, text.len)))
		return; /* jansson allows more brackets, and takes a NUL after the value for the end */
	if (opinion == OPINION_ACCEPTED && e)
		fail_msg("jansson accepts what is refused (%s): %.*s", json_error_text(e), (int)text.len, text.data);
	if (opinion == OPINION_REFUSED && !e)
		fail_msg("jansson refuses what is accepted: %.*s", (int)text.len, text.data);
	if (opinion == OPINION_ACCEPTED && !e && !jansson_equal(text, buf_bytes(&out)))
		fail_msg("%.*s became %.*s", (int)text.len, text.data, (int)out.len, out.data);
}

static void compare_rule(const char *name, enum rule rule, struct bytes text)
{
	(void)name;
	(void)rule;
	compare_with_jansson(text);
}

static void jansson_agrees_on_the_rules(void **state)
{
	(void)state;
	rules(compare_rule);
}

static uint32_t random_next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static const char *const scraps[] = {
	"{",
	"}",
	"[",
	"]",
	",",
	":",
	" ",
	"\n",
	"\"",
	"\\",
	"\"a\"",
	"\"b\":",
	"\"\\u0041\"",
	"\"\\ud83d\\ude39\"",
	"\"\\ud83d\"",
	"true",
	"false",
	"null",
	"0",
	"-",
	"1.5",
	"1e5",
	"-0.0E-1",
	"\"\xC3\xA9\"",
	"\"\xFF\"",
	"\"long enough for two whole words\"",
	"\"a\\nb\\/c\\\\\"",
	"\"a\":1",
	"{}",
	"[]",
	"\"a\":{\"a\":[]}",
	"\"\\u0061\":2",
	"\x01",
	"\xE2\x82\xAC",
	"\\u00e9",
};
#define N_SCRAPS (sizeof(scraps) / sizeof(scraps[0]))

static void add_random_value(uint64_t *seed, struct buf *b, int depth);

static void add_random_members(uint64_t *seed, struct buf *b, int depth, bool of_object)
{
	size_t n = random_next(seed) % (depth > 2 ? 6 : 24);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		if (of_object && random_next(seed) % 8)
			buf_add_format(b, "\"k%u\" :", random_next(seed) % 32);
		else if (of_object)
			buf_add_format(b, "\"\\u006b%u\":", random_next(seed) % 32);
		add_random_value(seed, b, depth - 1);
	}
}

static void add_random_value(uint64_t *seed, struct buf *b, int depth)
{
	uint32_t kind = random_next(seed) % 8;

	if (depth == 0 || kind > 3) {
		buf_add_text(b, (const char *[]){"1", "-2.5e3", "\"text \\u00e9\"", "null"}[kind % 4]);
		return;
	}
	buf_add_char(b, kind ? '{' : '[');
	add_random_members(seed, b, depth, kind);
	buf_add_char(b, kind ? '}' : ']');
}

static void jansson_agrees_on_random_texts(void **state)
{
	autobuf struct buf text = BUF_INIT;
	uint64_t seed = 8259;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = random_next(&seed) % 12;

		buf_clear(&text);
		for (size_t k = 0; k < n; k++)
			buf_add_text(&text, scraps[random_next(&seed) % N_SCRAPS]);
		compare_with_jansson(buf_bytes(&text));
	}
	for (int i = 0; i < 5000; i++) {
		buf_clear(&text);
		add_random_value(&seed, &text, 1 + i % 5);
		compare_with_jansson(buf_bytes(&text));
		if (text.len == 0)
			continue;
		text.data[random_next(&seed) % text.len] = scraps[random_next(&seed) % N_SCRAPS][0];
		compare_with_jansson(buf_bytes(&text));
	}
}

/* The canonical form. */

static void assert_canonical(const char *text, const char *expected)
{
	autobuf struct buf out = BUF_INIT;

	assert_int_equal(canonical_of(bytes_of(text), &out, NULL), JSON_OK);
	assert_string_equal(buf_text(&out), expected);
}

static void white_space_goes_and_numbers_stay(void **state)
{
	(void)state;
	assert_canonical(" { \"a\" : [ 1 , 2.50 ,\t-0 ]\n} ", "{\"a\":[1,2.50,-0]}");
	assert_canonical("[3.65,1e2,1E+02,1e400,123456789012345678901234567890,0.10]",
			 "[3.65,1e2,1E+02,1e400,123456789012345678901234567890,0.10]");
	assert_canonical("\" a  b \"", "\" a  b \"");
}

static void strings_are_escaped_only_where_they_must_be(void **state)
{
	(void)state;
	assert_canonical("\"\\u0041\\/\\u00e9\\u20AC\\ud834\\udd1e\"", "\"A/\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\"");
	assert_canonical("\"\\u0000\\u0008\\u001F\\u007f\\u0022\\u005c\\n\"", "\"\\u0000\\b\\u001f\x7F\\\"\\\\\\n\"");
}

static void of_repeated_keys_the_last_value_counts_in_the_first_place(void **state)
{
	(void)state;
	assert_canonical("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
	assert_canonical("{\"a\":1,\"\\u0061\":{\"x\":1,\"x\":[2]}}", "{\"a\":{\"x\":[2]}}");
	assert_canonical("{\"a\":{\"x\":1,\"x\":2},\"b\":{\"y\":1},\"a\":{\"x\":3,\"z\":{\"q\":1,\"q\":2},\"x\":4}}",
			 "{\"a\":{\"x\":4,\"z\":{\"q\":2}},\"b\":{\"y\":1}}");
	assert_canonical("[{\"a\":1,\"a\":2},{\"a\":[{\"b\":1,\"b\":2},{}],\"c\":3,\"c\":4},5]",
			 "[{\"a\":2},{\"a\":[{\"b\":2},{}],\"c\":4},5]");
	assert_canonical("{\"\":1,\"\":2}", "{\"\":2}");
	assert_canonical("{\"a\":1,\"aa\":2,\"A\":3}", "{\"a\":1,\"aa\":2,\"A\":3}");
}

static void many_repeated_keys_too(void **state)
{
	autobuf struct buf text = BUF_INIT, expected = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++)
		buf_add_format(&text, "%s\"key number %u\":{\"n\":%u,\"n\":[%u]}", i ? "," : "{", i % 1000, i, i);
	for (unsigned int i = 0; i < 1000; i++)
		buf_add_format(&expected, "%s\"key number %u\":{\"n\":[%u]}", i ? "," : "{", i, i + 2000);
	buf_add_char(&text, '}');
	buf_add_char(&expected, '}');
	assert_int_equal(canonical_of(buf_bytes(&text), &out, NULL), JSON_OK);
	assert_string_equal(buf_text(&out), buf_text(&expected));
}

static void canonical_text_is_its_own_canonical_form(void **state)
{
	autobuf struct buf text = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		buf_clear(&text);
		buf_clear(&once);
		buf_clear(&twice);
		add_random_value(&seed, &text, 4);
		assert_int_equal(canonical_of(buf_bytes(&text), &once, NULL), JSON_OK);
		assert_int_equal(canonical_of(buf_bytes(&once), &twice, NULL), JSON_OK);
		assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
	}
}

/* Errors. */

static void says_what_stopped_it(void **state)
{
	static const struct {
		const char *text;
		enum json_error e;
	} cases[] = {
		{"", JSON_ERROR_END},
		{" ", JSON_ERROR_END},
		{"{\"a\":", JSON_ERROR_END},
		{"\"abc", JSON_ERROR_END},
		{"\"abc\\", JSON_ERROR_END},
		{"\"\\u12", JSON_ERROR_END},
		{"\"\\ud834\\", JSON_ERROR_END},
		{"tru", JSON_ERROR_END},
		{"1.", JSON_ERROR_END},
		{"{,}", JSON_ERROR_SYNTAX},
		{"\"a\nb\"", JSON_ERROR_SYNTAX},
		{"\"\\q\"", JSON_ERROR_SYNTAX},
		{"NaN", JSON_ERROR_SYNTAX},
		{"\"\xC0\x80\"", JSON_ERROR_UTF8},
		{"\"\xED\xA0\x80\"", JSON_ERROR_UTF8},
		{"\"\\ud834\"", JSON_ERROR_SURROGATE},
		{"\"\\udd1e\"", JSON_ERROR_SURROGATE},
		{"\"\\ud834\\n\"", JSON_ERROR_SURROGATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		autobuf struct buf out = BUF_INIT;

		buf_add_text(&out, "before");
		assert_int_equal(canonical_of(bytes_of(cases[i].text), &out, NULL), cases[i].e);
		assert_string_equal(buf_text(&out), "before");
	}
}

static void what_trails_a_value_is_told_from_it(void **state)
{
	autobuf struct buf out = BUF_INIT;
	size_t used;

	(void)state;
	assert_int_equal(canonical_of(bytes_of(" {\"a\":1,\"a\":2}  x"), &out, &used), JSON_ERROR_TRAILING);
	assert_string_equal(buf_text(&out), "{\"a\":2}");
	assert_int_equal(used, 14);
	buf_clear(&out);
	assert_int_equal(canonical_of(bytes_of("[]  "), &out, &used), JSON_OK);
	assert_int_equal(used, 2);
}

static void depth_is_counted_from_the_outermost_bracket(void **state)
{
	autobuf struct buf text = BUF_INIT, out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 600; i++)
		buf_add_char(&text, '[');
	assert_int_equal(canonical_of(bytes_make(text.data, 513), &out, NULL), JSON_ERROR_DEPTH);
	assert_int_equal(canonical_of(bytes_make(text.data, 512), &out, NULL), JSON_ERROR_END);
}

static void knows_a_number(void **state)
{
	static const char *const numbers[] = {"0", "-0", "12", "1.5", "1e5", "-1.50E-07"};
	static const char *const others[] = {"", " 1", "1 ", "01", "+1", ".5", "1.", "1e", "0x1", "NaN", "1,5", "-", "1_0", "--1", "1e5.5"};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(json_is_number(bytes_of(numbers[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(json_is_number(bytes_of(others[i])));
}

/* Walking. */

static void add_walked(struct buf *b, struct bytes value)
{
	enum json_type type = json_type_of(value);
	struct json_walk walk;
	struct bytes key, member;
	bool first = true;

	if (type != JSON_ARRAY && type != JSON_OBJECT) {
		buf_add_bytes(b, value);
		return;
	}
	buf_add_char(b, type == JSON_ARRAY ? '[' : '{');
	for (walk = json_members(value); json_next(&walk, &key, &member); first = false) {
		if (!first)
			buf_add_char(b, ',');
		if (type == JSON_OBJECT) {
			buf_add_bytes(b, key);
			buf_add_char(b, ':');
		}
		add_walked(b, member);
	}
	buf_add_char(b, type == JSON_ARRAY ? ']' : '}');
}

/* In memory of just its size, for the walk must not look beyond it. */
static void assert_walks(struct bytes text)
{
	autobuf struct buf out = BUF_INIT, walked = BUF_INIT;
	char *copy;

	if (canonical_of(text, &out, NULL))
		return;
	copy = malloc(out.len);
	assert_non_null(copy);
	memcpy(copy, out.data, out.len);
	add_walked(&walked, bytes_make(copy, out.len));
	assert_true(bytes_equal(buf_bytes(&walked), buf_bytes(&out)));
	free(copy);
}

static void walk_rule(const char *name, enum rule rule, struct bytes text)
{
	(void)name;
	(void)rule;
	assert_walks(text);
}

static void a_walk_comes_by_everything(void **state)
{
	autobuf struct buf text = BUF_INIT;
	uint64_t seed = 2;

	(void)state;
	rules(walk_rule);
	assert_walks(bytes_of("{\"a\\\"b\":\"}]\\\\\",\"c\":[\"\\\\\\\"\",[[]],{\"}\":\"{\"}],\"d\":-1.5e3}"));
	for (int i = 0; i < 2000; i++) {
		buf_clear(&text);
		add_random_value(&seed, &text, 4);
		assert_walks(buf_bytes(&text));
	}
}

static void strings_decode_to_what_they_stand_for(void **state)
{
	autobuf struct buf raw = BUF_INIT, json = BUF_INIT, back = BUF_INIT;

	(void)state;
	for (int c = 0; c < 128; c++)
		buf_add_char(&raw, (char)c);
	buf_add_text(&raw, "\xC3\xA9 \\n \\u0041");
	text_add_json_string(&json, buf_bytes(&raw));
	json_string_decode(&back, buf_bytes(&json));
	assert_true(bytes_equal(buf_bytes(&raw), buf_bytes(&back)));
	buf_clear(&back);
	json_string_decode(&back, bytes_of("\"\""));
	assert_int_equal(back.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_rfc_8259),
		cmocka_unit_test(jansson_agrees_on_the_rules),
		cmocka_unit_test(jansson_agrees_on_random_texts),
		cmocka_unit_test(white_space_goes_and_numbers_stay),
		cmocka_unit_test(strings_are_escaped_only_where_they_must_be),
		cmocka_unit_test(of_repeated_keys_the_last_value_counts_in_the_first_place),
		cmocka_unit_test(many_repeated_keys_too),
		cmocka_unit_test(canonical_text_is_its_own_canonical_form),
		cmocka_unit_test(says_what_stopped_it),
		cmocka_unit_test(what_trails_a_value_is_told_from_it),
		cmocka_unit_test(depth_is_counted_from_the_outermost_bracket),
		cmocka_unit_test(knows_a_number),
		cmocka_unit_test(a_walk_comes_by_everything),
		cmocka_unit_test(strings_decode_to_what_they_stand_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
