/* jansson as the scanner's second opinion, in a file of its own: <jansson.h> and core/json/scan.h both have a JSON_OBJECT. */
#pragma once

#include "core/base/bytes.h"

enum opinion {
	OPINION_ACCEPTED,
	OPINION_REFUSED,
	OPINION_UNABLE, /* it cannot say: a number or a key is beyond what jansson can hold */
};

enum opinion jansson_reads(struct bytes text);

/** Whether two texts, both of which jansson accepts, say the same. */
bool jansson_equal(struct bytes a, struct bytes b);
