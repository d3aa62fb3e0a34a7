/* The name rule, both ways: what docs/tree.md promises of the names in the mount. */
#include "core/base/names.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const fixed[] = {"metrics", "state", "outputs.json", "log", NULL};

static void assert_entry(struct bytes raw, const char *expected)
{
	autobuf struct buf entry = BUF_INIT, back = BUF_INIT;

	name_encode(&entry, raw, fixed, NAME_ENTRY_MAX);
	assert_string_equal(buf_text(&entry), expected);
	assert_int_equal(name_decode(&back, buf_bytes(&entry)), 0);
	assert_true(bytes_equal(buf_bytes(&back), raw));
}

static void any_string_becomes_an_entry_and_back(void **state)
{
	static const struct {
		struct bytes raw;
		const char *entry;
	} cases[] = {
		{BYTES_LITERAL("partitions"), "partitions"},
		{BYTES_LITERAL("file_1.parquet"), "file_1.parquet"},
		{BYTES_LITERAL("a b"), "a b"},
		{BYTES_LITERAL("a/b"), "a%2Fb"},
		{BYTES_LITERAL("100%"), "100%25"},
		{BYTES_LITERAL("\n\t\x1F\x7F"), "%0A%09%1F%7F"},
		{BYTES_LITERAL("\0"), "%00"},
		{BYTES_LITERAL("a\0b"), "a%00b"},
		{BYTES_LITERAL(""), "%"},
		{BYTES_LITERAL("."), "%2E"},
		{BYTES_LITERAL(".."), "%2E."},
		{BYTES_LITERAL("..."), "..."},
		{BYTES_LITERAL(".hidden"), ".hidden"},
		{BYTES_LITERAL("\xC3\xA9\xF0\x9F\x98\xB9"), "\xC3\xA9\xF0\x9F\x98\xB9"},
		{BYTES_LITERAL("\xC2\x80"), "\xC2\x80"},
		{BYTES_LITERAL("metrics"), "%6Detrics"},
		{BYTES_LITERAL("log"), "%6Cog"},
		{BYTES_LITERAL("logs"), "logs"},
		{BYTES_LITERAL("%6Detrics"), "%256Detrics"},
		{BYTES_LITERAL("%~0123456789abcdef"), "%25~0123456789abcdef"},
		{BYTES_LITERAL("%"), "%25"},
		{BYTES_LITERAL("/"), "%2F"},
		{BYTES_LITERAL("a%~"), "a%25~"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_entry(cases[i].raw, cases[i].entry);
}

static void without_fixed_entries_nothing_is_reserved(void **state)
{
	autobuf struct buf entry = BUF_INIT;

	(void)state;
	name_encode(&entry, bytes_of("metrics"), NULL, NAME_ENTRY_MAX);
	assert_string_equal(buf_text(&entry), "metrics");
}

static void assert_cut(struct bytes raw, size_t most, const char *end)
{
	autobuf struct buf entry = BUF_INIT, back = BUF_INIT;

	name_encode(&entry, raw, fixed, most);
	assert_true(entry.len <= most);
	assert_true(utf8_valid(buf_bytes(&entry)));
	assert_string_equal(buf_text(&entry) + entry.len - strlen(end), end);
	assert_int_equal(name_decode(&back, buf_bytes(&entry)), -EXDEV);
	assert_int_equal(back.len, 0);
}

/* Hashes by sha256sum. */
static void a_long_name_is_cut_and_gets_a_hash(void **state)
{
	char a[300];
	autobuf struct buf e = BUF_INIT;

	(void)state;
	memset(a, 'a', sizeof(a));
	assert_entry(bytes_make(a, 255), (a[255] = '\0', a));
	a[255] = 'a';
	assert_cut(bytes_make(a, 256), 255, "aaa%~02d7160d77e18c64");
	name_encode(&e, bytes_make(a, 256), NULL, 255);
	assert_int_equal(e.len, 255);
	assert_cut(bytes_make(a, 250), 249, "%~3f3e35e0a775d9b1");
}

static void a_cut_is_never_inside_a_character_or_an_escape(void **state)
{
	(void)state;
	for (size_t lead = 0; lead < 8; lead++) {
		autobuf struct buf raw = BUF_INIT;

		for (size_t i = 0; i < lead; i++)
			buf_add_char(&raw, 'x');
		for (size_t i = 0; i < 100; i++)
			buf_add_text(&raw, "/\xF0\x9F\x98\xB9\xC3\xA9");
		for (size_t most = NAME_HASH_LEN; most <= NAME_ENTRY_MAX; most++) {
			autobuf struct buf entry = BUF_INIT, back = BUF_INIT;
			struct bytes stem;

			name_encode(&entry, buf_bytes(&raw), fixed, most);
			assert_true(entry.len <= most && entry.len + 4 > most);
			stem = bytes_make(entry.data, entry.len - NAME_HASH_LEN);
			if (stem.len == 0)
				continue;
			assert_int_equal(name_decode(&back, stem), 0);
			assert_true(back.len <= raw.len && memcmp(back.data, raw.data, back.len) == 0);
		}
	}
}

static void a_huge_name_costs_only_its_hash(void **state)
{
	autobuf struct buf raw = BUF_INIT, entry = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add_text(&raw, "\n/\n/");
	name_encode(&entry, buf_bytes(&raw), fixed, NAME_ENTRY_MAX);
	assert_int_equal(entry.len, 3 * 79 + NAME_HASH_LEN);
	assert_true(entry.size < 4096);
}

static void what_is_no_entry_is_refused(void **state)
{
	static const char *const entries[] = {
		"",
		".",
		"..",
		"a/b",
		"a\n",
		"a\x7F",
		"%2",
		"%2e",
		"%G0",
		"a%",
		"a%4",
		"a%41",
		"%80",
		"%C3%A9",
		"a%2E",
		"a%2E.",
		"%~",
		"%~x",
		"a%~0123456789abcde",
		"a%~0123456789ABCDEF",
		"\xFF",
		"a\xC3",
	};
	char long_one[NAME_ENTRY_MAX + 1];
	autobuf struct buf b = BUF_INIT;

	(void)state;
	buf_add_text(&b, "kept");
	for (size_t i = 0; i < COUNT(entries); i++)
		if (name_decode(&b, bytes_of(entries[i])) != -EINVAL)
			fail_msg("accepted: %s", entries[i]);
	memset(long_one, 'a', sizeof(long_one));
	assert_int_equal(name_decode(&b, bytes_make(long_one, sizeof(long_one))), -EINVAL);
	assert_string_equal(buf_text(&b), "kept");
}

static void a_run_of_the_same_value_ends_in_its_ids_hash(void **state)
{
	autobuf struct buf b = BUF_INIT;

	(void)state;
	name_add_hash(&b, bytes_of("abc"));
	assert_string_equal(buf_text(&b), "%~ba7816bf8f01cfea");
	buf_clear(&b);
	name_add_hash(&b, bytes_make(NULL, 0));
	assert_string_equal(buf_text(&b), "%~e3b0c44298fc1c14");
}

/* Two strings never meet in one entry, and every entry leads back. */
static void random_strings_come_back(void **state)
{
	static const char *const scraps[] = {"%", "~", ".", "/", "2", "E", "a", "\n", "\xC3\xA9", "metrics", "log", "%2E", "%~", "\x7F"};
	uint64_t seed = 17;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		autobuf struct buf raw = BUF_INIT, entry = BUF_INIT, back = BUF_INIT;

		for (int k = 0; k < i % 6; k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			buf_add_text(&raw, scraps[(seed >> 33) % COUNT(scraps)]);
		}
		name_encode(&entry, buf_bytes(&raw), fixed, NAME_ENTRY_MAX);
		assert_int_equal(name_decode(&back, buf_bytes(&entry)), 0);
		assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&raw)));
		for (size_t f = 0; fixed[f]; f++)
			assert_false(bytes_equal(buf_bytes(&entry), bytes_of(fixed[f])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_string_becomes_an_entry_and_back),
		cmocka_unit_test(without_fixed_entries_nothing_is_reserved),
		cmocka_unit_test(a_long_name_is_cut_and_gets_a_hash),
		cmocka_unit_test(a_cut_is_never_inside_a_character_or_an_escape),
		cmocka_unit_test(a_huge_name_costs_only_its_hash),
		cmocka_unit_test(what_is_no_entry_is_refused),
		cmocka_unit_test(a_run_of_the_same_value_ends_in_its_ids_hash),
		cmocka_unit_test(random_strings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
