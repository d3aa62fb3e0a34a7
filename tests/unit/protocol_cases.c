/* Reads the table of cases. A mistake in a file ends the test program: a case that is not run would be a promise that is not checked. */
#include "tests/unit/protocol_cases.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_DEFAULT ((size_t)1 << 20)

struct file {
	const char *path;
	int line;
	struct protocol_case c;
	size_t n_cases;
	void (*check)(const struct protocol_case *c);
};

const char *test_data(const char *path)
{
	static char whole[4096];
	const char *root = getenv("KESTRAFS_TEST_DATA");

	snprintf(whole, sizeof(whole), "%s/%s", root ? root : "tests/data", path);
	return whole;
}

static void stop(const struct file *f, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", f->path, f->line, what);
	exit(1);
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* `%XX` is that byte; JSON is full of backslashes and has no need of the percent sign. */
static void add_unescaped(struct file *f, struct buf *b, const char *text)
{
	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			buf_add_char(b, *text);
			continue;
		}
		high = hex_value(text[1]);
		low = high < 0 ? -1 : hex_value(text[2]);
		if (low < 0)
			stop(f, "% without two upper-case hex digits");
		buf_add_char(b, (char)(high << 4 | low));
		text += 2;
	}
}

static void add_line(struct file *f, const char *text)
{
	add_unescaped(f, &f->c.input, text);
	buf_add_char(&f->c.input, '\n');
}

static void add_part(struct file *f, const char *text)
{
	add_unescaped(f, &f->c.input, text);
}

static void add_repeated(struct file *f, const char *text)
{
	char *unit;
	unsigned long times = strtoul(text, &unit, 10);

	if (*unit != ' ')
		stop(f, "* needs a number, a blank and a text");
	while (times-- > 0)
		add_unescaped(f, &f->c.input, unit + 1);
}

static void add_message(struct file *f, const char *text)
{
	buf_add_text(&f->c.expected, "> ");
	buf_add_text(&f->c.expected, text);
	buf_add_char(&f->c.expected, '\n');
}

static void add_warning(struct file *f, const char *text)
{
	buf_add_text(&f->c.expected, "! stdout ");
	buf_add_text(&f->c.expected, text);
	buf_add_char(&f->c.expected, '\n');
}

static void set_option(struct file *f, const char *text)
{
	if (strncmp(text, "max ", 4) == 0) {
		f->c.max = strtoul(text + 4, NULL, 10);
		return;
	}
	f->c.in_doc = !strcmp(text, "doc") || !strcmp(text, "both");
	f->c.in_kestra = !strcmp(text, "kestra") || !strcmp(text, "both");
	if (!f->c.in_doc && !f->c.in_kestra)
		stop(f, "an option is doc, kestra, both or max <bytes>");
}

static void end_case(struct file *f)
{
	if (!f->c.name[0])
		return;
	if (buf_error(&f->c.input) || buf_error(&f->c.expected))
		stop(f, "out of memory");
	f->check(&f->c);
	f->n_cases++;
	buf_finish(&f->c.input);
	buf_finish(&f->c.expected);
	f->c.name[0] = '\0';
}

static void begin_case(struct file *f, const char *title)
{
	end_case(f);
	f->c = (struct protocol_case){.in_doc = true, .max = MAX_DEFAULT};
	snprintf(f->c.name, sizeof(f->c.name), "%s:%d: %s", strrchr(f->path, '/') + 1, f->line, title);
}

/* By a line's first character; one blank follows it. */
static const struct {
	char mark;
	void (*read)(struct file *f, const char *text);
} marks[] = {
	{'=', begin_case}, {'@', set_option}, {'|', add_line}, {'~', add_part}, {'*', add_repeated}, {'>', add_message}, {'!', add_warning},
};

static void read_line(struct file *f, const char *line)
{
	if (!*line || *line == '#')
		return;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (*line != marks[i].mark)
			continue;
		if (*line != '=' && !f->c.name[0])
			stop(f, "no case has begun");
		marks[i].read(f, line[1] ? line + 2 : line + 1);
		return;
	}
	stop(f, "a line begins with one of = @ | ~ * > ! #");
}

static size_t read_file(const char *path, void (*check)(const struct protocol_case *c))
{
	struct file f = {.path = path, .check = check};
	FILE *stream = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!stream)
		stop(&f, "cannot be read");
	while ((len = getline(&line, &size, stream)) > 0) {
		f.line++;
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		read_line(&f, line);
	}
	end_case(&f);
	free(line);
	fclose(stream);
	return f.n_cases;
}

size_t protocol_cases(void (*check)(const struct protocol_case *c))
{
	size_t n_cases = 0;
	glob_t files;

	if (glob(test_data("protocol/*.cases"), 0, NULL, &files)) {
		fprintf(stderr, "no cases in %s\n", test_data("protocol"));
		exit(1);
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		n_cases += read_file(files.gl_pathv[i], check);
	globfree(&files);
	return n_cases;
}
