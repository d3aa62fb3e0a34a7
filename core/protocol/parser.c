/*
 * The parser's loop. A stream is plain text until a line begins like a message; from its `{` on it is a candidate, until the recogniser
 * says what it is. Three rules keep this fast and independent of how the bytes were cut:
 *
 * - Plain text is never looked at byte by byte. Every candidate begins with a `{`, so memchr finds the only places to think at.
 * - A candidate that begins and ends in one piece is read where it lies. Only one that a piece's end cuts is held, up to the limit.
 * - A candidate that turns out to be plain text is read again as that, from the byte after its `{`. What is read again can hold no marked
 *   candidate (a line that starts with `::` had ended it), so no byte is read more than twice as a candidate, and the whole stays linear.
 *
 * Lines are counted in plain text only, so while a candidate is read the warner's line is the one it began on.
 */
#include "core/protocol/parser.h"

#include "core/protocol/hint.h"
#include "core/protocol/lines.h"
#include "core/protocol/recognise.h"

#include <errno.h>
#include <stdlib.h>

#define MEMORY_KEPT ((size_t)1 << 20)

struct parser {
	struct parser_handler handler;
	struct warner warner;
	struct recogniser recogniser;
	bool *hint_given;
	struct hint hint;

	enum candidate candidate;
	enum head head;	 /* of the line being read, in plain text and in a block */
	bool after_cr;	 /* plain text: the last byte was a `\r`, so that a `\n` ends no further line */
	struct buf held; /* the candidate from its `{` on, if it began in an earlier piece */
	bool at_line_start;
	int error;
};

/* One piece of the stream while it is read. */
struct piece {
	const char *at;
	const char *end;
	const char *start; /* the candidate's `{`, if it is in this piece; else NULL */
};

static void read_piece(struct parser *p, const char *at, const char *end);

int parser_new(const char *stream, enum dialect dialect, size_t max_message, bool *hint_given, const struct parser_handler *handler,
	       struct parser **ret)
{
	struct parser *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->handler = *handler;
	p->hint_given = hint_given;
	p->at_line_start = true;
	p->recogniser.dialect = dialect;
	p->recogniser.max_message = max_message;
	p->recogniser.reader.warner = &p->warner;
	p->recogniser.reader.whole = dialect == DIALECT_KESTRA;
	if (warner_init(&p->warner, stream, &p->handler)) {
		parser_free(p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

void parser_free(struct parser *p)
{
	if (!p)
		return;
	warner_finish(&p->warner);
	recogniser_finish(&p->recogniser);
	buf_finish(&p->held);
	free(p);
}

/* Plain text. */

static void give_hint(struct parser *p)
{
	*p->hint_given = true;
	warn_text(&p->warner, "\"::{\" in the middle of a line is not read: print the message on a line of its own");
}

static void count_lines(struct parser *p, const char *from, const char *to)
{
	p->warner.line += line_count_ends(from, to, &p->after_cr);
}

/* How the line of the `{` at `brace` begins; plain text is known from `from` on. */
static enum head head_of(const struct parser *p, const char *from, const char *brace)
{
	const char *at = brace;

	while (at > from && (is_blank(at[-1]) || at[-1] == ':'))
		at--;
	if (at > from && at[-1] != '\n' && at[-1] != '\r')
		return HEAD_PLAIN;
	return head_read(p->recogniser.dialect, at > from ? HEAD_START : p->head, at, brace);
}

static enum candidate candidate_of(enum dialect dialect, enum head head)
{
	if (head == HEAD_MARK)
		return CANDIDATE_MARKED;
	return head == HEAD_START && dialect == DIALECT_DOC ? CANDIDATE_BARE : CANDIDATE_NONE;
}

/* The whole rest of the piece was plain text. */
static void end_plain(struct parser *p, const char *from, const char *end)
{
	const char *line = line_find_last_start(from, end);

	p->head = head_read(p->recogniser.dialect, line ? HEAD_START : p->head, line ? line : from, end);
	if (!*p->hint_given)
		hint_remember(&p->hint, from, end);
}

static void read_plain(struct parser *p, struct piece *piece)
{
	const char *from = piece->at, *end = piece->end, *counted = from, *brace = from;

	if (!*p->hint_given && hint_across(&p->hint, p->recogniser.dialect, p->head, from, end))
		give_hint(p);
	for (; (brace = memchr(brace, '{', (size_t)(end - brace))); brace++) {
		p->candidate = candidate_of(p->recogniser.dialect, head_of(p, from, brace));
		if (p->candidate)
			break;
		if (*p->hint_given || !hint_at(brace, from, end))
			continue;
		count_lines(p, counted, brace);
		counted = brace;
		give_hint(p);
	}
	piece->at = brace ? brace : end;
	piece->start = brace;
	count_lines(p, counted, piece->at);
	if (!brace)
		end_plain(p, from, end);
}

/* Candidates. */

/* Whatever follows in the line of a candidate that is over is plain text. */
static void leave_candidate(struct parser *p, struct piece *piece)
{
	p->candidate = CANDIDATE_NONE;
	p->head = HEAD_PLAIN;
	p->after_cr = false;
	hint_forget(&p->hint);
	piece->start = NULL;
}

static void drop_held(struct parser *p)
{
	if (p->held.size > MEMORY_KEPT)
		buf_finish(&p->held);
	else
		buf_clear(&p->held);
}

static void read_again(struct parser *p, struct piece *piece)
{
	const char *start = piece->start;
	struct buf again = p->held;

	leave_candidate(p, piece);
	if (start) {
		piece->at = start + 1;
		drop_held(p);
		return;
	}
	p->held = BUF_INIT; /* a bare candidate at the end of it may be held anew */
	if (again.len)
		read_piece(p, again.data + 1, again.data + again.len);
	buf_finish(&again);
}

static void refuse(struct parser *p, struct piece *piece, enum verdict verdict)
{
	if (verdict == VERDICT_MEMORY)
		p->error = -ENOMEM;
	warn_verdict(&p->warner, verdict, p->recogniser.max_message);
	read_again(p, piece);
}

static struct bytes candidate_text(const struct parser *p, const struct piece *piece)
{
	if (piece->start)
		return bytes_make(piece->start, (size_t)(piece->at - piece->start));
	return buf_bytes(&p->held);
}

static void take(struct parser *p, struct piece *piece)
{
	struct bytes text = candidate_text(p, piece);

	count_lines(p, text.data, text.data + text.len);
	leave_candidate(p, piece);
	drop_held(p);
}

/* Holds [at, end) too. VERDICT_MORE; or the reason why the candidate ends here, and then nothing more is held than was. */
static enum verdict hold(struct parser *p, const char *at, const char *end)
{
	const size_t most = p->recogniser.max_message + CLOSING_MOST, before = p->held.len;
	size_t len = (size_t)(end - at), room = most - before;
	enum verdict verdict = VERDICT_MORE;

	buf_add(&p->held, at, len < room ? len : room);
	if (buf_error(&p->held))
		verdict = VERDICT_MEMORY;
	else if (len > room)
		verdict = recognise_too_long(&p->recogniser, p->candidate, buf_bytes(&p->held));
	if (verdict != VERDICT_MORE)
		p->held.len = before;
	p->held.error = 0;
	return verdict;
}

/* A line in a block that starts with a mark ends it; but a mark that lies beyond the limit does not, for by then the limit has. */
static bool is_interrupted(struct parser *p, const struct piece *piece, const char *end)
{
	const char *mark;

	if (p->candidate != CANDIDATE_BLOCK)
		return false;
	mark = head_find_mark(p->recogniser.dialect, &p->head, piece->at, end);
	if (!mark)
		return false;
	return candidate_text(p, piece).len + (size_t)(mark - piece->at) <= p->recogniser.max_message;
}

/* Takes the candidate's bytes up to `end`, which is the piece's or the line's. */
static enum verdict add_line_part(struct parser *p, struct piece *piece, const char *end)
{
	enum verdict verdict = VERDICT_MORE;

	if (is_interrupted(p, piece, end))
		return VERDICT_INTERRUPTED;
	if (!piece->start)
		verdict = hold(p, piece->at, end);
	else if (end == piece->end)
		verdict = hold(p, piece->start, end);
	if (verdict != VERDICT_MORE)
		return verdict;
	if (end == piece->end)
		piece->start = NULL;
	piece->at = end;
	return VERDICT_MORE;
}

/* The block goes on in the next line; the line's end is part of it. */
static enum verdict add_line_end(struct parser *p, struct piece *piece)
{
	enum verdict verdict;

	p->candidate = CANDIDATE_BLOCK;
	verdict = add_line_part(p, piece, piece->at + 1);
	p->head = HEAD_START;
	return verdict;
}

static void read_candidate(struct parser *p, struct piece *piece)
{
	const char *end = line_find_end(piece->at, piece->end);
	bool whole = end < piece->end;
	enum verdict verdict = add_line_part(p, piece, end);

	if (verdict == VERDICT_MORE && whole)
		verdict = recognise(&p->recogniser, p->candidate, candidate_text(p, piece));
	if (verdict == VERDICT_MORE && whole)
		verdict = add_line_end(p, piece);
	if (verdict == VERDICT_TAKEN)
		take(p, piece);
	else if (verdict != VERDICT_MORE)
		refuse(p, piece, verdict);
}

static void read_piece(struct parser *p, const char *at, const char *end)
{
	struct piece piece = {.at = at, .end = end, .start = NULL};

	while (piece.at < piece.end) {
		if (p->candidate)
			read_candidate(p, &piece);
		else
			read_plain(p, &piece);
	}
}

static int take_error(struct parser *p)
{
	int error = p->error;

	p->error = 0;
	return error;
}

int parser_feed(struct parser *p, const void *data, size_t len)
{
	const char *at = data;

	if (len == 0)
		return 0;
	read_piece(p, at, at + len);
	p->at_line_start = at[len - 1] == '\n';
	return take_error(p);
}

/* The last line may have no end. What is read again of an open block may leave a bare candidate in its last line: hence the loop. */
int parser_end(struct parser *p)
{
	struct piece piece = {.at = "", .end = "", .start = NULL};

	piece.end = piece.at;
	while (p->candidate) {
		enum verdict verdict = recognise(&p->recogniser, p->candidate, buf_bytes(&p->held));

		if (verdict == VERDICT_TAKEN)
			take(p, &piece);
		else
			refuse(p, &piece, verdict == VERDICT_MORE ? VERDICT_UNFINISHED : verdict);
	}
	return take_error(p);
}

bool parser_at_line_start(const struct parser *p)
{
	return p->at_line_start;
}

size_t parser_held(const struct parser *p)
{
	return p->held.len;
}
