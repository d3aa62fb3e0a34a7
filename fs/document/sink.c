#include "fs/document/sink.h"

void sink_add(struct sink *s, const char *data, size_t len)
{
	uint64_t start = s->at, end = s->at + len, window_end = s->from + s->size;

	s->at = end;
	if (!len || end <= s->from || start >= window_end || !s->data)
		return;
	if (start < s->from) {
		data += s->from - start;
		start = s->from;
	}
	if (end > window_end)
		end = window_end;
	memcpy(s->data + (start - s->from), data, (size_t)(end - start));
	s->len = (size_t)(end - s->from);
}

void sink_add_bytes(struct sink *s, struct bytes bytes)
{
	sink_add(s, bytes.data, bytes.len);
}

void sink_add_text(struct sink *s, const char *text)
{
	sink_add(s, text, strlen(text));
}
