#include "fs/mount/mount_options.h"
#include "core/base/cleanup.h"
#include "core/base/ids.h"
#include "core/base/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

struct word {
	struct bytes name;
	const char *value; /* NULL without a `=` */
};

enum takes { NO_VALUE, A_VALUE, EITHER };

struct rule {
	const char *name; /* one that ends in `-` stands for all that begin so */
	enum takes takes;
	int (*apply)(struct options *o, const struct rule *rule, const char *value, struct error *e); /* NULL: accepted and ignored */
	const char *hint; /* for apply_refuse: what to do instead */
};

/** A whole number in `base` of at most `most`; -EINVAL otherwise. No sign, no blank, no prefix. */
static int parse_number(const char *text, unsigned base, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = (unsigned)*text - '0';

		if (digit >= base)
			return -EINVAL;
		number = number * base + digit;
		if (number > most)
			return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

static int read_number(const struct rule *rule, const char *value, unsigned base, uint64_t most, uint64_t *ret_number, struct error *e)
{
	struct buf shown autobuf = BUF_INIT;

	if (parse_number(value, base, most, ret_number) == 0)
		return 0;
	text_add_escaped(&shown, bytes_of(value), TEXT_NAME_MOST);
	return error_set(e, -EINVAL, "-o %s=%s: not %s", rule->name, buf_text(&shown),
			 base == 8 ? "an octal number up to 0777" : "a number in range");
}

static int apply_uid(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	uint64_t number;
	int error = read_number(rule, value, 10, UINT32_MAX - 1, &number, e);

	if (!error)
		o->uid = (uid_t)number;
	return error;
}

static int apply_gid(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	uint64_t number;
	int error = read_number(rule, value, 10, UINT32_MAX - 1, &number, e);

	if (!error)
		o->gid = (gid_t)number;
	return error;
}

static int apply_umask(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	uint64_t number;
	int error = read_number(rule, value, 8, 0777, &number, e);

	if (!error)
		o->umask = (mode_t)number;
	return error;
}

static int apply_threads(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	uint64_t number;
	int error = read_number(rule, value, 10, 1000, &number, e);

	if (!error)
		o->threads = (unsigned)number;
	return error;
}

static int apply_store(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	(void)rule, (void)e;
	buf_clear(&o->words);
	buf_add_text(&o->words, value);
	o->store = buf_text(&o->words);
	return o->store ? 0 : -ENOMEM;
}

static int apply_namespace(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	struct buf shown autobuf = BUF_INIT;

	if (!id_valid(ID_NAMESPACE, bytes_of(value))) {
		text_add_escaped(&shown, bytes_of(value), TEXT_NAME_MOST);
		return error_set(e, -EINVAL, "-o %s=%s: not a namespace: %s", rule->name, buf_text(&shown), id_kind_rule(ID_NAMESPACE));
	}
	buf_clear(&o->namespace);
	buf_add_text(&o->namespace, value);
	return buf_text(&o->namespace) ? 0 : -ENOMEM;
}

static int apply_clone_fd(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	(void)rule, (void)value, (void)e;
	o->clone_fd = true;
	return 0;
}

static int apply_debug(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	(void)rule, (void)value, (void)e;
	o->debug = o->foreground = true;
	return 0;
}

/** On to libfuse, escaped again as it reads them. */
static int apply_pass(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	(void)e;
	if (o->libfuse.len)
		buf_add_char(&o->libfuse, ',');
	buf_add_text(&o->libfuse, rule->name);
	for (const char *at = value ? value : ""; *at; at++) {
		if (at == value)
			buf_add_char(&o->libfuse, '=');
		if (*at == ',' || *at == '\\')
			buf_add_char(&o->libfuse, '\\');
		buf_add_char(&o->libfuse, *at);
	}
	return buf_text(&o->libfuse) ? 0 : -ENOMEM;
}

/** The kernel is told twice, with the mount and in the answer to INIT, and the two must agree. */
static int apply_max_read(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	uint64_t number;
	int error = read_number(rule, value, 10, UINT32_MAX, &number, e);

	if (error)
		return error;
	o->max_read = (unsigned)number;
	return apply_pass(o, rule, value, e);
}

static int apply_name(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	o->named = true;
	return apply_pass(o, rule, value, e);
}

static int apply_refuse(struct options *o, const struct rule *rule, const char *value, struct error *e)
{
	(void)o, (void)value;
	return error_set(e, -EINVAL, "-o %s is not supported: %s", rule->name, rule->hint);
}

static const struct rule rules[] = {
	{"store", A_VALUE, apply_store, NULL},
	{"namespace", A_VALUE, apply_namespace, NULL},
	{"uid", A_VALUE, apply_uid, NULL},
	{"gid", A_VALUE, apply_gid, NULL},
	{"umask", A_VALUE, apply_umask, NULL},
	{"max_threads", A_VALUE, apply_threads, NULL},
	{"clone_fd", NO_VALUE, apply_clone_fd, NULL},
	{"debug", NO_VALUE, apply_debug, NULL},
	{"auto_unmount", EITHER, apply_refuse,
	 "it may unmount what another program mounted; a dead mountpoint is cleared at the next start"},
	{"subtype", EITHER, apply_refuse, "the type of the mount is always fuse.kestrafs"},
	{"remount", NO_VALUE, apply_refuse, "unmount it and mount it again"},

	/* libfuse's and the kernel's */
	{"allow_other", NO_VALUE, apply_pass, NULL},
	{"allow_root", NO_VALUE, apply_pass, NULL},
	{"fsname", A_VALUE, apply_name, NULL},
	{"max_read", A_VALUE, apply_max_read, NULL},
	{"nodev", NO_VALUE, apply_pass, NULL},
	{"nosuid", NO_VALUE, apply_pass, NULL},
	{"exec", NO_VALUE, apply_pass, NULL},
	{"noexec", NO_VALUE, apply_pass, NULL},
	{"sync", NO_VALUE, apply_pass, NULL},
	{"async", NO_VALUE, apply_pass, NULL},
	{"dirsync", NO_VALUE, apply_pass, NULL},
	{"atime", NO_VALUE, apply_pass, NULL},
	{"noatime", NO_VALUE, apply_pass, NULL},
	{"nodiratime", NO_VALUE, apply_pass, NULL},
	{"norelatime", NO_VALUE, apply_pass, NULL},
	{"nostrictatime", NO_VALUE, apply_pass, NULL},
	{"context", A_VALUE, apply_pass, NULL},
	{"fscontext", A_VALUE, apply_pass, NULL},
	{"defcontext", A_VALUE, apply_pass, NULL},
	{"rootcontext", A_VALUE, apply_pass, NULL},

	/* always so, or for others to read: mount(8), systemd, the boot scripts */
	{"ro", NO_VALUE, NULL, NULL},
	{"rw", NO_VALUE, NULL, NULL},
	{"default_permissions", NO_VALUE, NULL, NULL},
	{"max_idle_threads", A_VALUE, NULL, NULL},
	{"defaults", NO_VALUE, NULL, NULL},
	{"dev", NO_VALUE, NULL, NULL},
	{"suid", NO_VALUE, NULL, NULL},
	{"auto", NO_VALUE, NULL, NULL},
	{"noauto", NO_VALUE, NULL, NULL},
	{"user", EITHER, NULL, NULL},
	{"nouser", NO_VALUE, NULL, NULL},
	{"users", NO_VALUE, NULL, NULL},
	{"owner", NO_VALUE, NULL, NULL},
	{"group", NO_VALUE, NULL, NULL},
	{"relatime", NO_VALUE, NULL, NULL},
	{"strictatime", NO_VALUE, NULL, NULL},
	{"diratime", NO_VALUE, NULL, NULL},
	{"nofail", NO_VALUE, NULL, NULL},
	{"_netdev", NO_VALUE, NULL, NULL},
	{"comment", A_VALUE, NULL, NULL},
	{"x-", EITHER, NULL, NULL},
	{"X-", EITHER, NULL, NULL},
};

static bool rule_is(const struct rule *rule, struct bytes name)
{
	size_t len = strlen(rule->name);
	bool prefix = rule->name[len - 1] == '-';

	return (prefix ? name.len >= len : name.len == len) && memcmp(rule->name, name.data, len) == 0;
}

static const struct rule *rule_find(struct bytes name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (rule_is(&rules[i], name))
			return &rules[i];
	return NULL;
}

static int apply_word(struct options *o, const struct word *word, struct error *e)
{
	const struct rule *rule = rule_find(word->name);
	struct buf shown autobuf = BUF_INIT;

	text_add_escaped(&shown, word->name, TEXT_NAME_MOST);
	if (!rule)
		return error_set(e, -EINVAL, "unknown option -o %s", buf_text(&shown));
	if (rule->takes == A_VALUE && (!word->value || !*word->value))
		return error_set(e, -EINVAL, "-o %s needs a value: -o %s=…", buf_text(&shown), buf_text(&shown));
	if (rule->takes == NO_VALUE && word->value)
		return error_set(e, -EINVAL, "-o %s takes no value", buf_text(&shown));
	return rule->apply ? rule->apply(o, rule, word->value, e) : 0;
}

/** The next word of the list, unescaped, into `b`; returns what is left of the list. */
static const char *next_word(const char *list, struct buf *b)
{
	for (; *list && *list != ','; list++) {
		if (*list == '\\' && list[1])
			list++;
		buf_add_char(b, *list);
	}
	return *list ? list + 1 : list;
}

int mount_options_apply(struct options *o, const char *list, struct error *e)
{
	struct buf text autobuf = BUF_INIT;

	while (*list) {
		const char *word, *equals;
		int error;

		buf_clear(&text);
		list = next_word(list, &text);
		word = buf_text(&text);
		if (!word)
			return -ENOMEM;
		if (!*word) /* `a,,b` */
			continue;
		equals = strchr(word, '=');
		error = apply_word(o,
				   &(struct word){
					   .name = bytes_make(word, equals ? (size_t)(equals - word) : strlen(word)),
					   .value = equals ? equals + 1 : NULL,
				   },
				   e);
		if (error)
			return error;
	}
	return 0;
}
