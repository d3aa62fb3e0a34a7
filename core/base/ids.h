/* Ids by Kestra's grammar, and fresh ones. */
#pragma once

#include "core/base/bytes.h"

enum id_kind {
	ID_NAMESPACE,
	ID_FLOW,
	ID_EXECUTION,
	ID_TASK,
	ID_TASKRUN,
	ID_KINDS,
};

/** The word for messages (`namespace`, `flow`, …) and the rule as a person reads it (`[a-z0-9][a-z0-9._-]*, at most 150`). */
const char *id_kind_name(enum id_kind kind);
const char *id_kind_rule(enum id_kind kind);

bool id_valid(enum id_kind kind, struct bytes id);

#define ID_FRESH_LEN 22

/** 22 letters and digits from the kernel's random source (about 131 bits), NUL-terminated. 0 or a negative errno. */
int id_fresh(char ret_id[ID_FRESH_LEN + 1]);
