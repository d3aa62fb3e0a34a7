/* Errors that have become text. */
#include "core/base/message.h"
#include "core/base/utf8.h"

#include <stdio.h>

int error_set(struct error *e, int code, const char *format, ...)
{
	va_list args;
	int len;

	if (!e)
		return code;
	va_start(args, format);
	len = vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	if (len < 0)
		e->text[0] = '\0';
	else if ((size_t)len >= sizeof(e->text)) /* not in the middle of a character */
		e->text[utf8_cut(bytes_make(e->text, sizeof(e->text)), sizeof(e->text) - 4)] = '\0';
	return code;
}
