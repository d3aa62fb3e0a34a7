/* Cells of CSV: what RFC 4180 quotes, texts as they are and as the insides of JSON strings; counted as they are written. */
#include "core/base/csv.h"
#include "core/base/text.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_bytes_equal(struct bytes actual, struct bytes expected)
{
	if (!bytes_equal(actual, expected))
		fail_msg("%.*s is not %.*s", (int)actual.len, actual.data, (int)expected.len, expected.data);
}

/* A long cell is written in pieces of any size; they make the same text. */
static void assert_pieces(struct bytes text, bool json, struct bytes expected)
{
	for (size_t most = 1; most < text.len + 3; most += most < 20 ? 1 : 1000) {
		autobuf struct buf b = BUF_INIT;
		struct bytes rest = text;
		bool quoted = csv_quoted(text, json);

		buf_add_text(&b, quoted ? "\"" : "");
		while (rest.len)
			csv_add_piece(&b, &rest, json, most);
		buf_add_text(&b, quoted ? "\"" : "");
		assert_bytes_equal(buf_bytes(&b), expected);
	}
}

/* Both ways to give a text make the same cell, behind what the buffer holds already. */
static void assert_cell(struct bytes text, struct bytes expected)
{
	autobuf struct buf plain = BUF_INIT, inside = BUF_INIT, json = BUF_INIT;

	csv_add(&plain, text);
	assert_bytes_equal(buf_bytes(&plain), expected);
	assert_int_equal(csv_len(text), expected.len);
	assert_pieces(text, false, expected);

	text_add_json(&inside, text);
	csv_add_json(&json, buf_bytes(&inside));
	assert_bytes_equal(buf_bytes(&json), expected);
	assert_int_equal(csv_len_json(buf_bytes(&inside)), expected.len);
	assert_pieces(buf_bytes(&inside), true, expected);
}

static void a_cell_is_quoted_as_rfc_4180_says(void **state)
{
	static const struct {
		struct bytes text, cell;
	} cases[] = {
		{BYTES_LITERAL(""), BYTES_LITERAL("")},
		{BYTES_LITERAL("aaa"), BYTES_LITERAL("aaa")},
		{BYTES_LITERAL(" "), BYTES_LITERAL(" ")},
		{BYTES_LITERAL("zzz yyy"), BYTES_LITERAL("zzz yyy")},
		{BYTES_LITERAL("a,b"), BYTES_LITERAL("\"a,b\"")},
		{BYTES_LITERAL(","), BYTES_LITERAL("\",\"")},
		{BYTES_LITERAL("b\"bb"), BYTES_LITERAL("\"b\"\"bb\"")},
		{BYTES_LITERAL("\""), BYTES_LITERAL("\"\"\"\"")},
		{BYTES_LITERAL("\"\""), BYTES_LITERAL("\"\"\"\"\"\"")},
		{BYTES_LITERAL("\"a\""), BYTES_LITERAL("\"\"\"a\"\"\"")},
		{BYTES_LITERAL("b\r\nbb"), BYTES_LITERAL("\"b\r\nbb\"")},
		{BYTES_LITERAL("\n"), BYTES_LITERAL("\"\n\"")},
		{BYTES_LITERAL("\r"), BYTES_LITERAL("\"\r\"")},
		{BYTES_LITERAL("a;b\tc'd"), BYTES_LITERAL("a;b\tc'd")},
		{BYTES_LITERAL("back\\slash"), BYTES_LITERAL("back\\slash")},
		{BYTES_LITERAL("\\n"), BYTES_LITERAL("\\n")},
		{BYTES_LITERAL("\\\","), BYTES_LITERAL("\"\\\"\",\"")},
		{BYTES_LITERAL("a\0b"), BYTES_LITERAL("a\0b")},
		{BYTES_LITERAL("\0"), BYTES_LITERAL("\0")},
		{BYTES_LITERAL("\x01\x1f\x7f\b\f"), BYTES_LITERAL("\x01\x1f\x7f\b\f")},
		{BYTES_LITERAL("\xC3\xBC \xF0\x9F\x98\x80"), BYTES_LITERAL("\xC3\xBC \xF0\x9F\x98\x80")},
		{BYTES_LITERAL("\xC3\xBC,"), BYTES_LITERAL("\"\xC3\xBC,\"")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_cell(cases[i].text, cases[i].cell);
}

static void an_escape_of_json_is_what_it_stands_for(void **state)
{
	static const struct {
		struct bytes inside, cell;
	} cases[] = {
		{BYTES_LITERAL("\\n"), BYTES_LITERAL("\"\n\"")},
		{BYTES_LITERAL("\\r"), BYTES_LITERAL("\"\r\"")},
		{BYTES_LITERAL("\\t"), BYTES_LITERAL("\t")},
		{BYTES_LITERAL("\\b\\f"), BYTES_LITERAL("\b\f")},
		{BYTES_LITERAL("\\\""), BYTES_LITERAL("\"\"\"\"")},
		{BYTES_LITERAL("\\\\"), BYTES_LITERAL("\\")},
		{BYTES_LITERAL("\\\\n"), BYTES_LITERAL("\\n")},
		{BYTES_LITERAL("\\\\\\n"), BYTES_LITERAL("\"\\\n\"")},
		{BYTES_LITERAL("\\u0000"), BYTES_LITERAL("\0")},
		{BYTES_LITERAL("a\\u001fb"), BYTES_LITERAL("a\x1f"
							   "b")},
		{BYTES_LITERAL("\\u000b,"), BYTES_LITERAL("\"\v,\"")},
		{BYTES_LITERAL("plain"), BYTES_LITERAL("plain")},
		{BYTES_LITERAL("a,b"), BYTES_LITERAL("\"a,b\"")},
		{BYTES_LITERAL(""), BYTES_LITERAL("")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		autobuf struct buf b = BUF_INIT;

		buf_add_text(&b, "x,");
		csv_add_json(&b, cases[i].inside);
		assert_bytes_equal(bytes_make(b.data + 2, b.len - 2), cases[i].cell);
		assert_int_equal(csv_len_json(cases[i].inside), cases[i].cell.len);
		assert_pieces(cases[i].inside, true, cases[i].cell);
	}
}

/* A reader of one cell, by RFC 4180: what it gets is what was written. */
static void read_cell(struct bytes cell, struct buf *ret)
{
	if (!cell.len || cell.data[0] != '"') {
		buf_add_bytes(ret, cell);
		assert_true(!cell.len || (!memchr(cell.data, '"', cell.len) && !memchr(cell.data, ',', cell.len) &&
					  !memchr(cell.data, '\n', cell.len) && !memchr(cell.data, '\r', cell.len)));
		return;
	}
	for (size_t i = 1; i + 1 < cell.len; i++) {
		buf_add_char(ret, cell.data[i]);
		if (cell.data[i] == '"')
			assert_int_equal(cell.data[++i], '"');
	}
	assert_int_equal(cell.data[cell.len - 1], '"');
}

static void random_texts_come_back(void **state)
{
	static const char bytes[] = "ab,\"\n\r\t\\ u\0\x01;";

	(void)state;
	srandom(1);
	for (int i = 0; i < 5000; i++) {
		autobuf struct buf text = BUF_INIT, cell = BUF_INIT, back = BUF_INIT;

		for (long left = random() % 40; left > 0; left--)
			buf_add_char(&text, bytes[(size_t)random() % (sizeof(bytes) - 1)]);
		csv_add(&cell, buf_bytes(&text));
		assert_cell(buf_bytes(&text), buf_bytes(&cell));
		read_cell(buf_bytes(&cell), &back);
		assert_bytes_equal(buf_bytes(&back), buf_bytes(&text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_is_quoted_as_rfc_4180_says),
		cmocka_unit_test(an_escape_of_json_is_what_it_stands_for),
		cmocka_unit_test(random_texts_come_back),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
