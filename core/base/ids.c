/* Ids by Kestra's grammar: which characters may begin one, which may follow, and how many there may be. */
#include "core/base/ids.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static const struct {
	const char *name;
	const char *rule;
	const char *first;
	const char *others;
	size_t most;
} kinds[ID_KINDS] = {
	[ID_NAMESPACE] = {"namespace", "[a-z0-9][a-z0-9._-]*, at most 150", LOWER DIGITS, LOWER DIGITS "._-", 150},
	[ID_FLOW] = {"flow", "[A-Za-z0-9][A-Za-z0-9._-]*, at most 100", LOWER UPPER DIGITS, LOWER UPPER DIGITS "._-", 100},
	[ID_EXECUTION] = {"execution", "[A-Za-z0-9][A-Za-z0-9_-]*, at most 150", LOWER UPPER DIGITS, LOWER UPPER DIGITS "_-", 150},
	[ID_TASK] = {"task", "[A-Za-z0-9][A-Za-z0-9_-]*, at most 150", LOWER UPPER DIGITS, LOWER UPPER DIGITS "_-", 150},
	[ID_TASKRUN] = {"task run", "[A-Za-z0-9][A-Za-z0-9_-]*, at most 150", LOWER UPPER DIGITS, LOWER UPPER DIGITS "_-", 150},
};

const char *id_kind_name(enum id_kind kind)
{
	return kinds[kind].name;
}

const char *id_kind_rule(enum id_kind kind)
{
	return kinds[kind].rule;
}

static bool is_among(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

bool id_valid(enum id_kind kind, struct bytes id)
{
	if (id.len == 0 || id.len > kinds[kind].most || !is_among(id.data[0], kinds[kind].first))
		return false;
	for (size_t i = 1; i < id.len; i++)
		if (!is_among(id.data[i], kinds[kind].others))
			return false;
	return true;
}

int id_fresh(char ret_id[ID_FRESH_LEN + 1])
{
	static const char letters[] = DIGITS UPPER LOWER;
	const unsigned int n_letters = sizeof(letters) - 1;
	unsigned char random[2 * ID_FRESH_LEN];
	size_t made = 0;

	while (made < ID_FRESH_LEN) {
		ssize_t got = getrandom(random, sizeof(random), 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		for (ssize_t i = 0; i < got && made < ID_FRESH_LEN; i++)
			if (random[i] < 256 - 256 % n_letters) /* the rest would favour the first letters */
				ret_id[made++] = letters[random[i] % n_letters];
	}
	ret_id[ID_FRESH_LEN] = '\0';
	return 0;
}
