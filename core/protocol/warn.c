/* The warnings' texts that concern a message as a whole, and the frame of all of them. docs/protocol.md lists every text. */
#include "core/protocol/warn.h"

#include "core/base/text.h"

/* More than the longest warning takes: two names of TEXT_NAME_MOST characters, each of up to eight bytes when escaped. */
#define WARNING_SIZE 2048

static const char *const reasons[VERDICTS] = {
	[VERDICT_SYNTAX] = "not valid JSON",
	[VERDICT_UTF8] = "invalid UTF-8",
	[VERDICT_SURROGATE] = "half of a surrogate pair in a string",
	[VERDICT_DEPTH] = "more than 512 open brackets",
	[VERDICT_TRAILING] = "text between the object and the closing mark",
	[VERDICT_INCOMPLETE] = "the object is not complete",
	[VERDICT_UNCLOSED] = "its line does not end in \"}::\"",
	[VERDICT_INTERRUPTED] = "no line ends in \"}::\" before the next one that starts with \"::\"",
	[VERDICT_UNFINISHED] = "no line ends in \"}::\" before the end of the stream",
	[VERDICT_TOO_LONG] = "longer than the limit of",
	[VERDICT_MEMORY] = "out of memory",
};

int warner_init(struct warner *w, const char *stream, const struct parser_handler *handler)
{
	*w = (struct warner){.stream = stream, .line = 1, .handler = handler, .text = BUF_INIT};
	buf_reserve(&w->text, WARNING_SIZE);
	return buf_error(&w->text);
}

void warner_finish(struct warner *w)
{
	buf_finish(&w->text);
}

struct buf *warn_begin(struct warner *w)
{
	struct buf *b = &w->text;

	buf_clear(b);
	buf_add_text(b, w->stream);
	buf_add_text(b, " line ");
	buf_add_number(b, w->line);
	buf_add_text(b, ": ");
	return b;
}

void warn_end(struct warner *w)
{
	w->handler->warning(w->handler->context, buf_bytes(&w->text));
}

void warn_text(struct warner *w, const char *text)
{
	buf_add_text(warn_begin(w), text);
	warn_end(w);
}

void warn_add_name(struct buf *b, struct bytes name)
{
	buf_add_char(b, '"');
	text_add_escaped(b, name, TEXT_NAME_MOST);
	buf_add_char(b, '"');
}

void warn_verdict(struct warner *w, enum verdict verdict, size_t max_message)
{
	struct buf *b;

	if (!reasons[verdict])
		return;
	b = warn_begin(w);
	buf_add_text(b, "message not recorded: ");
	buf_add_text(b, reasons[verdict]);
	if (verdict == VERDICT_TOO_LONG) {
		buf_add_char(b, ' ');
		buf_add_number(b, max_message);
		buf_add_text(b, " bytes (--max-message)");
	}
	warn_end(w);
}
