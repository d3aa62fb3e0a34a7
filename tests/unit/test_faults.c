/*
 * Memory that runs out, at every allocation in turn: the parser, the scanner and the buffers report -ENOMEM, leak
 * nothing and go on.
 */
#include "core/base/buf.h"
#include "core/base/names.h"
#include "core/json/scan.h"
#include "core/protocol/parser.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/fail_alloc.h"

/* Said without memory of its own. */
struct said {
	size_t messages;
	size_t last_outputs;
	size_t warnings;
	bool out_of_memory;
};

static void on_message(void *context, const struct message *m)
{
	struct said *said = context;

	said->messages++;
	said->last_outputs = m->n_outputs;
}

static void on_warning(void *context, struct bytes text)
{
	struct said *said = context;

	said->warnings++;
	if (memmem(text.data, text.len, "out of memory", 13))
		said->out_of_memory = true;
}

/* Everything that takes memory: held lines and blocks, decoded strings, many members, repeated keys, tags, warnings, U+FFFD. */
static void make_stream(struct buf *b)
{
	buf_add_text(b, "text {\n::{\"outputs\":{\"a\\n\":1,\"b\":\"x\"},\"metrics\":[{\"name\":\"\\t\",\"type\":\"counter\",\"value\":1,"
			"\"tags\":{\"a\":1,\"b\":\"\\\"\"}},{\"name\":\"x\",\"type\":\"y\"}],\"logs\":[{\"level\":\"INFO\",\"message\":"
			"\"\\n\"}]}::\n");
	buf_add_text(
		b,
		"::{\"outputs\":{\"u\":\"\xFF\"}}::\n::{\n\"outputs\":\n{\"a\":1,\"a\":{\"b\":1,\"b\":2}}\n}::\n{\"outputs\":{\"c\":1}}\n");
	buf_add_text(b, "::{\n{\"outputs\":{\"d\":1}}\n::\n::{\"outputs\":{");
	for (unsigned int i = 0; i < 100; i++)
		buf_add_format(b, "\"key %u\":[%u],", i % 70, i);
	buf_add_text(b, "\"last\":0}}::\n");
	assert_int_equal(buf_error(b), 0);
}

static bool feed_all(struct bytes stream, enum dialect dialect, size_t piece, struct said *said, size_t nth, bool all)
{
	const struct parser_handler handler = {on_message, on_warning, said};
	static const char last[] = "\n::{\"outputs\":{\"x\":1,\"y\":2,\"z\":3}}::\n";
	bool hint_given = false, out_of_memory = false;
	struct parser *p = NULL;

	*said = (struct said){0};
	faults_begin(nth, all);
	if (parser_new("stdout", dialect, 1 << 20, &hint_given, &handler, &p) == 0) {
		for (size_t at = 0; at < stream.len; at += piece)
			if (parser_feed(p, stream.data + at, stream.len - at < piece ? stream.len - at : piece) == -ENOMEM)
				out_of_memory = true;
		faults_over();
		if (faults_met()) { /* it goes on, once there is memory again */
			assert_true(out_of_memory && said->out_of_memory);
			assert_int_equal(parser_feed(p, last, sizeof(last) - 1), 0);
			assert_int_equal(said->last_outputs, 3);
		}
		assert_int_equal(parser_end(p), 0);
		parser_free(p);
	}
	return faults_end();
}

static void a_parser_survives_every_fault(void **state)
{
	static const size_t sizes[] = {1, 7, 100, 1 << 20};
	autobuf struct buf stream = BUF_INIT;

	(void)state;
	make_stream(&stream);
	for (int i = 0; i < 16; i++) {
		struct said said;
		size_t nth = 0;

		while (feed_all(buf_bytes(&stream), i & 1 ? DIALECT_KESTRA : DIALECT_DOC, sizes[i / 4], &said, nth, i & 2))
			nth++;
		assert_true(nth > 3);
		assert_false(said.out_of_memory);
	}
}

static bool scan_with_fault(const char *text, size_t nth)
{
	struct buf out = BUF_INIT;
	enum json_error e;
	bool failed;

	faults_begin(nth, false);
	e = json_canonical(bytes_of(text), &out, NULL);
	assert_true(e == (faults_met() ? JSON_ERROR_MEMORY : JSON_OK));
	if (e)
		assert_int_equal(out.len, 0);
	buf_finish(&out);
	failed = faults_end();
	return failed;
}

static void the_scanner_survives_every_fault(void **state)
{
	autobuf struct buf text = BUF_INIT;
	size_t nth = 0;

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		buf_add_format(&text, "%s\"k%u\":{\"a\":1,\"a\":[%u]}", i ? "," : "{", i % 60, i);
	buf_add_char(&text, '}');
	while (scan_with_fault(buf_text(&text), nth))
		nth++;
	assert_true(nth > 4);
}

static void a_failed_append_sticks(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	faults_begin(1, false);
	buf_add_text(&b, "kept");
	assert_null(buf_reserve(&b, 1000));
	assert_int_equal(buf_error(&b), -ENOMEM);
	buf_add_char(&b, 'x'); /* there is room, but something is missing before it */
	buf_add_format(&b, "%d", 1);
	buf_add_number(&b, 1);
	assert_null(buf_text(&b));
	assert_int_equal(b.len, 4);
	buf_clear(&b);
	assert_int_equal(buf_error(&b), 0);
	buf_add_text(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_finish(&b);
	assert_true(faults_end());
}

static void too_much_is_no_memory(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_char(&b, 'x');
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_int_equal(buf_error(&b), -ENOMEM);
	buf_finish(&b);
}

static void names_survive_a_fault(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	faults_begin(0, true);
	name_encode(&b, bytes_of("name"), NULL, NAME_ENTRY_MAX);
	assert_int_equal(buf_error(&b), -ENOMEM);
	assert_int_equal(name_decode(&b, bytes_of("name")), -ENOMEM);
	buf_finish(&b);
	assert_true(faults_end());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parser_survives_every_fault), cmocka_unit_test(the_scanner_survives_every_fault),
		cmocka_unit_test(a_failed_append_sticks),	 cmocka_unit_test(too_much_is_no_memory),
		cmocka_unit_test(names_survive_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
