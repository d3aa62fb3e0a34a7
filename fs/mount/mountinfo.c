#include "fs/mount/mountinfo.h"
#include "core/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/** The kernel writes blank, tab, newline and backslash of a path as a backslash and three octal digits. In place. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/**
 * `36 35 98:0 /root /mountpoint options optional… - type source super-options`: cuts out the fifth field and the one after the dash
 * (proc(5)).
 */
static int split(char *line, char **ret_path, char **ret_type)
{
	char *rest = strstr(line, " - ");
	char *at = line;

	if (!rest)
		return -EINVAL;
	for (int i = 0; i < 4; i++) {
		at = strchr(at, ' ');
		if (!at)
			return -EINVAL;
		at++;
	}
	*ret_path = at;
	at[strcspn(at, " ")] = '\0';
	unescape(*ret_path);
	*ret_type = rest + 3;
	(*ret_type)[strcspn(*ret_type, " \n")] = '\0';
	return 0;
}

int mountinfo_type(const char *path, char ret_type[MOUNTINFO_TYPE_SIZE])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line autofree = NULL;
	size_t size = 0;

	ret_type[0] = '\0';
	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		char *where, *type;

		if (split(line, &where, &type) == 0 && strcmp(where, path) == 0)
			snprintf(ret_type, MOUNTINFO_TYPE_SIZE, "%s", type);
	}
	fclose(file);
	return 0;
}
