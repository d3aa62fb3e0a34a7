/*
 * How fast the store takes points and how fast the tree finds and reads, without a kernel in between. Not installed.
 *
 *     bench_store record DIR POINTS [TAGS]   one run prints one-metric messages; commits as a helper does, every 25 ms
 *     bench_store each DIR POINTS [TAGS]     the same, one commit a message
 *     bench_store read DIR                   of a store that kestrafs-generate has filled
 */
#include "core/base/cleanup.h"
#include "core/store/record.h"
#include "fs/tree/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define BATCH_SECONDS 0.025
#define TAGS_MOST 16
#define TEXT_SIZE 32
#define LOOKUPS 200000
#define CHUNK ((size_t)128 << 10)

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *what, int error)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, strerror(-error));
	exit(1);
}

static void check(const char *what, int error)
{
	if (error < 0)
		stop(what, error);
}

static double data_bytes(const char *dir)
{
	autofree char *path = NULL;
	struct stat data;

	if (asprintf(&path, "%s/data.mdb", dir) < 0 || stat(path, &data) < 0)
		stop(dir, -2);
	return (double)data.st_size;
}

/* Recording */

struct writer {
	event_t attempt;
	uint64_t from, to, end;
	bool each;
	size_t n_tags;
};

static int begin(struct txn *txn, void *context)
{
	const struct identity who = {
		.namespace = BYTES_LITERAL("dev"),
		.flow = BYTES_LITERAL("partitions"),
		.execution = BYTES_LITERAL("6s1egIkxu3gpzzILDnyxTn"),
		.task = BYTES_LITERAL("partition"),
	};
	struct writer *w = context;
	struct attempt attempt;
	int r = record_attempt_begin(txn, &who, clock_now(), &attempt, NULL);

	w->attempt = attempt.id;
	return r;
}

static int record_one(struct txn *txn, const struct writer *w, uint64_t i)
{
	char names[TAGS_MOST][TEXT_SIZE], values[TAGS_MOST][TEXT_SIZE];
	struct tag tags[TAGS_MOST];
	struct metric metric = {
		.name = BYTES_LITERAL("nr_rows"), .type = METRIC_COUNTER, .value = (double)(i % 1000), .tags = tags, .n_tags = w->n_tags};
	struct message message = {.metrics = &metric, .n_metrics = 1};

	for (size_t t = 0; t < w->n_tags; t++) {
		snprintf(names[t], TEXT_SIZE, t ? "tag_%zu" : "partition", t);
		snprintf(values[t], TEXT_SIZE, "file_%" PRIu64 ".parquet", i % 9 + 1);
		tags[t] = (struct tag){bytes_of(names[t]), bytes_of(values[t])};
	}
	return record_message(txn, w->attempt, &message, clock_now());
}

static int batch(struct txn *txn, void *context)
{
	struct writer *w = context;
	double until = seconds_now() + (w->each ? 0 : BATCH_SECONDS);
	int r = 0;

	w->to = w->from;
	do
		r = record_one(txn, w, w->to++);
	while (!r && w->to < w->end && seconds_now() < until);
	return r;
}

static int end(struct txn *txn, void *context)
{
	struct writer *w = context;

	return record_attempt_end(txn, w->attempt, STATE_SUCCESS, 0, clock_now());
}

static void bench_record(const char *dir, struct writer *w)
{
	struct store *s;
	double start, seconds, before;

	check(dir, store_open(dir, STORE_CREATE, &s, NULL));
	before = data_bytes(dir);
	start = seconds_now();
	check("begin", store_update(s, STORE_SOON, begin, w));
	for (w->from = 0; w->from < w->end; w->from = w->to)
		check("record", store_update(s, STORE_SOON, batch, w));
	check("end", store_update(s, STORE_SYNC, end, w));
	seconds = seconds_now() - start;
	printf("%" PRIu64 " points, %zu tags: %.0f points/s, %.1f bytes a point\n", w->end, w->n_tags, (double)w->end / seconds,
	       (data_bytes(dir) - before) / (double)w->end);
	store_close(s);
}

/* Reading */

struct names {
	char **at;
	size_t n, size;
	uint64_t next;
};

static bool keep_name(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next)
{
	struct names *names = context;

	(void)type;
	(void)inode;
	if (names->n == names->size) {
		names->size = names->size ? names->size * 2 : 1024;
		names->at = realloc(names->at, names->size * sizeof(*names->at));
		if (!names->at)
			stop("names", -12);
	}
	names->at[names->n++] = strndup(name.data, name.len);
	names->next = next;
	return true;
}

static struct names list_all(struct tree *tree, node_t folder)
{
	struct names names = {0};
	enum keep keep;
	bool over = false;

	while (!over)
		check("list", tree_list(tree, folder, names.next, keep_name, &names, &keep, &over));
	return names;
}

static void look_up(struct tree *tree, node_t folder, const struct names *names)
{
	uint64_t random = 1;
	double start = seconds_now(), seconds;
	struct entry entry;

	for (int i = 0; i < LOOKUPS; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		check("lookup", tree_lookup(tree, folder, bytes_of(names->at[(random >> 33) % names->n]), &entry));
	}
	seconds = seconds_now() - start;
	printf("look up an execution of %zu: %.2f us, %.0f/s\n", names->n, seconds / LOOKUPS * 1e6, LOOKUPS / seconds);
}

static void bench_executions(struct tree *tree)
{
	double start = seconds_now(), seconds;
	struct entry folder;
	struct names names;

	check("/exec", tree_walk(tree, BYTES_LITERAL("/exec"), &folder));
	names = list_all(tree, folder.node);
	seconds = seconds_now() - start;
	printf("list exec: %zu names, %.1f ms, %.0f ns each\n", names.n, seconds * 1e3, seconds / (double)names.n * 1e9);
	if (names.n)
		look_up(tree, folder.node, &names);
	for (size_t i = 0; i < names.n; i++)
		free(names.at[i]);
	free(names.at);
}

static double time_read(struct tree *tree, node_t node, uint64_t offset, uint64_t *ret_bytes)
{
	static char data[CHUNK];
	double start = seconds_now();
	size_t len;

	*ret_bytes = 0;
	do {
		check("read", tree_read(tree, node, offset + *ret_bytes, data, CHUNK, &len));
		*ret_bytes += len;
	} while (len == CHUNK);
	return seconds_now() - start;
}

static void bench_metric(struct tree *tree, const char *path)
{
	double start, seconds;
	struct entry entry;
	uint64_t bytes;

	check(path, tree_walk(tree, bytes_of(path), &entry));
	start = seconds_now();
	for (int i = 0; i < LOOKUPS; i++)
		check(path, tree_walk(tree, bytes_of(path), &entry));
	printf("stat %s (%" PRIu64 " bytes): %.2f us\n", path, entry.attributes.size, (seconds_now() - start) / LOOKUPS * 1e6);
	seconds = time_read(tree, entry.node, 0, &bytes);
	printf("cat %s: %" PRIu64 " bytes, %.3f s, %.0f MB/s\n", path, bytes, seconds, (double)bytes / seconds / 1e6);
	printf("tail -c 100 %s: %.1f us\n", path, 1e6 * time_read(tree, entry.node, entry.attributes.size - 100, &bytes));
}

static void bench_read(const char *dir)
{
	struct tree *tree;

	check(dir, tree_new(dir, NULL, &tree, NULL));
	bench_executions(tree);
	bench_metric(tree, "/metrics/nr_rows.json");
	tree_free(tree);
}

int main(int argc, char **argv)
{
	struct writer w = {0};

	if (argc == 3 && strcmp(argv[1], "read") == 0) {
		bench_read(argv[2]);
		return 0;
	}
	if (argc < 4 || (strcmp(argv[1], "record") != 0 && strcmp(argv[1], "each") != 0)) {
		fputs("usage: bench_store record|each DIR POINTS [TAGS] | bench_store read DIR\n", stderr);
		return 2;
	}
	w.each = strcmp(argv[1], "each") == 0;
	w.end = strtoull(argv[3], NULL, 10);
	w.n_tags = argc > 4 ? strtoul(argv[4], NULL, 10) % (TAGS_MOST + 1) : 1;
	bench_record(argv[2], &w);
	return 0;
}
