/* Doubles as text, ECMAScript's way: the shortest digits that read back as the same double. */
#pragma once

#include <stddef.h>

#define NUMBER_TEXT_SIZE 32

/**
 * ECMA-262 Number::toString(x, 10), but -0 prints as `-0`. `x` is finite. Writes a NUL, returns the length without it. Independent of the
 * locale. Integers below 2^53 take a fast path.
 */
size_t number_format(double x, char ret_text[NUMBER_TEXT_SIZE]);

/** The double nearest to the JSON number in text[0..len); locale-independent. 0, or -ERANGE where it does not fit a finite double. */
int number_parse(const char *text, size_t len, double *ret_value);
