/*
 * From lines to messages: whether a candidate is closed, what stands between its marks, and whether that is a message. Everything is
 * decided at the end of a line and from the candidate's bytes alone, so it cannot depend on how they arrived.
 */
#include "core/protocol/recognise.h"

#include "core/base/utf8.h"
#include "core/json/scan.h"
#include "core/protocol/lines.h"

#define MEMORY_KEPT ((size_t)1 << 20)

void recogniser_finish(struct recogniser *rec)
{
	buf_finish(&rec->canonical);
	buf_finish(&rec->repaired);
	reader_finish(&rec->reader);
}

static void give_back(struct buf *b)
{
	if (b->size > MEMORY_KEPT)
		buf_finish(b);
}

static struct bytes trim_blanks(struct bytes text)
{
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool cut_end(struct bytes *text, struct bytes end)
{
	if (text->len < end.len || memcmp(text->data + text->len - end.len, end.data, end.len) != 0)
		return false;
	text->len -= end.len;
	return true;
}

static bool ends_in_brace(struct bytes text)
{
	return text.len > 0 && text.data[text.len - 1] == '}';
}

static bool closed_doc(struct bytes text, struct bytes *ret_body)
{
	text = trim_blanks(text);
	if (!cut_end(&text, BYTES_LITERAL("::")))
		return false;
	*ret_body = trim_blanks(text);
	return ends_in_brace(*ret_body);
}

/* The line ends of Java's regular expressions that are none for us: `.` does not match them, `$` matches before one at the end. */
static const struct bytes java_line_ends[] = {
	BYTES_LITERAL("\xC2\x85"),
	BYTES_LITERAL("\xE2\x80\xA8"),
	BYTES_LITERAL("\xE2\x80\xA9"),
};
#define N_JAVA_LINE_ENDS (sizeof(java_line_ends) / sizeof(java_line_ends[0]))

static bool closed_kestra(struct bytes text, struct bytes *ret_body)
{
	for (size_t i = 0; i < N_JAVA_LINE_ENDS; i++)
		if (cut_end(&text, java_line_ends[i]))
			break;
	if (!cut_end(&text, BYTES_LITERAL("::")) || !ends_in_brace(text))
		return false;
	for (size_t i = 0; i < N_JAVA_LINE_ENDS; i++)
		if (memmem(text.data, text.len, java_line_ends[i].data, java_line_ends[i].len))
			return false;
	*ret_body = text;
	return true;
}

static enum verdict verdict_of(enum json_error e)
{
	static const enum verdict verdicts[] = {
		[JSON_OK] = VERDICT_TAKEN,
		[JSON_ERROR_SYNTAX] = VERDICT_SYNTAX,
		[JSON_ERROR_UTF8] = VERDICT_UTF8,
		[JSON_ERROR_SURROGATE] = VERDICT_SURROGATE,
		[JSON_ERROR_DEPTH] = VERDICT_DEPTH,
		[JSON_ERROR_TRAILING] = VERDICT_TRAILING,
		[JSON_ERROR_END] = VERDICT_INCOMPLETE,
		[JSON_ERROR_MEMORY] = VERDICT_MEMORY,
	};

	return verdicts[e];
}

static enum json_error canonicalise(struct recogniser *rec, struct bytes text)
{
	buf_clear(&rec->canonical);
	return json_canonical(text, &rec->canonical, NULL);
}

static enum verdict read_canonical(struct recogniser *rec)
{
	enum verdict verdict = reader_read(&rec->reader, buf_bytes(&rec->canonical));

	give_back(&rec->canonical);
	return verdict;
}

static void add_repaired(struct buf *b, struct bytes text)
{
	size_t bad, len;

	for (size_t at = 0; at < text.len; at += len) {
		len = utf8_char(text.data + at, text.len - at, &bad);
		if (len)
			buf_add(b, text.data + at, len);
		else
			buf_add_text(b, "\xEF\xBF\xBD");
		if (!len)
			len = bad;
	}
}

/* Java reads the stream as UTF-8 with replacements before anything else looks at it. */
static enum json_error canonicalise_kestra(struct recogniser *rec, struct bytes body)
{
	enum json_error e;

	if (!utf8_valid(body)) {
		buf_clear(&rec->repaired);
		add_repaired(&rec->repaired, body);
		if (buf_error(&rec->repaired))
			return JSON_ERROR_MEMORY;
		body = buf_bytes(&rec->repaired);
	}
	e = canonicalise(rec, body);
	give_back(&rec->repaired);
	return e == JSON_ERROR_TRAILING ? JSON_OK : e;
}

static enum verdict try_body(struct recogniser *rec, struct bytes body)
{
	enum json_error e;

	if (body.len > rec->max_message)
		return VERDICT_TOO_LONG;
	e = rec->dialect == DIALECT_KESTRA ? canonicalise_kestra(rec, body) : canonicalise(rec, body);
	return e ? verdict_of(e) : read_canonical(rec);
}

/*
 * A first line that does not close opens a block, unless nothing that follows can make it a message: it must be the beginning of an
 * object. That spares a stray `::{` in a log from being held.
 */
static enum verdict try_opening(struct recogniser *rec, struct bytes line)
{
	enum json_error e = canonicalise(rec, line);

	give_back(&rec->canonical);
	if (e == JSON_ERROR_END)
		return VERDICT_MORE;
	return e == JSON_OK || e == JSON_ERROR_TRAILING ? VERDICT_UNCLOSED : verdict_of(e);
}

static enum verdict recognise_marked(struct recogniser *rec, struct bytes text)
{
	struct bytes body;

	if (rec->dialect == DIALECT_KESTRA ? closed_kestra(text, &body) : closed_doc(text, &body))
		return try_body(rec, body);
	if (text.len > rec->max_message)
		return VERDICT_TOO_LONG;
	return rec->dialect == DIALECT_KESTRA ? VERDICT_PLAIN : try_opening(rec, text);
}

static enum verdict recognise_block(struct recogniser *rec, struct bytes text)
{
	struct bytes body;

	if (closed_doc(text, &body))
		return try_body(rec, body);
	return text.len > rec->max_message ? VERDICT_TOO_LONG : VERDICT_MORE;
}

/* The keys that make an object without marks a message, where they come first. */
static const struct bytes bare_keys[] = {
	BYTES_LITERAL("\"outputs\""),
	BYTES_LITERAL("\"metrics\""),
	BYTES_LITERAL("\"logs\""),
};
#define N_BARE_KEYS (sizeof(bare_keys) / sizeof(bare_keys[0]))

/*
 * A quick look before the scanner is asked: programs that log in JSON print nothing but objects. All three keys end in `s"`, unless a key
 * is written with escapes.
 */
static bool may_have_bare_key(struct bytes text)
{
	const char *at = text.data, *end = text.data + text.len;

	while ((at = find_pair(at, end, 's', '"'))) {
		at += 2;
		for (size_t i = 0; i < N_BARE_KEYS; i++) {
			struct bytes upto = bytes_make(text.data, (size_t)(at - text.data));

			if (cut_end(&upto, bare_keys[i]))
				return true;
		}
	}
	return find_pair(text.data, end, '\\', 'u');
}

static enum verdict recognise_bare(struct recogniser *rec, struct bytes text)
{
	enum json_error e;

	text = trim_blanks(text);
	if (text.len > rec->max_message)
		return recognise_too_long(rec, CANDIDATE_BARE, text);
	if (!ends_in_brace(text) || !may_have_bare_key(text))
		return VERDICT_PLAIN;
	e = canonicalise(rec, text);
	if (e == JSON_ERROR_MEMORY)
		return VERDICT_MEMORY;
	return !e && reader_is_message(buf_bytes(&rec->canonical)) ? read_canonical(rec) : VERDICT_PLAIN;
}

enum verdict recognise(struct recogniser *rec, enum candidate candidate, struct bytes text)
{
	if (text.len > rec->max_message + CLOSING_MOST)
		return recognise_too_long(rec, candidate, text);
	switch (candidate) {
	case CANDIDATE_BARE:
		return recognise_bare(rec, text);
	case CANDIDATE_MARKED:
		return recognise_marked(rec, text);
	case CANDIDATE_BLOCK:
		return recognise_block(rec, text);
	default:
		return VERDICT_PLAIN;
	}
}

/* Of objects without marks only those deserve a warning that begin as messages do. */
enum verdict recognise_too_long(const struct recogniser *rec, enum candidate candidate, struct bytes text)
{
	size_t at = 1;

	if (candidate != CANDIDATE_BARE)
		return VERDICT_TOO_LONG;
	if (text.len > rec->max_message) /* what is looked at must not depend on how much is held */
		text.len = rec->max_message;
	while (at < text.len && is_blank(text.data[at]))
		at++;
	for (size_t i = 0; i < N_BARE_KEYS; i++)
		if (at < text.len && text.len - at >= bare_keys[i].len && memcmp(text.data + at, bare_keys[i].data, bare_keys[i].len) == 0)
			return VERDICT_TOO_LONG;
	return VERDICT_PLAIN;
}
