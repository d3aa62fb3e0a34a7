/* Looking for a message in the middle of a line: at a `{` that is found anyway, and across the cut between two pieces. */
#include "core/protocol/hint.h"

#include <string.h>

static const char patterns[][HINT_LEN + 1] = {"::{\"outputs\"", "::{\"metrics\""};
#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
#define BRACE 2 /* where the `{` stands in them */

bool hint_at(const char *brace, const char *at, const char *end)
{
	if (brace - at < BRACE || end - brace < HINT_LEN - BRACE || brace[-1] != ':')
		return false;
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (memcmp(brace - BRACE, patterns[i], HINT_LEN) == 0)
			return true;
	return false;
}

bool hint_across(const struct hint *h, enum dialect dialect, enum head head, const char *at, const char *end)
{
	char joined[2 * (HINT_LEN - 1)];
	size_t most = (size_t)(end - at) < HINT_LEN - 1 ? (size_t)(end - at) : HINT_LEN - 1;
	const char *stop = joined + h->tail_len + most;

	if (h->tail_len == 0)
		return false;
	memcpy(joined, h->tail, h->tail_len);
	memcpy(joined + h->tail_len, at, most);
	for (const char *brace = joined; (brace = memchr(brace, '{', (size_t)(stop - brace))); brace++) {
		const char *piece = joined + h->tail_len;
		bool at_start = brace >= piece && head_read(dialect, head, piece, brace) == HEAD_MARK;

		if (!at_start && hint_at(brace, joined, stop))
			return true;
	}
	return false;
}

void hint_remember(struct hint *h, const char *at, const char *end)
{
	size_t len = (size_t)(end - at), kept;

	if (len >= sizeof(h->tail)) {
		memcpy(h->tail, end - sizeof(h->tail), sizeof(h->tail));
		h->tail_len = sizeof(h->tail);
		return;
	}
	kept = h->tail_len + len <= sizeof(h->tail) ? h->tail_len : sizeof(h->tail) - len;
	memmove(h->tail, h->tail + h->tail_len - kept, kept);
	memcpy(h->tail + kept, at, len);
	h->tail_len = kept + len;
}
