/* What jansson says of a text. */
#include "tests/unit/jansson_opinion.h"

#include <jansson.h>

static json_t *load(struct bytes text, json_error_t *error)
{
	return json_loadb(text.data ? text.data : "", text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

enum opinion jansson_reads(struct bytes text)
{
	json_error_t error;
	json_t *value = load(text, &error);

	if (value) {
		json_decref(value);
		return OPINION_ACCEPTED;
	}
	switch (json_error_code(&error)) {
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key:
	case json_error_stack_overflow:
		return OPINION_UNABLE;
	default:
		return OPINION_REFUSED;
	}
}

bool jansson_equal(struct bytes a, struct bytes b)
{
	json_error_t error;
	json_t *x = load(a, &error), *y = load(b, &error);
	bool equal = x && y && json_equal(x, y);

	json_decref(x);
	json_decref(y);
	return equal;
}
