/* The ground floor: buffers, UTF-8, text for JSON and for people, ids, errors. Numbers, times and names have tests of their own. */
#include "core/base/buf.h"
#include "core/base/ids.h"
#include "core/base/message.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Buffers. */

static void a_buffer_is_built_straight_down(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_add_text(&b, "a");
	buf_add_char(&b, 'b');
	buf_add(&b, "c\0d", 3);
	buf_add(&b, NULL, 0);
	buf_add_bytes(&b, BYTES_LITERAL("e"));
	buf_add_format(&b, " %s %d ", "f", 7);
	buf_add_number(&b, 0);
	buf_add_number(&b, UINT64_MAX);
	assert_true(bytes_equal(buf_bytes(&b), BYTES_LITERAL("abc\0de f 7 018446744073709551615")));
	assert_int_equal(buf_error(&b), 0);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_text(&b), "");
}

static void a_buffer_grows_to_any_size(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		buf_add(&b, &i, sizeof(i));
	assert_int_equal(b.len, 400000);
	for (uint32_t i = 0, n; i < 100000; i++) {
		memcpy(&n, b.data + 4 * i, sizeof(n));
		assert_int_equal(n, i);
	}
}

static void bytes_compare_like_strings(void **state)
{
	(void)state;
	assert_true(bytes_compare(bytes_of("a"), bytes_of("b")) < 0);
	assert_true(bytes_compare(bytes_of("a"), bytes_of("ab")) < 0);
	assert_true(bytes_compare(bytes_of(""), bytes_make(NULL, 0)) == 0);
	assert_true(bytes_compare(bytes_of("\xFF"), bytes_of("a")) > 0);
	assert_true(bytes_equal(bytes_make(NULL, 0), bytes_of("")));
	assert_false(bytes_equal(bytes_of("a"), bytes_of("b")));
}

/* UTF-8. */

static bool is_scalar(uint32_t code)
{
	return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

static void every_character_is_valid_and_nothing_else(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		char text[4];
		size_t bad, len;

		if (!is_scalar(code))
			continue;
		len = utf8_encode(code, text);
		assert_true(utf8_valid(bytes_make(text, len)));
		assert_int_equal(utf8_char(text, len, &bad), len);
		for (size_t cut = 1; cut < len; cut++) {
			assert_false(utf8_valid(bytes_make(text, cut)));
			assert_int_equal(utf8_char(text, cut, &bad), 0);
			assert_int_equal(bad, cut);
		}
	}
}

/* By the definition: decoded, and encoded again, it must be the same bytes. */
static bool is_char_by_definition(const unsigned char *c, size_t len)
{
	static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	uint32_t code = c[0] & masks[len];
	char again[4];

	for (size_t i = 1; i < len; i++) {
		if ((c[i] & 0xC0) != 0x80)
			return false;
		code = code << 6 | (c[i] & 0x3F);
	}
	return is_scalar(code) && utf8_encode(code, again) == len && memcmp(again, c, len) == 0;
}

static void all_short_sequences_by_the_definition(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 1 << 24; i += i < 1 << 16 ? 1 : 7) {
		unsigned char c[4] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8), (unsigned char)i, 0x80};
		size_t bad, len = utf8_char((const char *)c, 4, &bad), expected = 0;

		for (size_t n = 1; n <= 4 && !expected; n++)
			if (is_char_by_definition(c, n))
				expected = n;
		assert_int_equal(len, expected);
	}
}

static void a_bad_sequence_is_as_long_as_its_good_beginning(void **state)
{
	static const struct {
		const char *text;
		size_t bad;
	} cases[] = {{"\x80", 1},	  {"\xFF", 1},	       {"\xC3", 1},
		     {"\xC3x", 1},	  {"\xE2\x82", 2},     {"\xE2\x82x", 2},
		     {"\xF0\x9F\x98", 3}, {"\xED\xA0\x80", 1}, {"\xF4\x90\x80\x80", 1},
		     {"\xE0\x80\x80", 1}, {"\xC0\xAF", 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t bad;

		assert_int_equal(utf8_char(cases[i].text, strlen(cases[i].text), &bad), 0);
		assert_int_equal(bad, cases[i].bad);
	}
}

static void a_bad_byte_anywhere_is_found(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++)
		for (size_t at = 0; at < len; at++) {
			memset(text, 'a', sizeof(text));
			assert_true(utf8_valid(bytes_make(text, len)));
			text[at] = '\xFF';
			assert_false(utf8_valid(bytes_make(text, len)));
		}
}

static void a_cut_is_never_inside_a_character(void **state)
{
	struct bytes text = BYTES_LITERAL("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\xB9z");
	static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};

	(void)state;
	for (size_t most = 0; most < COUNT(expected); most++)
		assert_int_equal(utf8_cut(text, most), expected[most]);
}

/* Text. */

static void json_escapes_only_what_it_must(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	text_add_json_string(&b, BYTES_LITERAL("a\"\\/\b\t\n\f\r\0\x1F\x7F\xC2\x80\xE2\x80\xA8"));
	assert_string_equal(buf_text(&b), "\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\x7F\xC2\x80\xE2\x80\xA8\"");
}

static void json_escapes_in_any_place_of_a_word(void **state)
{
	static const char specials[] = "\"\\\n\x01\x1F";
	char text[24];

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++)
		for (size_t i = 0; i < sizeof(specials) - 1; i++) {
			autobuf struct buf b = BUF_INIT;

			memset(text, 'a', sizeof(text));
			text[at] = specials[i];
			text_add_json(&b, bytes_make(text, sizeof(text)));
			assert_true(b.len > sizeof(text));
			assert_int_equal(b.data[at], '\\');
		}
}

static void assert_escaped(struct bytes text, size_t most, const char *expected)
{
	autobuf struct buf b = BUF_INIT;

	text_add_escaped(&b, text, most);
	assert_string_equal(buf_text(&b), expected);
}

static void people_see_one_safe_line(void **state)
{
	(void)state;
	assert_escaped(BYTES_LITERAL("plain \"text\""), SIZE_MAX, "plain \"text\"");
	assert_escaped(BYTES_LITERAL("a\n\t\r\\\0\x1B\x7F"), SIZE_MAX, "a\\n\\t\\r\\\\\\x00\\x1B\\x7F");
	assert_escaped(BYTES_LITERAL("\xC3\xA9\xE2\x82\xAC"), SIZE_MAX, "\xC3\xA9\xE2\x82\xAC");
	assert_escaped(BYTES_LITERAL("\xC2\x80\xC2\x9F\xC2\xA0"), SIZE_MAX, "\\xC2\\x80\\xC2\\x9F\xC2\xA0");
	assert_escaped(BYTES_LITERAL("\xFF\xE2\x82z"), SIZE_MAX, "\\xFF\\xE2\\x82z");
	assert_escaped(BYTES_LITERAL(""), 0, "");
	assert_escaped(BYTES_LITERAL("abc"), 3, "abc");
	assert_escaped(BYTES_LITERAL("abcd"), 3, "abc…");
	assert_escaped(BYTES_LITERAL("\xC3\xA9\xC3\xA9"), 1, "\xC3\xA9…");
	assert_escaped(BYTES_LITERAL("\n\n"), 1, "\\n…");
}

/* Ids. */

static void ids_keep_to_kestras_grammar(void **state)
{
	char longest[151];
	static const struct {
		enum id_kind kind;
		const char *id;
		bool valid;
	} cases[] = {
		{ID_NAMESPACE, "dev", true},
		{ID_NAMESPACE, "company.team_1-x", true},
		{ID_NAMESPACE, "Dev", false},
		{ID_NAMESPACE, ".dev", false},
		{ID_NAMESPACE, "", false},
		{ID_NAMESPACE, "dev/x", false},
		{ID_NAMESPACE, "0", true},
		{ID_FLOW, "partitions", true},
		{ID_FLOW, "My.Flow-1_x", true},
		{ID_FLOW, "_x", false},
		{ID_FLOW, "-x", false},
		{ID_FLOW, "a b", false},
		{ID_TASK, "getPartitions", true},
		{ID_TASK, "a.b", false},
		{ID_TASK, "..", false},
		{ID_TASK, "a_b-c", true},
		{ID_EXECUTION, "6s1egIkxu3gp", true},
		{ID_EXECUTION, "a/b", false},
		{ID_TASKRUN, "a1", true},
		{ID_TASKRUN, "\xC3\xA9", false},
		{ID_TASKRUN, "a\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(id_valid(cases[i].kind, bytes_of(cases[i].id)), cases[i].valid);
	memset(longest, 'a', sizeof(longest));
	for (enum id_kind kind = 0; kind < ID_KINDS; kind++) {
		size_t most = kind == ID_FLOW ? 100 : 150;

		assert_true(id_valid(kind, bytes_make(longest, most)));
		assert_false(id_valid(kind, bytes_make(longest, most + 1)));
		assert_false(id_valid(kind, bytes_make("a\0b", 3)));
		assert_non_null(strstr(id_kind_rule(kind), kind == ID_FLOW ? "100" : "150"));
		assert_true(strlen(id_kind_name(kind)) > 0);
	}
}

static void fresh_ids_are_valid_and_differ(void **state)
{
	char a[ID_FRESH_LEN + 1], b[ID_FRESH_LEN + 1];
	bool seen[256] = {false};
	int kinds = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(id_fresh(a), 0);
		assert_int_equal(id_fresh(b), 0);
		assert_int_equal(strlen(a), ID_FRESH_LEN);
		assert_true(id_valid(ID_EXECUTION, bytes_of(a)));
		assert_string_not_equal(a, b);
		for (size_t k = 0; k < ID_FRESH_LEN; k++)
			seen[(unsigned char)a[k]] = true;
	}
	for (int c = 0; c < 256; c++)
		kinds += seen[c];
	assert_int_equal(kinds, 62);
}

/* Errors. */

static void an_error_becomes_one_text(void **state)
{
	struct error e;
	char many[600];

	(void)state;
	assert_int_equal(error_set(&e, -EACCES, "cannot open %s: %d", "x", 7), -EACCES);
	assert_string_equal(e.text, "cannot open x: 7");
	assert_int_equal(error_set(NULL, -EACCES, "nobody asks"), -EACCES);
	for (size_t i = 0; i + 1 < sizeof(many); i += 2)
		memcpy(many + i, "\xC3\xA9", 2);
	many[sizeof(many) - 1] = '\0';
	many[sizeof(many) - 2] = '\0';
	for (int shift = 0; shift < 2; shift++) {
		error_set(&e, -1, "%s%s", shift ? "x" : "", many);
		assert_true(strlen(e.text) > 500 && strlen(e.text) < sizeof(e.text));
		assert_true(utf8_valid(bytes_of(e.text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_is_built_straight_down),
		cmocka_unit_test(a_buffer_grows_to_any_size),
		cmocka_unit_test(bytes_compare_like_strings),
		cmocka_unit_test(every_character_is_valid_and_nothing_else),
		cmocka_unit_test(all_short_sequences_by_the_definition),
		cmocka_unit_test(a_bad_sequence_is_as_long_as_its_good_beginning),
		cmocka_unit_test(a_bad_byte_anywhere_is_found),
		cmocka_unit_test(a_cut_is_never_inside_a_character),
		cmocka_unit_test(json_escapes_only_what_it_must),
		cmocka_unit_test(json_escapes_in_any_place_of_a_word),
		cmocka_unit_test(people_see_one_safe_line),
		cmocka_unit_test(ids_keep_to_kestras_grammar),
		cmocka_unit_test(fresh_ids_are_valid_and_differ),
		cmocka_unit_test(an_error_becomes_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
