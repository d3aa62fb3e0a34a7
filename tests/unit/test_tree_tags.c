/*
 * `metrics/tags`: what it holds is what is left of the whole file when it is searched for the tag, however many points there are.
 * A scope gets an index by tag once it has taken TAGS_FROM points and tags; nobody may notice.
 */
#include "tests/unit/store_fixture.h"

#include "core/base/names.h"
#include "core/base/text.h"
#include "core/store/tags.h"

#include <stdio.h>
#include <stdlib.h>

static const struct who run = {.path = "dev/flow/E/t", .taskrun = "R"};

#define RUN_METRICS "/exec/E/t/metrics"

/* The folders that all show the points of one run. */
static const char *const scopes[] = {"/metrics", "/flow/dev/flow/metrics", "/exec/E/metrics", RUN_METRICS};

#define N_SCOPES (sizeof(scopes) / sizeof(*scopes))

static void say_point(struct fixture *f, event_t attempt, const char *tags)
{
	struct buf message = BUF_INIT;

	buf_add_format(&message, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":%s}]}", tags);
	record_says_bytes(f, attempt, buf_bytes(&message));
	buf_finish(&message);
}

/* So many points without a tag, in one message. */
static void say_plain(struct fixture *f, event_t attempt, const char *name, unsigned n)
{
	struct buf message = BUF_INIT;

	buf_add_text(&message, "{\"metrics\":[");
	for (unsigned i = 0; i < n; i++)
		buf_add_format(&message, "%s{\"name\":\"%s\",\"type\":\"counter\",\"value\":%u}", i ? "," : "", name, i);
	buf_add_text(&message, "]}");
	record_says_bytes(f, attempt, buf_bytes(&message));
	buf_finish(&message);
}

/* Of a file of points those lines that hold a text, as a file of its own. */
static void search(struct bytes whole, const char *text, struct buf *ret)
{
	const char *at = whole.data, *end = whole.data + whole.len, *line_end;
	bool first = true;

	buf_add_text(ret, "[\n");
	for (; at < end; at = line_end + 1) {
		size_t len;

		line_end = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(line_end);
		if (!memmem(at, (size_t)(line_end - at), text, strlen(text)))
			continue;
		len = (size_t)(line_end - at);
		len -= at[len - 1] == ',';
		buf_add_text(ret, first ? "" : ",\n");
		first = false;
		buf_add(ret, at, len);
	}
	buf_add_text(ret, "\n]\n");
}

/* `folder/tags/<below>/m.json` is what a search of `folder/m.json` finds. */
static void assert_found(struct fixture *f, const char *folder, const char *below, const char *text)
{
	struct buf whole = BUF_INIT, expected = BUF_INIT;
	char path[700];

	snprintf(path, sizeof(path), "%s/m.json", folder);
	read_node(fixture_tree(f), walk(f, path).node, 1 << 20, &whole);
	search(buf_bytes(&whole), text, &expected);
	snprintf(path, sizeof(path), "%s/tags/%s/m.json", folder, below);
	assert_file_bytes(f, path, buf_bytes(&expected));
	buf_finish(&whole);
	buf_finish(&expected);
}

/* From one point to a thousand */

struct seen {
	struct entry entry;
	struct buf text;
};

static void see(struct fixture *f, const char *path, struct seen *seen)
{
	*seen = (struct seen){walk(f, path), BUF_INIT};
	read_node(fixture_tree(f), seen->entry.node, 1 << 20, &seen->text);
	assert_int_equal(seen->text.len, seen->entry.attributes.size);
}

static void assert_seen(struct fixture *f, struct seen *seen)
{
	struct attributes attributes;
	struct buf again = BUF_INIT;

	assert_int_equal(tree_attributes(fixture_tree(f), seen->entry.node, &attributes), 0);
	assert_int_equal(attributes.size, seen->text.len);
	assert_int_equal(attributes.inode, seen->entry.attributes.inode);
	read_node(fixture_tree(f), seen->entry.node, 1 << 20, &again);
	assert_bytes("a former version", buf_bytes(&again), buf_bytes(&seen->text));
	buf_finish(&again);
}

static void check_scope(struct fixture *f, const char *scope, unsigned n)
{
	char path[64];

	assert_found(f, scope, "parity/even", "\"parity\":\"even\"");
	assert_found(f, scope, "number/n0", "\"number\":\"n0\"");
	snprintf(path, sizeof(path), "%s/tags", scope);
	assert_list(f, path, "parity\nnumber\n");
	snprintf(path, sizeof(path), "%s/tags/parity", scope);
	assert_list(f, path, n > 1 ? "even\nodd\n" : "even\n");
	snprintf(path, sizeof(path), "%s/tags/parity/even", scope);
	assert_list(f, path, strcmp(scope, RUN_METRICS) == 0 ? "m.json\nm.csv\nm.prom\n" : "m.json\nm.csv\nm.prom\nm.svg\n");
	snprintf(path, sizeof(path), "%s/tags/number/n%u", scope, n);
	assert_false(is_there(f, path));
	snprintf(path, sizeof(path), "%s/tags/number/n%u", scope, n - 1);
	assert_true(is_there(f, path));
}

/* Each point bears two tags, one that many have and one of its own; each is a message. */
static void one_to_a_thousand_points(void **state)
{
	static const unsigned stops[] = {1, 2, 3, 64, 84, 85, 86, 87, 255, 256, 257, 1000};
	static struct seen seen[sizeof(stops) / sizeof(*stops)][N_SCOPES][3];
	struct fixture f autofixture;
	unsigned stop = 0;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (unsigned n = 1; n <= 1000; n++) {
		char tags[64];

		snprintf(tags, sizeof(tags), "{\"parity\":\"%s\",\"number\":\"n%u\"}", n % 2 ? "even" : "odd", n - 1);
		say_point(&f, attempt, tags);
		if (stops[stop] != n)
			continue;
		for (size_t i = 0; i < N_SCOPES; i++) {
			static const char *const files[] = {"tags/parity/even/m.json", "tags/number/n0/m.csv", "tags/parity/even/m.csv"};

			check_scope(&f, scopes[i], n);
			for (size_t k = 0; k < 3; k++) {
				char path[128];

				snprintf(path, sizeof(path), "%s/%s", scopes[i], files[k]);
				see(&f, path, &seen[stop][i][k]);
				assert_int_equal(seen[stop][i][k].entry.attributes.inode, seen[0][i][k].entry.attributes.inode);
			}
		}
		stop++;
	}
	assert_int_equal(stop, sizeof(stops) / sizeof(*stops));
	for (int again = 0; again < 2; again++) {
		for (unsigned s = 0; s < stop; s++)
			for (size_t i = 0; i < N_SCOPES; i++)
				for (size_t k = 0; k < 3; k++)
					assert_seen(&f, &seen[s][i][k]);
		fixture_forget(&f);
	}
	for (unsigned s = 0; s < stop; s++)
		for (size_t i = 0; i < N_SCOPES; i++)
			for (size_t k = 0; k < 3; k++)
				buf_finish(&seen[s][i][k].text);
}

/* The points and tags come to TAGS_FROM in one message, or within one. */
static void many_at_once(void **state)
{
	static const unsigned counts[] = {TAGS_FROM - 2, TAGS_FROM - 1, TAGS_FROM, TAGS_FROM + 1, 600};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct fixture f autofixture;
		event_t attempt;

		fixture_init(&f);
		attempt = record_begin(&f, &run);
		say_point(&f, attempt, "{\"a\":1}");
		say_plain(&f, attempt, "n", counts[i] - 2);
		say_point(&f, attempt, "{\"a\":1,\"b\":\"\"}");
		for (size_t k = 0; k < N_SCOPES; k++) {
			assert_found(&f, scopes[k], "a/1", "\"a\":\"1\"");
			assert_found(&f, scopes[k], "b/%", "\"b\":\"\"");
		}
	}
}

/* Nothing has tags: there is no folder; with the first that has, it is there and stays. */
static void the_folder_itself(void **state)
{
	struct fixture f autofixture;
	struct entry tags;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (size_t i = 0; i < N_SCOPES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/tags", scopes[i]);
		assert_false(is_there(&f, path));
	}
	say_plain(&f, attempt, "m", 3);
	assert_false(is_there(&f, "/metrics/tags"));
	assert_list(&f, "/metrics", "m.json\nm.csv\nm.prom\nm.svg\n");
	say_point(&f, attempt, "{\"a\":1}");
	assert_list(&f, "/metrics", "tags\nm.json\nm.csv\nm.prom\nm.svg\n");
	assert_list(&f, RUN_METRICS, "tags\nm.json\nm.csv\nm.prom\n");
	tags = walk(&f, "/metrics/tags");
	say_plain(&f, attempt, "m", 600);
	assert_int_equal(walk(&f, "/metrics/tags").node, tags.node);
	assert_int_equal(walk(&f, "/metrics/tags").attributes.inode, tags.attributes.inode);
}

/* A tag of one metric is none of another's. */
static void metrics_that_share_a_tag(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (int i = 0; i < 2; i++) {
		record_says(&f, attempt,
			    "{\"metrics\":[{\"name\":\"first\",\"type\":\"counter\",\"value\":1},"
			    "{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"a\":\"1\",\"b\":\"x\"}},"
			    "{\"name\":\"o\",\"type\":\"counter\",\"value\":1,\"tags\":{\"b\":\"x\",\"a\":\"2\"}}]}");
		for (size_t k = 0; k < N_SCOPES; k++) {
			bool wide = strcmp(scopes[k], RUN_METRICS) != 0;
			char path[64];

			snprintf(path, sizeof(path), "%s/tags/a/1", scopes[k]);
			assert_list(&f, path, wide ? "m.json\nm.csv\nm.prom\nm.svg\n" : "m.json\nm.csv\nm.prom\n");
			snprintf(path, sizeof(path), "%s/tags/a/2", scopes[k]);
			assert_list(&f, path, wide ? "o.json\no.csv\no.prom\no.svg\n" : "o.json\no.csv\no.prom\n");
			snprintf(path, sizeof(path), "%s/tags/b/x", scopes[k]);
			assert_list(&f, path,
				    wide ? "m.json\nm.csv\nm.prom\nm.svg\no.json\no.csv\no.prom\no.svg\n"
					 : "m.json\nm.csv\nm.prom\no.json\no.csv\no.prom\n");
			assert_found(&f, scopes[k], "b/x", "\"b\":\"x\"");
			snprintf(path, sizeof(path), "%s/tags/a/x", scopes[k]);
			assert_false(is_there(&f, path));
			snprintf(path, sizeof(path), "%s/tags/a/1/o.json", scopes[k]);
			assert_false(is_there(&f, path));
			snprintf(path, sizeof(path), "%s/tags/a/1/first.json", scopes[k]);
			assert_false(is_there(&f, path));
			snprintf(path, sizeof(path), "%s/tags/a/1/tags", scopes[k]);
			assert_false(is_there(&f, path));
		}
		say_plain(&f, attempt, "later", 300);
	}
}

/* A listing that is read while the points come */

struct reading {
	struct buf names; /* one a line */
	uint64_t next;
	unsigned most;
	bool end;
};

static bool read_name(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct reading *r = context;

	(void)inode;
	assert_int_equal(type, NODE_FOLDER);
	if (!r->most)
		return false;
	r->most--;
	r->next = next;
	buf_add_bytes(&r->names, name);
	buf_add_char(&r->names, '\n');
	return true;
}

static void read_some(struct fixture *f, node_t folder, unsigned n, struct reading *r)
{
	enum keep keep;

	r->most = n;
	assert_int_equal(tree_list(fixture_tree(f), folder, r->next, read_name, r, &keep, &r->end), 0);
}

/* How often a name is among the lines. */
static unsigned times_listed(struct reading *r, const char *prefix, unsigned number)
{
	const char *text = buf_text(&r->names);
	unsigned n = 0;
	char line[32];

	snprintf(line, sizeof(line), "%s%u\n", prefix, number);
	for (const char *at = text; (at = strstr(at, line)); at++)
		n += at == text || at[-1] == '\n';
	return n;
}

static void say_numbered(struct fixture *f, event_t attempt, bool names, unsigned from, unsigned to)
{
	struct buf message = BUF_INIT;

	buf_add_text(&message, "{\"metrics\":[");
	for (unsigned i = from; i < to; i++)
		buf_add_format(&message,
			       names ? "%s{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"n%u\":\"x\"}}"
				     : "%s{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"a\":\"n%u\"}}",
			       i > from ? "," : "", i);
	buf_add_text(&message, "]}");
	record_says_bytes(f, attempt, buf_bytes(&message));
	buf_finish(&message);
}

/* `before` points are there when it begins, of which `taken` are read, then the rest come. */
static void listing_while_growing(bool names, unsigned before, unsigned taken, unsigned after)
{
	for (size_t i = 0; i < N_SCOPES; i++) {
		struct fixture f autofixture;
		struct reading r = {.names = BUF_INIT};
		struct entry folder;
		event_t attempt;
		char path[64];

		fixture_init(&f);
		attempt = record_begin(&f, &run);
		say_numbered(&f, attempt, names, 0, before);
		snprintf(path, sizeof(path), names ? "%s/tags" : "%s/tags/a", scopes[i]);
		folder = walk(&f, path);
		read_some(&f, folder.node, taken, &r);
		say_numbered(&f, attempt, names, before, after);
		while (!r.end)
			read_some(&f, folder.node, 1 + (unsigned)chance(100), &r);
		for (unsigned n = 0; n < after; n++)
			if (n < before)
				assert_int_equal(times_listed(&r, "n", n), 1);
			else
				assert_true(times_listed(&r, "n", n) <= 1);
		assert_int_equal(walk(&f, path).node, folder.node);
		buf_finish(&r.names);
	}
}

static void listings_that_go_on_over_the_switch(void **state)
{
	static const struct {
		unsigned before, taken, after;
	} cases[] = {{1, 1, 300}, {1, 0, 300}, {100, 1, 140}, {100, 50, 140}, {127, 127, 128}, {127, 100, 500}, {200, 20, 300}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		listing_while_growing(true, cases[i].before, cases[i].taken, cases[i].after);
		listing_while_growing(false, cases[i].before, cases[i].taken, cases[i].after);
	}
}

/* Folders that were opened before the switch are the same ones after it, and so are the files that were opened in them. */
static void names_given_before_the_switch(void **state)
{
	static const char *const paths[] = {"tags", "tags/a", "tags/a/n0", "tags/a/n5", "tags/b", "tags/b/x"};
	struct entry before[N_SCOPES][sizeof(paths) / sizeof(*paths)];
	struct fixture f autofixture;
	event_t attempt;
	char path[64];

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	record_says(&f, attempt, "{\"metrics\":[{\"name\":\"z\",\"type\":\"counter\",\"value\":1,\"tags\":{\"c\":\"1\",\"b\":\"y\"}}]}");
	say_numbered(&f, attempt, false, 0, 6);
	record_says(&f, attempt, "{\"metrics\":[{\"name\":\"z\",\"type\":\"counter\",\"value\":1,\"tags\":{\"c\":\"1\",\"b\":\"x\"}}]}");
	record_says(&f, attempt, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"b\":\"x\",\"c\":\"1\"}}]}");
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < N_SCOPES; i++)
			for (size_t k = 0; k < sizeof(paths) / sizeof(*paths); k++) {
				struct entry entry;

				snprintf(path, sizeof(path), "%s/%s", scopes[i], paths[k]);
				entry = walk(&f, path);
				assert_int_equal(entry.keep, KEEP_FOREVER);
				if (!again)
					before[i][k] = entry;
				assert_int_equal(entry.node, before[i][k].node);
				assert_int_equal(entry.attributes.inode, before[i][k].attributes.inode);
				assert_int_equal(entry.attributes.time, before[i][k].attributes.time);
			}
		say_numbered(&f, attempt, false, 0, 300);
	}
}

/* How long names may be kept */

static enum keep keep_of(struct fixture *f, const char *path)
{
	return walk(f, path).keep;
}

static enum keep keep_of_absent(struct fixture *f, const char *folder, const char *name)
{
	struct entry entry;

	assert_int_equal(tree_lookup(fixture_tree(f), walk(f, folder).node, bytes_of(name), &entry), 0);
	assert_int_equal(entry.node, 0);
	return entry.keep;
}

static void keep_rules(bool indexed)
{
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}};
	static const char *const files[] = {"tags/k/v/m.json", "tags/k/v/m.csv", "tags/k/v/m.prom"};
	struct fixture f autofixture;
	event_t attempt;
	char path[96];

	fixture_init(&f);
	attempt = record_begin(&f, &a);
	say_point(&f, attempt, "{\"k\":\"v\"}");
	if (indexed)
		say_plain(&f, attempt, "m", TAGS_FROM);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/exec/E/t/runs/a/metrics/%s", files[i]);
		assert_int_equal(keep_of(&f, path), KEEP_NOT);
	}
	assert_int_equal(keep_of_absent(&f, "/exec/E/t/runs/a/metrics/tags", "other"), KEEP_NOT);
	/* a folder of runs may lose a tag to a retry, one run's cannot */
	assert_int_equal(keep_of(&f, "/exec/E/t/metrics/tags"), KEEP_FOREVER);
	assert_int_equal(keep_of(&f, "/exec/E/t/metrics/tags/k"), KEEP_NOT);
	assert_int_equal(keep_of(&f, "/exec/E/t/metrics/tags/k/v"), KEEP_NOT);
	assert_int_equal(keep_of(&f, "/exec/E/t/runs/a/metrics/tags/k"), KEEP_FOREVER);
	assert_int_equal(keep_of(&f, "/exec/E/t/runs/a/metrics/tags/k/v"), KEEP_FOREVER);
	record_ends(&f, attempt, STATE_SUCCESS, 0);
	record_execution_ends(&f, &(struct who){.path = "dev/flow/E"}, STATE_NONE);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/exec/E/t/runs/a/metrics/%s", files[i]);
		assert_int_equal(keep_of(&f, path), KEEP_FOREVER);
		snprintf(path, sizeof(path), "/exec/E/metrics/%s", files[i]);
		assert_int_equal(keep_of(&f, path), KEEP_NOT);
		snprintf(path, sizeof(path), "/metrics/%s", files[i]);
		assert_int_equal(keep_of(&f, path), KEEP_NOT);
	}
	assert_int_equal(keep_of_absent(&f, "/exec/E/t/runs/a/metrics/tags", "other"), KEEP_FOREVER);
	assert_int_equal(keep_of_absent(&f, "/exec/E/t/runs/a/metrics/tags/k", "other"), KEEP_FOREVER);
	assert_int_equal(keep_of_absent(&f, "/exec/E/t/runs/a/metrics/tags/k/v", "o.json"), KEEP_FOREVER);
	assert_int_equal(keep_of_absent(&f, "/exec/E/metrics/tags", "other"), KEEP_NOT);
	assert_int_equal(keep_of_absent(&f, "/metrics/tags/k", "other"), KEEP_NOT);
}

static void names_are_kept_as_long_as_they_hold(void **state)
{
	(void)state;
	keep_rules(false);
	keep_rules(true);
}

/* Names that are cut */

static void add_long(struct buf *b, char c, size_t n, char last)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, c);
	buf_add_char(b, last);
}

static void names_cut_to_the_same_beginning(void **state)
{
	static const char lasts[] = "123";
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (int round = 0; round < 2; round++) {
		for (const char *last = lasts; *last; last++) {
			struct buf text = BUF_INIT;

			buf_add_text(&text, "{\"");
			add_long(&text, 'n', 300, *last);
			buf_add_text(&text, "\":\"");
			add_long(&text, '/', 200, *last);
			buf_add_text(&text, "\",\"short\":\"");
			add_long(&text, 'v', 5000, *last);
			buf_add_text(&text, "\"}");
			say_point(&f, attempt, buf_text(&text));
			buf_finish(&text);
		}
		for (const char *last = lasts; *last; last++) {
			struct buf name = BUF_INIT, value = BUF_INIT, below = BUF_INIT, text = BUF_INIT;

			add_long(&name, 'n', 300, *last);
			add_long(&value, '/', 200, *last);
			name_encode(&below, buf_bytes(&name), NULL, NAME_ENTRY_MAX);
			assert_true(below.len <= NAME_ENTRY_MAX && below.len > NAME_ENTRY_MAX - 3);
			buf_add_char(&below, '/');
			name_encode(&below, buf_bytes(&value), NULL, NAME_ENTRY_MAX);
			buf_add_format(&text, "\"%s\":", buf_text(&name));
			for (size_t i = 0; i < N_SCOPES; i++)
				assert_found(&f, scopes[i], buf_text(&below), buf_text(&text));

			buf_clear(&value);
			buf_clear(&below);
			buf_clear(&text);
			add_long(&value, 'v', 5000, *last);
			buf_add_text(&below, "short/");
			name_encode(&below, buf_bytes(&value), NULL, NAME_ENTRY_MAX);
			buf_add_format(&text, "v%c\"", *last);
			for (size_t i = 0; i < N_SCOPES; i++)
				assert_found(&f, scopes[i], buf_text(&below), buf_text(&text));
			buf_finish(&name);
			buf_finish(&value);
			buf_finish(&below);
			buf_finish(&text);
		}
		say_plain(&f, attempt, "m", 300);
	}
}

/* What a listing prints can be opened, and nothing else can. */
static void names_that_need_encoding(void **state)
{
	static const struct {
		const char *json, *entry;
	} names[] = {{"", "%"},
		     {".", "%2E"},
		     {"..", "%2E."},
		     {"a/b", "a%2Fb"},
		     {"%", "%25"},
		     {"\\n", "%0A"},
		     {"\\u0000", "%00"},
		     {"\\\"", "\""},
		     {"\\\\", "\\"},
		     {"tags", "tags"},
		     {"m.json", "m.json"},
		     {"\\u007f", "%7F"},
		     {"é", "é"},
		     {"%~0123456789abcdef", "%25~0123456789abcdef"}};
	struct buf list = BUF_INIT, path = BUF_INIT;
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &run);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf tags = BUF_INIT;

		buf_add_format(&tags, "{\"%s\":\"x\",\"value\":\"%s\"}", names[i].json, names[i].json);
		say_point(&f, attempt, buf_text(&tags));
		buf_finish(&tags);
		buf_add_format(&list, "%s\n", names[i].entry);
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < N_SCOPES; i++) {
			buf_clear(&path);
			buf_add_format(&path, "%s/tags/value", scopes[i]);
			assert_list(&f, buf_text(&path), buf_text(&list));
			for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
				buf_clear(&path);
				buf_add_format(&path, "%s/tags/%s/x/m.json", scopes[i], names[k].entry);
				assert_true(is_there(&f, buf_text(&path)));
				buf_clear(&path);
				buf_add_format(&path, "%s/tags/value/%s/m.csv", scopes[i], names[k].entry);
				assert_true(is_there(&f, buf_text(&path)));
			}
			buf_clear(&path);
			buf_add_format(&path, "%s/tags/value/a%%2fb", scopes[i]);
			assert_false(is_there(&f, buf_text(&path)));
		}
		say_plain(&f, attempt, "m", 300);
	}
	buf_finish(&list);
	buf_finish(&path);
}

/* Those of a point behind its first TAG_PLACES are in no folder, but in every file. */

#define MANY (4 * TAG_PLACES)

static void say_many(struct fixture *f, event_t attempt, bool backwards)
{
	struct buf tags = BUF_INIT;

	buf_add_char(&tags, '{');
	for (unsigned i = 0; i < MANY; i++)
		buf_add_format(&tags, "%s\"k%u\":\"v\"", i ? "," : "", backwards ? MANY - 1 - i : i);
	buf_add_char(&tags, '}');
	say_point(f, attempt, buf_text(&tags));
	buf_finish(&tags);
}

static void check_many(struct fixture *f, const char *folder, unsigned from, unsigned to)
{
	struct buf listed = BUF_INIT, expected = BUF_INIT;
	char path[64];

	snprintf(path, sizeof(path), "%s/tags", folder);
	list_node(fixture_tree(f), walk(f, path).node, &listed);
	for (unsigned i = from; i < to; i++)
		buf_add_format(&expected, "k%u\n", i);
	assert_bytes(path, buf_bytes(&listed), buf_bytes(&expected));
	for (unsigned i = 0; i < MANY; i += 36) {
		snprintf(path, sizeof(path), "%s/tags/k%u/v/m.json", folder, i);
		assert_int_equal(is_there(f, path), i >= from && i < to);
	}
	buf_finish(&listed);
	buf_finish(&expected);
}

static void more_tags_than_places(void **state)
{
	static const char *const folders[] = {"/metrics", "/exec/E/metrics", "/exec/E/t/metrics", "/exec/E/t/runs/a/metrics"};
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}};
	struct fixture f autofixture;
	struct buf csv = BUF_INIT;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &a);
	say_many(&f, attempt, false);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		check_many(&f, folders[i], 0, TAG_PLACES);
	read_path(&f, "/metrics/m.csv", &csv);
	assert_non_null(strstr(buf_text(&csv), "\"\"k1023\"\":\"\"v\"\"}\"\n"));
	attempt = record_begin(&f, &a);
	check_many(&f, "/exec/E/t/metrics", 0, 0);
	say_many(&f, attempt, true);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		for (unsigned k = 0; k < MANY; k += 15) {
			bool latest = !strncmp(folders[i], "/exec/E/t", 9), here = k >= MANY - TAG_PLACES || (!latest && k < TAG_PLACES);
			char path[64];

			snprintf(path, sizeof(path), "%s/tags/k%u/v/m.json", folders[i], k);
			assert_int_equal(is_there(&f, path), here);
		}
	buf_finish(&csv);
}

/* Of two points that bear a tag, one within its first places and one behind them. */
static void a_tag_behind_the_places(void **state)
{
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}},
				b = {.path = "dev/flow/E/t", .taskrun = "B", .values = {"b"}};
	struct fixture f autofixture;
	struct buf tags = BUF_INIT;
	event_t first, other;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, &a);
	other = record_begin(&f, &b);
	buf_add_char(&tags, '{');
	for (unsigned i = 0; i < TAG_PLACES; i++)
		buf_add_format(&tags, "\"k%u\":\"v\",", i);
	buf_add_text(&tags, "\"x\":\"behind\",\"k\":\"behind\"}");
	say_point(&f, first, buf_text(&tags));
	assert_false(is_there(&f, "/metrics/tags/x"));
	say_point(&f, other, "{\"x\":\"behind\",\"only\":1}");
	say_point(&f, first, buf_text(&tags)); /* between two that are there */
	say_point(&f, other, "{\"only\":1,\"x\":\"behind\"}");
	assert_found(&f, "/metrics", "x/behind", "\"only\":");
	assert_found(&f, "/exec/E/t/metrics", "x/behind", "\"only\":");
	assert_found(&f, "/exec/E/t/runs/b/metrics", "x/behind", "\"only\":");
	assert_false(is_there(&f, "/metrics/tags/k"));
	first = record_begin(&f, &a); /* takes a point away that bears the tag, but is not there */
	assert_found(&f, "/exec/E/t/metrics", "x/behind", "\"only\":");
	assert_list(&f, "/exec/E/t/metrics/tags", "x\nonly\n");
	say_point(&f, first, "{\"k0\":\"v\",\"x\":\"behind\",\"only\":2}");
	assert_found(&f, "/exec/E/t/metrics", "x/behind", "\"only\":");
	assert_found(&f, "/exec/E/t/metrics", "k0/v", "\"only\":\"2\"");
	record_begin(&f, &b);
	assert_found(&f, "/exec/E/t/metrics", "x/behind", "\"only\":\"2\"");
	assert_list(&f, "/exec/E/t/metrics/tags/only", "2\n");
	buf_finish(&tags);
}

/* Retries */

static void say_of_two(struct fixture *f, event_t a, event_t b)
{
	say_point(f, a, "{\"run\":\"a\",\"both\":\"x\"}");
	say_point(f, b, "{\"run\":\"b\",\"both\":\"x\",\"only\":\"b\"}");
	say_point(f, a, "{\"only a\":\"1\"}");
}

static void retries(unsigned plain_before, unsigned plain_after)
{
	static const struct who a = {.path = "dev/flow/E/t", .taskrun = "A", .values = {"a"}},
				b = {.path = "dev/flow/E/t", .taskrun = "B", .values = {"b"}};
	static const char *const paths[] = {"/exec/E/t/metrics/tags/run/a/m.json",    "/exec/E/t/metrics/tags/run/a/m.csv",
					    "/exec/E/t/metrics/tags/both/x/m.json",   "/exec/E/t/metrics/tags/both/x/m.csv",
					    "/exec/E/t/metrics/tags/only a/1/m.json", "/exec/E/t/metrics/tags/only/b/m.csv",
					    "/exec/E/t/metrics/tags/both/x/m.prom"};
	struct seen seen[sizeof(paths) / sizeof(*paths)], between;
	struct fixture f autofixture;
	event_t first, other;

	fixture_init(&f);
	first = record_begin(&f, &a);
	other = record_begin(&f, &b);
	say_of_two(&f, first, other);
	say_plain(&f, other, "m", plain_before);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		see(&f, paths[i], &seen[i]);
	assert_found(&f, "/exec/E/t/metrics", "both/x", "\"both\":\"x\"");

	first = record_begin(&f, &a);
	assert_list(&f, "/exec/E/t/metrics/tags", "run\nboth\nonly\n");
	assert_list(&f, "/exec/E/t/metrics/tags/run", "b\n");
	assert_false(is_there(&f, "/exec/E/t/metrics/tags/run/a"));
	assert_false(is_there(&f, "/exec/E/t/metrics/tags/only a"));
	assert_found(&f, "/exec/E/t/metrics", "both/x", "\"both\":\"x\"");
	assert_found(&f, "/exec/E/metrics", "run/a", "\"run\":\"a\"");
	see(&f, "/exec/E/t/metrics/tags/both/x/m.csv", &between);

	say_of_two(&f, first, other);
	say_plain(&f, other, "m", plain_after);
	assert_found(&f, "/exec/E/t/metrics", "both/x", "\"both\":\"x\"");
	assert_found(&f, "/exec/E/t/metrics", "run/a", "\"run\":\"a\"");
	assert_found(&f, "/exec/E/t/metrics", "only a/1", "\"only a\":\"1\"");
	assert_int_equal(walk(&f, paths[0]).attributes.inode, seen[0].entry.attributes.inode);

	record_begin(&f, &a);
	record_begin(&f, &b);
	assert_list(&f, "/exec/E/t/metrics", "tags\n");
	assert_list(&f, "/exec/E/t/metrics/tags", "");
	assert_found(&f, "/metrics", "both/x", "\"both\":\"x\"");
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
			assert_seen(&f, &seen[i]);
		assert_seen(&f, &between);
		fixture_forget(&f);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		buf_finish(&seen[i].text);
	buf_finish(&between.text);
}

static void retries_before_and_after_the_switch(void **state)
{
	static const unsigned counts[] = {0, 120, 235, 240, 245, 256, 600};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k += 2)
			retries(counts[i], counts[k]);
}

/* An import records all of a run at once: two attempts in one update. */

struct import {
	unsigned points;
	usec_t now;
};

static int import_attempt(struct txn *txn, const struct import *import, const char *tag)
{
	static const struct bytes value = BYTES_LITERAL("v");
	const struct tag tags[] = {{bytes_of(tag), BYTES_LITERAL("x")}, {BYTES_LITERAL("both"), BYTES_LITERAL("x")}};
	const struct identity who = {.namespace = BYTES_LITERAL("dev"),
				     .flow = BYTES_LITERAL("flow"),
				     .execution = BYTES_LITERAL("E"),
				     .task = BYTES_LITERAL("t"),
				     .taskrun = BYTES_LITERAL("R"),
				     .values = &value,
				     .n_values = 1};
	const struct metric metric = {.name = BYTES_LITERAL("m"), .value = 1, .tags = tags, .n_tags = 2};
	const struct message message = {.metrics = &metric, .n_metrics = 1};
	struct attempt attempt;
	struct error e = {""};
	int r = record_attempt_begin(txn, &who, import->now, &attempt, &e);

	for (unsigned i = 0; !r && i < import->points; i++)
		r = record_message(txn, attempt.id, &message, import->now);
	return r;
}

static int import_run(struct txn *txn, void *context)
{
	int r = import_attempt(txn, context, "first");

	return r ? r : import_attempt(txn, context, "second");
}

static void two_attempts_in_one_update(void **state)
{
	static const unsigned counts[] = {1, 60, 100, 300};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct fixture f autofixture;
		struct import *import;

		fixture_init(&f);
		import = recorder_memory(f.recorder, sizeof(*import));
		*import = (struct import){counts[i], f.now};
		assert_int_equal(recorder_update(f.recorder, import_run, import), 0);
		assert_list(&f, "/exec/E/metrics/tags", "first\nboth\nsecond\n");
		assert_list(&f, "/exec/E/t/metrics/tags", "both\nsecond\n");
		assert_found(&f, "/exec/E/t/metrics", "both/x", "\"both\":\"x\"");
		assert_found(&f, "/exec/E/metrics", "first/x", "\"first\":\"x\"");
		assert_false(is_there(&f, "/exec/E/t/metrics/tags/first/x"));
	}
}

/* A run's folder gets one below it: what it shows is then its own and theirs, and the tags with it. */
static void a_run_that_gets_runs_below(void **state)
{
	static const unsigned counts[] = {0, 250, 300};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct fixture f autofixture;
		event_t own, below;

		fixture_init(&f);
		own = record_begin(&f, WHO("dev/flow/E/t"));
		record_says(&f, own, "{\"metrics\":[{\"name\":\"z\",\"type\":\"counter\",\"value\":1,\"tags\":{\"late\":1,\"a\":1}}]}");
		say_point(&f, own, "{\"a\":1}");
		say_plain(&f, own, "m", counts[i]);
		say_point(&f, own, "{\"a\":2,\"late\":1}");
		assert_list(&f, RUN_METRICS "/tags", "late\na\n");
		below = record_begin(&f, WHO("dev/flow/E/t", "v"));
		assert_found(&f, RUN_METRICS, "a/1", "\"a\":\"1\"");
		assert_list(&f, RUN_METRICS "/tags", "late\na\n");
		say_point(&f, below, "{\"a\":1}");
		assert_found(&f, RUN_METRICS, "a/1", "\"a\":\"1\"");
		assert_found(&f, RUN_METRICS, "a/2", "\"a\":\"2\"");
		assert_found(&f, "/exec/E/t/runs/v/metrics", "a/1", "\"a\":\"1\"");
		record_begin(&f, WHO("dev/flow/E/t"));
		assert_found(&f, RUN_METRICS, "a/1", "\"a\":\"1\"");
		assert_false(is_there(&f, RUN_METRICS "/tags/a/2"));
		assert_false(is_there(&f, RUN_METRICS "/tags/late"));
		assert_list(&f, RUN_METRICS "/tags", "a\n");
	}
}

/* A tree that shows one namespace: its points and those of the namespaces below. */
static void tags_of_a_namespace(void **state)
{
	static const char *const flows[] = {"dev/flow/E/t", "dev.sub/flow/F/t", "other/flow/G/t"};

	(void)state;
	for (unsigned plain = 0; plain < 600; plain += 300) {
		struct fixture f autofixture;
		struct error e = {""};

		fixture_init(&f);
		for (size_t i = 0; i < sizeof(flows) / sizeof(*flows); i++) {
			event_t attempt = record_begin(&f, WHO(flows[i]));

			say_point(&f, attempt, i == 1 ? "{\"a\":1,\"sub\":1}" : i == 2 ? "{\"a\":1,\"other\":1}" : "{\"a\":1}");
			say_plain(&f, attempt, "m", plain);
		}
		assert_int_equal(tree_new(f.dir, "dev", &f.tree, &e), 0);
		assert_list(&f, "/metrics", "tags\nm.json\nm.csv\nm.prom\nm.svg\n");
		assert_list(&f, "/metrics/tags", "a\nsub\n");
		assert_list(&f, "/metrics/tags/a/1", "m.json\nm.csv\nm.prom\nm.svg\n");
		assert_found(&f, "/metrics", "a/1", "\"a\":\"1\"");
		assert_found(&f, "/metrics", "sub/1", "\"sub\":\"1\"");
		assert_false(is_there(&f, "/metrics/tags/other"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_to_a_thousand_points),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(the_folder_itself),
		cmocka_unit_test(metrics_that_share_a_tag),
		cmocka_unit_test(listings_that_go_on_over_the_switch),
		cmocka_unit_test(names_given_before_the_switch),
		cmocka_unit_test(names_are_kept_as_long_as_they_hold),
		cmocka_unit_test(names_cut_to_the_same_beginning),
		cmocka_unit_test(names_that_need_encoding),
		cmocka_unit_test(more_tags_than_places),
		cmocka_unit_test(a_tag_behind_the_places),
		cmocka_unit_test(retries_before_and_after_the_switch),
		cmocka_unit_test(two_attempts_in_one_update),
		cmocka_unit_test(a_run_that_gets_runs_below),
		cmocka_unit_test(tags_of_a_namespace),
	};

	return cmocka_run_group_tests_name("tree tags", tests, NULL, NULL);
}
