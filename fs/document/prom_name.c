#include "fs/document/prom_name.h"

#include "core/base/digest.h"
#include "core/base/number.h"
#include "core/base/utf8.h"
#include "core/json/scan.h"

#include <math.h>

#define HASH_DIGITS 8
#define TAG_PREFIX BYTES_LITERAL("tag_")
#define VALUE_SUFFIX BYTES_LITERAL("_value")

const char *prom_type(enum metric_type type)
{
	static const char *const words[METRIC_TYPES] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_TIMER] = "summary",
		[METRIC_GAUGE] = "gauge",
	};

	return words[type];
}

void prom_decode(struct bytes inside, struct buf *quoted, struct buf *ret)
{
	buf_clear(quoted);
	buf_clear(ret);
	buf_add_char(quoted, '"');
	buf_add_bytes(quoted, inside);
	buf_add_char(quoted, '"');
	if (buf_error(quoted))
		ret->error = buf_error(quoted);
	else
		json_string_decode(ret, buf_bytes(quoted));
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t char_len(struct bytes text, size_t at)
{
	size_t bad = 1, len = utf8_char(text.data + at, text.len - at, &bad);

	return len ? len : bad;
}

/*
 * Appends the name with `_` for each character that may not stand where it stands. Its digest follows if there was one, if the name is
 * empty, or where `changed` says so. The colon is allowed to recording rules alone.
 */
static void add_clean(struct buf *b, struct bytes name, bool digit_first, bool changed)
{
	unsigned char full[DIGEST_LEN];
	char digits[HASH_DIGITS];

	for (size_t i = 0; i < name.len; i += char_len(name, i)) {
		char c = name.data[i];
		bool good = is_letter(c) || (is_digit(c) && (i > 0 || digit_first));

		buf_add_char(b, good ? c : '_');
		changed |= !good;
	}
	if (!changed && name.len)
		return;
	digest(name, full);
	digest_hex(full, HASH_DIGITS, digits);
	buf_add_char(b, '_');
	buf_add(b, digits, HASH_DIGITS);
}

static bool begins(struct bytes text, struct bytes with)
{
	return text.len >= with.len && memcmp(text.data, with.data, with.len) == 0;
}

static bool ends(struct bytes text, struct bytes with)
{
	return text.len >= with.len && memcmp(text.data + text.len - with.len, with.data, with.len) == 0;
}

/* What ends a counter's or a summary's sample. */
static bool ends_as_another(struct bytes name)
{
	static const struct bytes suffixes[] = {
		BYTES_LITERAL("_total"),  BYTES_LITERAL("_count"),   BYTES_LITERAL("_sum"),
		BYTES_LITERAL("_bucket"), BYTES_LITERAL("_seconds"),
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (ends(name, suffixes[i]))
			return true;
	return false;
}

/* Of the whole name: also of a gauge called `total`. One called `rows_total_value` gets one more, as `rows_total` becomes that. */
static bool gauge_needs_value(struct bytes name)
{
	while (ends(name, VALUE_SUFFIX))
		name.len -= VALUE_SUFFIX.len;
	return ends_as_another(name);
}

/* By kestrafs.prom: one exporter may well read it together with a metrics folder. */
static bool is_taken(struct bytes name, enum metric_type type)
{
	return (type == METRIC_COUNTER && bytes_equal(name, BYTES_LITERAL("executions"))) ||
	       (type == METRIC_TIMER && bytes_equal(name, BYTES_LITERAL("last_success_timestamp")));
}

void prom_add_family(struct buf *b, struct bytes name, enum metric_type type)
{
	size_t start = b->len;

	buf_add_text(b, "kestra_");
	add_clean(b, name, true, is_taken(name, type));
	if (type == METRIC_COUNTER)
		buf_add_text(b, "_total");
	else if (type == METRIC_TIMER)
		buf_add_text(b, "_seconds");
	else if (!buf_error(b) && gauge_needs_value(bytes_make(b->data + start, b->len - start)))
		buf_add_bytes(b, VALUE_SUFFIX);
}

static bool is_reserved(struct bytes label)
{
	static const struct bytes words[] = {
		BYTES_LITERAL("namespace"), BYTES_LITERAL("flow"), BYTES_LITERAL("task"), BYTES_LITERAL("quantile"), BYTES_LITERAL("le"),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (bytes_equal(label, words[i]))
			return true;
	return begins(label, BYTES_LITERAL("__"));
}

static bool label_needs_prefix(struct bytes label)
{
	while (begins(label, TAG_PREFIX))
		label = bytes_make(label.data + TAG_PREFIX.len, label.len - TAG_PREFIX.len);
	return is_reserved(label);
}

void prom_add_label(struct buf *b, struct bytes tag)
{
	autobuf struct buf label = BUF_INIT;

	add_clean(&label, tag, false, false);
	if (label_needs_prefix(buf_bytes(&label)))
		buf_add_bytes(b, TAG_PREFIX);
	buf_add_bytes(b, buf_bytes(&label));
	if (buf_error(&label))
		b->error = buf_error(&label);
}

static void add_escaped(struct buf *b, struct bytes text, bool quotes)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '\n')
			buf_add_text(b, "\\n");
		else if (c == '\\' || (c == '"' && quotes))
			buf_add(b, (char[2]){'\\', c}, 2);
		else
			buf_add_char(b, c);
	}
}

void prom_add_value(struct buf *b, struct bytes text)
{
	add_escaped(b, text, true);
}

void prom_add_help(struct buf *b, struct bytes text)
{
	add_escaped(b, text, false);
}

void prom_add_number(struct buf *b, double x)
{
	char text[NUMBER_TEXT_SIZE];

	if (isfinite(x))
		buf_add(b, text, number_format(x, text));
	else
		buf_add_text(b, isnan(x) ? "NaN" : x > 0 ? "+Inf" : "-Inf");
}
