/*
 * The name rule, both ways. An entry is built of units, each one character of the string: as it is, or `%XX`. A cut falls between units,
 * so that what is left of the name stays valid UTF-8 and decodable.
 */
#include "core/base/names.h"
#include "core/base/digest.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdint.h>

#define HASH_DIGITS (NAME_HASH_LEN - 2)

static const char hex_upper[] = "0123456789ABCDEF";
static const char hex_lower[] = "0123456789abcdef";

static bool must_escape(unsigned char c)
{
	return c < 0x20 || c == 0x7F || c == '/' || c == '%';
}

static void add_escape(struct buf *b, unsigned char c)
{
	char three[3] = {'%', hex_upper[c >> 4], hex_upper[c & 15]};

	buf_add(b, three, sizeof(three));
}

void name_add_hash(struct buf *b, struct bytes id)
{
	unsigned char full[DIGEST_LEN];
	char digits[HASH_DIGITS];

	digest(id, full);
	digest_hex(full, HASH_DIGITS, digits);
	buf_add_text(b, "%~");
	buf_add(b, digits, HASH_DIGITS);
}

static bool is_fixed(struct bytes name, const char *const *fixed)
{
	for (; fixed && *fixed; fixed++)
		if (bytes_equal(name, bytes_of(*fixed)))
			return true;
	return false;
}

/* Names that no escaping of single characters makes usable. */
static bool add_special(struct buf *b, struct bytes raw)
{
	if (raw.len == 0)
		buf_add_char(b, '%');
	else if (bytes_equal(raw, BYTES_LITERAL(".")))
		buf_add_text(b, "%2E");
	else if (bytes_equal(raw, BYTES_LITERAL("..")))
		buf_add_text(b, "%2E.");
	else
		return false;
	return true;
}

static size_t char_len(struct bytes raw, size_t at)
{
	size_t bad, len = utf8_char(raw.data + at, raw.len - at, &bad);

	return len ? len : 1;
}

/* Never looks further into `raw` than an entry can show; only the hash reads all of it. */
void name_encode(struct buf *b, struct bytes raw, const char *const *fixed, size_t most)
{
	const size_t start = b->len;
	size_t cut = start;
	bool escape_first;

	if (add_special(b, raw))
		return;
	escape_first = is_fixed(raw, fixed);
	for (size_t at = 0; at < raw.len;) {
		bool escape = must_escape((unsigned char)raw.data[at]) || (at == 0 && escape_first);
		size_t len = escape ? 1 : char_len(raw, at);
		size_t unit = escape ? 3 : len;

		if (b->len - start + unit > most) {
			b->len = cut;
			name_add_hash(b, raw);
			return;
		}
		if (escape)
			add_escape(b, (unsigned char)raw.data[at]);
		else
			buf_add(b, raw.data + at, len);
		if (buf_error(b))
			return;
		if (b->len - start + NAME_HASH_LEN <= most)
			cut = b->len;
		at += len;
	}
}

static int hex_value(char c, const char *digits)
{
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static bool ends_in_hash(struct bytes entry)
{
	size_t at = entry.len - NAME_HASH_LEN;

	if (entry.len < NAME_HASH_LEN || entry.data[at] != '%' || entry.data[at + 1] != '~')
		return false;
	for (size_t i = at + 2; i < entry.len; i++)
		if (hex_value(entry.data[i], hex_lower) < 0)
			return false;
	return true;
}

/* Any byte may be escaped in the first place (a fixed entry's is); elsewhere only those that must be, so that one string has one entry. */
static int decode_escape(struct bytes entry, size_t at, unsigned char *ret_byte)
{
	int high, low;

	if (entry.len - at < 3)
		return -EINVAL;
	high = hex_value(entry.data[at + 1], hex_upper);
	low = hex_value(entry.data[at + 2], hex_upper);
	if (high < 0 || low < 0)
		return -EINVAL;
	*ret_byte = (unsigned char)(high << 4 | low);
	return must_escape(*ret_byte) || (at == 0 && *ret_byte < 0x80) ? 0 : -EINVAL;
}

static int decode_units(struct buf *b, struct bytes entry)
{
	for (size_t at = 0; at < entry.len;) {
		unsigned char c = (unsigned char)entry.data[at];

		if (c == '%') {
			if (decode_escape(entry, at, &c))
				return -EINVAL;
			at += 3;
		} else if (must_escape(c)) {
			return -EINVAL;
		} else {
			at++;
		}
		buf_add_char(b, (char)c);
	}
	return buf_error(b);
}

int name_decode(struct buf *b, struct bytes entry)
{
	const size_t start = b->len;
	int r;

	if (entry.len == 0 || entry.len > NAME_ENTRY_MAX || !utf8_valid(entry) || bytes_equal(entry, BYTES_LITERAL(".")) ||
	    bytes_equal(entry, BYTES_LITERAL("..")))
		return -EINVAL;
	if (bytes_equal(entry, BYTES_LITERAL("%")))
		return buf_error(b);
	if (ends_in_hash(entry))
		return -EXDEV;
	r = decode_units(b, entry);
	if (r)
		b->len = start;
	return r;
}
