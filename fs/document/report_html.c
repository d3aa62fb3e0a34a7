/* Pieces of HTML. Elements have their attributes in double quotes; text goes through plot_text_add, which escapes for both. */
#include "core/base/cleanup.h"
#include "core/base/number.h"
#include "core/base/utf8.h"
#include "core/json/scan.h"
#include "fs/document/plot_text.h"
#include "fs/document/report.h"
#include "fs/document/svg.h"

#include <math.h>

void html_add(struct buf *b, struct bytes text, size_t most)
{
	buf_add_text(b, "<bdi>");
	plot_text_add_most(b, text, most);
	buf_add_text(b, "</bdi>");
}

/* How much of the inside of a JSON string is whole characters and escapes, and no more than `most` bytes. */
static size_t cut_inside(struct bytes inside, size_t most)
{
	size_t len = utf8_cut(inside, most), at = 0, next;

	if (len == inside.len)
		return len;
	for (; at < len; at = next) {
		next = inside.data[at] != '\\' ? at + 1 : at + (inside.data[at + 1] == 'u' ? 6 : 2);
		if (next > len)
			break;
	}
	return at;
}

static bool add_decoded(struct buf *b, struct bytes inside, size_t most)
{
	autobuf struct buf text = BUF_INIT;
	size_t len = cut_inside(inside, most);

	svg_add_decoded(bytes_make(inside.data, len), &text);
	if (buf_error(&text))
		b->error = buf_error(&text);
	plot_text_add(b, buf_bytes(&text));
	return len < inside.len;
}

void html_add_decoded(struct buf *b, struct bytes inside, size_t most)
{
	buf_add_text(b, "<bdi>");
	if (add_decoded(b, inside, most))
		buf_add_text(b, "…");
	buf_add_text(b, "</bdi>");
}

static bool add_json(struct buf *b, struct bytes value)
{
	size_t len = utf8_cut(value, HTML_VALUE_MOST);

	plot_text_add(b, bytes_make(value.data, len));
	return len < value.len;
}

bool html_add_value(struct buf *b, struct bytes value)
{
	bool text = json_type_of(value) == JSON_STRING, cut;

	buf_add_text(b, text ? "<bdi class=\"text\">" : "<bdi class=\"json\">");
	if (text)
		cut = add_decoded(b, bytes_make(value.data + 1, value.len - 2), HTML_VALUE_MOST);
	else
		cut = add_json(b, value);
	buf_add_text(b, "</bdi>");
	return cut;
}

/* Times */

void html_add_time(struct buf *b, usec_t t)
{
	char text[CLOCK_TEXT_LEN];

	clock_format(t, text);
	buf_add_format(b, "<time datetime=\"%.*s\">%.10s <span class=\"clock\">%.12s UTC</span></time>", CLOCK_TEXT_LEN, text, text,
		       text + 11);
}

/* `640 µs`, `850 ms`, `4.25 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
static void add_span(struct buf *b, uint64_t usec)
{
	uint64_t ms = usec / 1000, s = ms / 1000;

	if (ms < 1)
		buf_add_format(b, "%u µs", (unsigned)usec);
	else if (s < 1)
		buf_add_format(b, "%u ms", (unsigned)ms);
	else if (s < 60)
		buf_add_format(b, "%u.%02u s", (unsigned)s, (unsigned)(ms % 1000 / 10));
	else if (s < 3600)
		buf_add_format(b, "%u min %02u s", (unsigned)(s / 60), (unsigned)(s % 60));
	else if (s < 86400)
		buf_add_format(b, "%u h %02u min", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		buf_add_format(b, "%llu d %u h", (unsigned long long)(s / 86400), (unsigned)(s / 3600 % 24));
}

void html_add_duration(struct buf *b, usec_t span)
{
	char exact[CLOCK_DURATION_SIZE];

	clock_format_duration(span, exact);
	buf_add_format(b, "<time datetime=\"%s\">", exact);
	add_span(b, span > 0 ? (uint64_t)span : 0);
	buf_add_text(b, "</time>");
}

/* Numbers */

void html_add_count(struct buf *b, uint64_t n)
{
	plot_text_add_count(b, n);
}

/* Six digits that count; of a number that is too large or small for that, all it has. */
static double rounded(double x)
{
	double scale = pow(10, 5 - floor(log10(x))), r = round(x * scale) / scale;

	return isfinite(r) && r != 0 ? r : x;
}

/* Of one that is not negative: thousands apart, unless it is written as 1e+21. */
static void add_for_reading(struct buf *b, double x)
{
	char text[NUMBER_TEXT_SIZE];
	double whole = trunc(x);

	if (x >= 1e15) {
		number_format(rounded(x), text);
		buf_add_text(b, text);
		return;
	}
	if (whole == x) {
		html_add_count(b, (uint64_t)x);
		return;
	}
	x = rounded(x);
	number_format(x, text);
	if (x >= 1000) {
		html_add_count(b, (uint64_t)x);
		buf_add_text(b, strchr(text, '.') ? strchr(text, '.') : "");
	} else {
		buf_add_text(b, text);
	}
}

void html_add_number(struct buf *b, double x)
{
	char text[NUMBER_TEXT_SIZE];

	if (!isfinite(x)) {
		buf_add_text(b, "<span title=\"out of the range of numbers\">–</span>");
		return;
	}
	number_format(x, text);
	buf_add_format(b, "<data value=\"%s\">%s", text, x < 0 ? "−" : "");
	add_for_reading(b, fabs(x));
	buf_add_text(b, "</data>");
}

void html_add_size(struct buf *b, uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB"};
	unsigned unit = 0;

	if (bytes < 1000) {
		buf_add_format(b, "%u bytes", (unsigned)bytes);
		return;
	}
	for (; bytes >= 1000000 && unit < 2; unit++)
		bytes /= 1000;
	buf_add_format(b, "%llu.%u %s", (unsigned long long)(bytes / 1000), (unsigned)(bytes % 1000 / 100), units[unit]);
}

/* Words */

void html_add_state(struct buf *b, enum state state)
{
	buf_add_format(b, "<span class=\"state %s\">%s</span>", state_name(state), state_name(state));
}

#define VALUES_SHOWN 4

void html_add_values(struct buf *b, const struct run_path *path)
{
	if (!path->n_values)
		buf_add_text(b, "–");
	for (unsigned i = 0; i < path->n_values && i < VALUES_SHOWN; i++) {
		buf_add_text(b, i ? " / " : "");
		html_add(b, path->values[i], HTML_NAME_MOST);
	}
	if (path->n_values > VALUES_SHOWN)
		buf_add_text(b, " / …");
}

/* A path longer than this is not linked to; no browser would follow it. */
#define LINK_MOST 1500

static void add_reference(struct buf *b, struct bytes path)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];

		if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || strchr("-._~/", c)) {
			buf_add_char(b, (char)c);
			continue;
		}
		buf_add_char(b, '%');
		buf_add_char(b, digits[c >> 4]);
		buf_add_char(b, digits[c & 15]);
	}
}

void html_add_link(struct buf *b, struct bytes path, struct bytes text, size_t most)
{
	bool link = path.len <= LINK_MOST;

	if (link) {
		buf_add_text(b, "<a href=\"");
		add_reference(b, path);
		buf_add_text(b, "\">");
	}
	html_add(b, text, most);
	buf_add_text(b, link ? "</a>" : "");
}
