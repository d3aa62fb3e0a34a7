/* The cases of tests/data/protocol/, read from their files. How they are written is said in README.txt there. */
#pragma once

#include "core/base/buf.h"

#include <stdbool.h>

struct protocol_case {
	char name[160]; /* `file:line: title` */
	bool in_doc;
	bool in_kestra;
	size_t max;
	struct buf input;
	struct buf expected; /* the lines that begin with `>` and `!`, each with a newline */
};

/**
 * Calls `check` with every case of every file, in order of the files' names. Returns how many there were; exits where a
 * file cannot be read.
 */
size_t protocol_cases(void (*check)(const struct protocol_case *c));

/** The path of a test's data: below $KESTRAFS_TEST_DATA, or below tests/data of the folder the test is run in. Static memory. */
const char *test_data(const char *path);
