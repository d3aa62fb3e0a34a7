/* Messages of the programs to people: one line each on standard error, `program: what is wrong: what to do`. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/**
 * An error that has become text: functions at the edge between a library and a program fill it, `main` prints it. `text` is one line, no
 * newline, without the program's name; names in it are escaped already.
 */
struct error {
	char text[512];
};

/** Fills `e` (NULL is allowed: then nothing happens) and returns `code`, so that `return error_set(e, -EACCES, …)` reads as one step. */
int error_set(struct error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
