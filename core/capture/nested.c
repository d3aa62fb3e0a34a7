#include "core/capture/nested.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_SIZE 40

/** What is behind a descriptor, as one word: a pipe's number, a terminal's; empty for what no helper reads. */
static void key_of(int fd, char ret_key[KEY_SIZE])
{
	struct stat file;

	ret_key[0] = '\0';
	if (fstat(fd, &file) < 0)
		return;
	if (S_ISFIFO(file.st_mode))
		snprintf(ret_key, KEY_SIZE, "p%" PRIx64 ".%" PRIx64, (uint64_t)file.st_dev, (uint64_t)file.st_ino);
	else if (S_ISCHR(file.st_mode) && isatty(fd) == 1)
		snprintf(ret_key, KEY_SIZE, "t%" PRIx64, (uint64_t)file.st_rdev);
}

/* DEVICE:INODE:KEY,KEY;DEVICE:INODE:KEY */
void nested_mark(struct environment *env, struct nested_store store, const int *fds, size_t n_fds)
{
	const char *outer = getenv(VARIABLE_OUTER);
	autobuf struct buf mark = BUF_INIT;
	char key[KEY_SIZE];

	if (outer && *outer)
		buf_add_format(&mark, "%s;", outer);
	buf_add_format(&mark, "%" PRIx64 ":%" PRIx64 ":", store.device, store.inode);
	for (size_t i = 0; i < n_fds; i++) {
		key_of(fds[i], key);
		buf_add_format(&mark, "%s%s", i ? "," : "", key);
	}
	if (!buf_error(&mark))
		environment_set(env, VARIABLE_OUTER, buf_bytes(&mark));
}

/** Whether the comma-separated `keys` hold `key`. */
static bool holds(const char *keys, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t at = 0; key_len && at < len;) {
		const char *comma = memchr(keys + at, ',', len - at);
		size_t word = comma ? (size_t)(comma - keys) - at : len - at;

		if (word == key_len && memcmp(keys + at, key, word) == 0)
			return true;
		at += word + 1;
	}
	return false;
}

bool nested_inside(struct nested_store store)
{
	const char *outer = getenv(VARIABLE_OUTER);
	char prefix[KEY_SIZE];
	char out[KEY_SIZE];
	char err[KEY_SIZE];
	int prefix_len = snprintf(prefix, sizeof(prefix), "%" PRIx64 ":%" PRIx64 ":", store.device, store.inode);

	key_of(STDOUT_FILENO, out);
	key_of(STDERR_FILENO, err);
	for (const char *at = outer; at && *at; at += strcspn(at, ";"), at += *at == ';') {
		const char *keys = at + prefix_len;
		size_t len = strcspn(at, ";");

		if (strncmp(at, prefix, (size_t)prefix_len) != 0)
			continue;
		if (holds(keys, len - (size_t)prefix_len, out) || holds(keys, len - (size_t)prefix_len, err))
			return true;
	}
	return false;
}
