/* Text of somebody else: escaped, measured and cut. */
#include "fs/document/plot_text.h"

#include "core/base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ELLIPSIS "\xE2\x80\xA6"

/* One character of a text: its code point, and its bytes. No UTF-8: as many bytes as one U+FFFD stands for, and `code` is that. */
struct character {
	const char *at;
	size_t len;
	uint32_t code;
	bool bad;
};

static struct character character_at(struct bytes text, size_t at)
{
	static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	struct character c = {.at = text.data + at};
	size_t bad;

	c.len = utf8_char(c.at, text.len - at, &bad);
	if (!c.len)
		return (struct character){c.at, bad, 0xFFFD, true};
	c.code = (unsigned char)c.at[0] & first_bits[c.len];
	for (size_t i = 1; i < c.len; i++)
		c.code = c.code << 6 | ((unsigned char)c.at[i] & 0x3F);
	return c;
}

/* XML 1.0 (fifth edition), production 2, Char; surrogates are no UTF-8. */
static bool is_forbidden(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0xFFFE || code == 0xFFFF;
}

static const char *escape_of(uint32_t code)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&#34;";
	case '\'':
		return "&#39;";
	case '\r': /* as it is, it would be read as a newline */
		return "&#13;";
	default:
		return NULL;
	}
}

void plot_text_add(struct buf *b, struct bytes text)
{
	for (size_t at = 0; at < text.len;) {
		struct character c = character_at(text, at);
		const char *escape = escape_of(c.code);

		at += c.len;
		if (escape)
			buf_add_text(b, escape);
		else if (c.bad || is_forbidden(c.code))
			buf_add_text(b, REPLACEMENT);
		else
			buf_add(b, c.at, c.len);
	}
}

static unsigned ascii_width(uint32_t code)
{
	if (strchr(" ijl.,:;'|!I", (int)code))
		return 34;
	if (strchr("frt()[]{}-/\\\"*", (int)code))
		return 43;
	if (strchr("mwMW%@", (int)code))
		return 98;
	return code >= 'A' && code <= 'Z' ? 70 : code == '=' ? 84 : code >= 'a' && code <= 'z' ? 61 : 64;
}

/* What has no width of its own takes some nevertheless: so a width bounds the bytes, too, whatever the text. */
#define WIDTH_MARK 20
#define WIDTH_OTHER 70

/* Beyond ASCII. */
static const struct {
	uint32_t from, to;
	unsigned width;
} widths[] = {
	{0x0300, 0x036F, WIDTH_MARK}, {0x200B, 0x200F, WIDTH_MARK}, {0x202A, 0x202E, WIDTH_MARK}, {0x2060, 0x206F, WIDTH_MARK},
	{0xFE00, 0xFE0F, WIDTH_MARK}, {0x1100, 0x115F, 105},	    {0x2014, 0x2026, 105},	  {0x2190, 0x2BFF, 105},
	{0x2E80, 0xA4CF, 105},	      {0xAC00, 0xD7A3, 105},	    {0xF900, 0xFAFF, 105},	  {0xFE30, 0xFE6F, 105},
	{0xFF00, 0xFFFF, 105},	      {0x1F000, 0x10FFFF, 140},
};

static unsigned width_of(uint32_t code)
{
	if (code < 0x80)
		return code ? ascii_width(code) : 105;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (code >= widths[i].from && code <= widths[i].to)
			return widths[i].width;
	return WIDTH_OTHER;
}

/* How many bytes from the start take no more than `width`, which loses what they take. */
static size_t head_within(struct bytes text, unsigned *width)
{
	size_t at = 0;

	while (at < text.len) {
		struct character c = character_at(text, at);
		unsigned w = width_of(c.code);

		if (w > *width)
			break;
		*width -= w;
		at += c.len;
	}
	return at;
}

unsigned plot_text_width(struct bytes text)
{
	unsigned left = UINT32_MAX;

	head_within(text, &left);
	return UINT32_MAX - left;
}

bool plot_text_fits(struct bytes text, unsigned width)
{
	return head_within(text, &width) == text.len;
}

/* Where the last bytes that take no more than `width` begin, at `from` or later: at a character that is no mark of the one before. */
static size_t tail_within(struct bytes text, size_t from, unsigned width)
{
	size_t at = text.len, start = text.len;

	while (at > from) {
		struct character c;
		size_t before = at - 1;

		while (before > from && at - before < 4 && ((unsigned char)text.data[before] & 0xC0) == 0x80)
			before--;
		c = character_at(text, before);
		if (before + c.len != at) /* no UTF-8: byte by byte */
			before = at - 1;
		if (width_of(c.code) > width)
			break;
		width -= width_of(c.code);
		at = before;
		if (width_of(c.code) != WIDTH_MARK)
			start = at;
	}
	return start;
}

bool plot_text_add_cut(struct buf *b, struct bytes text, unsigned width)
{
	unsigned ellipsis = width_of(0x2026), room, head_room;
	size_t head, tail;

	if (plot_text_fits(text, width)) {
		plot_text_add(b, text);
		return false;
	}
	room = width > ellipsis ? width - ellipsis : 0;
	head_room = room * 3 / 5;
	head = head_within(text, &head_room);
	tail = tail_within(text, head, room - room * 3 / 5 + head_room);
	plot_text_add(b, bytes_make(text.data, head));
	buf_add_text(b, ELLIPSIS);
	plot_text_add(b, bytes_make(text.data + tail, text.len - tail));
	return true;
}

void plot_text_add_most(struct buf *b, struct bytes text, size_t most)
{
	size_t len = utf8_cut(text, most);

	plot_text_add(b, bytes_make(text.data, len));
	if (len < text.len)
		buf_add_text(b, ELLIPSIS);
}

void plot_text_add_count(struct buf *b, uint64_t n)
{
	uint64_t group = 1;

	while (n / group >= 1000)
		group *= 1000;
	buf_add_number(b, n / group);
	for (group /= 1000; group; group /= 1000)
		buf_add_format(b, ",%03u", (unsigned)(n / group % 1000));
}
