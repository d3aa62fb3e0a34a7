/* The table of options: what parses them and what --help prints are the same rows. */
#include "core/capture/options.h"
#include "core/base/cleanup.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#define MESSAGE_MAX_LEAST 64

struct option_row {
	const char *name;
	const char *argument; /* NULL: takes none; in brackets: may be given as =ARGUMENT */
	int (*set)(struct options *o, const char *value, struct error *e);
	const char *help;
};

static int set_text(const char **field, const char *name, const char *value, struct error *e)
{
	if (*value == '\0')
		return error_set(e, -EINVAL, "--%s: is empty: leave the option out or give it a value", name);
	*field = value;
	return 0;
}

static int set_flow(struct options *o, const char *value, struct error *e)
{
	return set_text(&o->flow, "flow", value, e);
}

static int set_execution(struct options *o, const char *value, struct error *e)
{
	return set_text(&o->execution, "execution", value, e);
}

static int set_task(struct options *o, const char *value, struct error *e)
{
	return set_text(&o->task, "task", value, e);
}

static int set_taskrun(struct options *o, const char *value, struct error *e)
{
	return set_text(&o->taskrun, "taskrun", value, e);
}

static int set_store(struct options *o, const char *value, struct error *e)
{
	return set_text(&o->store, "store", value, e);
}

/** A value or a label goes into every record that shows it: text, and not a document. The message shows the rule and never the value. */
static int check_text(const char *name, struct bytes text, struct error *e)
{
	if (!utf8_valid(text))
		return error_set(e, -EINVAL, "--%s: is not UTF-8: convert it first", name);
	if (text.len > VALUE_LEN_MOST)
		return error_set(e, -EINVAL, "--%s: is longer than %zu bytes", name, VALUE_LEN_MOST);
	return 0;
}

static int add_value(struct options *o, const char *value, struct error *e)
{
	int error = check_text("value", bytes_of(value), e);
	struct bytes *values;

	if (error)
		return error;
	if (o->n_values == VALUES_MOST)
		return error_set(e, -EINVAL, "--value: more than %d of them: loops nest no deeper here", VALUES_MOST);
	values = reallocarray(o->values, o->n_values + 1, sizeof(*values));
	if (!values)
		return error_set(e, -ENOMEM, "out of memory");
	o->values = values;
	o->values[o->n_values++] = bytes_of(value);
	return 0;
}

static int add_label(struct options *o, const char *value, struct error *e)
{
	int error = check_text("label", bytes_of(value), e);
	const char *equals = strchr(value, '=');
	struct label *labels;

	if (error)
		return error;
	if (!equals || equals == value)
		return error_set(e, -EINVAL, "--label: is not KEY=VALUE with a KEY that is not empty");
	labels = reallocarray(o->labels, o->n_labels + 1, sizeof(*labels));
	if (!labels)
		return error_set(e, -ENOMEM, "out of memory");
	o->labels = labels;
	o->labels[o->n_labels++] = (struct label){bytes_make(value, (size_t)(equals - value)), bytes_of(equals + 1)};
	return 0;
}

static int set_dialect(struct options *o, const char *value, struct error *e)
{
	static const char *const names[] = {[DIALECT_DOC] = "doc", [DIALECT_KESTRA] = "kestra"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(value, names[i]) == 0) {
			o->dialect = (enum dialect)i;
			return 0;
		}
	}
	return error_set(e, -EINVAL, "--dialect: is neither doc nor kestra");
}

/** Digits and one of K, M, G (powers of 1024); false where it is something else or would not fit. */
static bool parse_size(const char *text, size_t *ret_size)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long size;

	errno = 0;
	size = strtoull(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text))
		return false;
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		unsigned shift = 10 * ((unsigned)(unit - units) + 1);

		if (size > SIZE_MAX >> shift)
			return false;
		size <<= shift;
		end++;
	}
	*ret_size = size;
	return *end == '\0';
}

static int set_max_message(struct options *o, const char *value, struct error *e)
{
	size_t size;

	if (!parse_size(value, &size) || size < MESSAGE_MAX_LEAST || size > MESSAGE_MAX_MOST)
		return error_set(e, -EINVAL, "--max-message: give a size from %d to %zuM: digits, then K, M or nothing for bytes",
				 MESSAGE_MAX_LEAST, MESSAGE_MAX_MOST >> 20);
	o->max_message = size;
	return 0;
}

static int set_end(struct options *o, const char *value, struct error *e)
{
	o->end = true;
	o->end_state = value ? state_of_name(bytes_of(value)) : STATE_NONE;
	if (value && (o->end_state == STATE_NONE || o->end_state == STATE_RUNNING))
		return error_set(e, -EINVAL, "--end: the state is none of SUCCESS, WARNING, FAILED, KILLED");
	return 0;
}

#define SET_FLAG(field)                                                               \
	static int set_##field(struct options *o, const char *value, struct error *e) \
	{                                                                             \
		(void)value;                                                          \
		(void)e;                                                              \
		o->field = true;                                                      \
		return 0;                                                             \
	}
SET_FLAG(strict)
SET_FLAG(quiet)
SET_FLAG(pty)
SET_FLAG(begin)
SET_FLAG(help)
SET_FLAG(version)

static const struct option_row rows[] = {
	{"flow", "NAMESPACE/FLOW", set_flow, "the flow (KESTRA_NAMESPACE, KESTRA_FLOW_ID)"},
	{"execution", "ID", set_execution, "the execution (KESTRA_EXECUTION_ID)"},
	{"task", "ID", set_task, "the task (KESTRA_TASK_ID)"},
	{"taskrun", "ID", set_taskrun, "the task run (KESTRA_TASKRUN_ID); made if not given"},
	{"value", "TEXT", add_value, "the loop's value (KESTRA_TASKRUN_VALUE); once per level, outermost first"},
	{"label", "KEY=VALUE", add_label, "a label for the execution; may be repeated"},
	{"dialect", "doc|kestra", set_dialect, "what counts as a message: the documentation (default), or what a server takes"},
	{"max-message", "SIZE", set_max_message, "longest message, with K or M (default 64M, at most 256M)"},
	{"strict", NULL, set_strict, "end with 125 where not everything could be recorded"},
	{"quiet", NULL, set_quiet, "print no warnings"},
	{"pty", NULL, set_pty, "give COMMAND a terminal instead of pipes"},
	{"store", "DIR", set_store, "the store (KESTRAFS_STORE; default /var/lib/kestrafs or ~/.local/share/kestrafs)"},
	{"begin", NULL, set_begin, "start an execution and print its id; with COMMAND: run it in there, then end it"},
	{"end", "[STATE]", set_end, "end and close the execution; STATE is SUCCESS, WARNING, FAILED or KILLED"},
	{"help", NULL, set_help, "print this and exit"},
	{"version", NULL, set_version, "print the version and exit"},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static int row_argument(const struct option_row *row)
{
	return !row->argument ? no_argument : row->argument[0] == '[' ? optional_argument : required_argument;
}

/** What getopt could not make sense of, shown as it was written but for a value behind `=`. */
static int unknown_option(const char *word, bool argument_missing, struct error *e)
{
	autobuf struct buf shown = BUF_INIT;

	text_add_escaped(&shown, bytes_make(word, strcspn(word, "=")), TEXT_NAME_MOST);
	if (argument_missing)
		return error_set(e, -EINVAL, "%s needs a value: see %s --help", buf_text(&shown), PROGRAM);
	return error_set(e, -EINVAL, "%s is not an option here, or takes no value: see %s --help", buf_text(&shown), PROGRAM);
}

static int parse_rows(int argc, char **argv, struct options *o, struct error *e)
{
	struct option table[N_ROWS + 1] = {0};
	int error = 0;
	int found;
	int row = 0;

	for (size_t i = 0; i < N_ROWS; i++)
		table[i] = (struct option){.name = rows[i].name, .has_arg = row_argument(&rows[i])};
	optind = 1;
	opterr = 0;
	while (!error) {
		int at = optind;

		/* "+": the first word that is no option begins COMMAND. ":" tells a missing value from an unknown option. */
		found = getopt_long(argc, argv, "+:", table, &row);
		if (found < 0)
			break;
		error = found ? unknown_option(argv[at], found == ':', e) : rows[row].set(o, optarg, e);
	}
	if (!error && optind < argc)
		o->command = argv + optind;
	return error;
}

/** Options that do not go together. */
static int check_together(const struct options *o, struct error *e)
{
	bool command = o->command != NULL;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{o->begin && o->end, "--begin and --end exclude each other: an execution is begun by one call and ended by another"},
		{o->end && command, "--end takes no COMMAND (a state is written --end=STATE)"},
		{o->begin && !command && (o->task || o->taskrun || o->n_values),
		 "--begin without a COMMAND takes no --task, --taskrun or --value"},
		{o->begin && !o->task && (o->taskrun || o->n_values), "--begin with --taskrun or --value needs --task too"},
		{o->pty && !command, "--pty needs a COMMAND to give a terminal to"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (rules[i].wrong)
			return error_set(e, -EINVAL, "%s", rules[i].text);
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *ret, struct error *e)
{
	int error;

	*ret = (struct options){.dialect = DIALECT_DOC, .max_message = MESSAGE_MAX_DEFAULT};
	error = parse_rows(argc, argv, ret, e);
	if (error || ret->help || ret->version)
		return error;
	return check_together(ret, e);
}

void options_finish(struct options *o)
{
	free(o->values);
	free(o->labels);
	o->values = NULL;
	o->labels = NULL;
}

static const char help_head[] = "Usage: " PROGRAM " [OPTION]... [--] COMMAND [ARG]...    run COMMAND, record what it prints\n"
				"  or:  some-command | " PROGRAM
				" [OPTION]...           record what arrives on standard input, pass it on\n"
				"  or:  " PROGRAM " --begin [OPTION]... [--] [COMMAND [ARG]...]\n"
				"  or:  " PROGRAM " --end[=STATE] [OPTION]...\n"
				"\n"
				"Records the outputs and metrics that a script prints, like\n"
				"    ::{\"outputs\":{\"rows\":7}}::\n"
				"    ::{\"metrics\":[{\"name\":\"nr_rows\",\"type\":\"counter\",\"value\":7}]}::\n"
				"and passes every byte on unchanged.\n"
				"\n"
				"Options:\n";

static const char help_tail[] = "\n"
				"What no option and no variable says is looked for in the execution context that Kestra writes\n"
				"($KESTRA_EXECUTION_CONTEXT_FILE, .kestra-execution-context.json, $KESTRA_CONTEXT).\n"
				"\n"
				"Examples:\n"
				"  " PROGRAM " --flow dev/partitions --execution \"$E\" --task getPartitions -- python3 main.py\n"
				"  ./load.sh 2>&1 | " PROGRAM " --flow dev/load --execution \"$E\" --task load\n"
				"  E=$(" PROGRAM " --begin --flow dev/partitions); " PROGRAM " --end --execution \"$E\"\n"
				"  " PROGRAM " --begin --flow ops/backup --task backup -- /usr/local/bin/backup      (a whole cron line)\n"
				"\n"
				"Exit status: the command's own; 128+N if signal N ended it; 126 found but not runnable; 127 not found;\n"
				"125 a wrong call, or with --strict something that was not recorded. As a filter 0 or 125.\n";

void options_help(int fd)
{
	autobuf struct buf text = BUF_INIT;

	buf_add_text(&text, help_head);
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *argument = rows[i].argument;
		bool optional = argument && argument[0] == '[';
		int len = argument ? (int)strlen(argument) - 2 * optional : 0;
		size_t start = text.len;

		buf_add_format(&text, "  --%s%s%.*s%s", rows[i].name,
			       optional	  ? "[="
			       : argument ? " "
					  : "",
			       len,
			       optional	  ? argument + 1
			       : argument ? argument
					  : "",
			       optional ? "]" : "");
		while (text.len && text.len - start < 26)
			buf_add_char(&text, ' ');
		buf_add_format(&text, "%s\n", rows[i].help);
	}
	buf_add_text(&text, help_tail);
	if (!buf_error(&text) && write(fd, text.data, text.len) < 0)
		return; /* nobody is left to be told */
}
