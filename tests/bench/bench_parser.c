/*
 * How fast the parser watches: made-up streams in memory, fed in pieces of a pipe's size. Prints one line a stream: bytes and messages a
 * second, nanoseconds a message. Use: bench_parser [megabytes]
 */
#include "core/base/buf.h"
#include "core/protocol/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PIECE ((size_t)1 << 16)
#define LOG_LINE "2026-11-22 10:00:00,123 INFO  worker-7 reading partition file_%zu.parquet, %zu rows so far, nothing to report\n"
#define METRIC \
	"::{\"metrics\":[{\"name\":\"nr_rows\",\"type\":\"counter\",\"value\":%zu,\"tags\":{\"partition\":\"file_%zu.parquet\"}}]}::\n"
#define OUTPUT "::{\"outputs\":{\"test\":\"value\",\"int\":%zu,\"bool\":true,\"float\":3.65}}::\n"
#define JSON_LOG \
	"{\"time\":\"2026-11-22T10:00:00Z\",\"level\":\"info\",\"msg\":\"reading partition %zu\",\"rows\":%zu,\"err\":{\"code\":0}}\n"
#define BLOCK "::{\n  \"outputs\": {\n    \"rows\": %zu,\n    \"file\": \"file_%zu.parquet\"\n  }\n}::\n"

static void add_metric(struct buf *b, size_t i)
{
	buf_add_format(b, METRIC, i, i % 10);
}

static void add_output(struct buf *b, size_t i)
{
	buf_add_format(b, OUTPUT, i);
}

static void add_block(struct buf *b, size_t i)
{
	buf_add_format(b, BLOCK, i, i % 10);
}

static void add_log(struct buf *b, size_t i)
{
	buf_add_format(b, LOG_LINE, i % 10, i);
}

static void add_json_log(struct buf *b, size_t i)
{
	buf_add_format(b, JSON_LOG, i % 10, i);
}

static void add_log_with_messages(struct buf *b, size_t i)
{
	if (i % 100 == 0)
		add_metric(b, i);
	else
		add_log(b, i);
}

static void add_long_line(struct buf *b, size_t i)
{
	buf_add_format(b, i % 10000 == 0 ? "\n" : "progress %zu of very many; ", i);
}

static void add_big_array(struct buf *b, size_t i)
{
	if (i == 0)
		buf_add_text(b, "::{\"outputs\":{\"files\":[0");
	buf_add_format(b, ",\"file_%zu.parquet\",%zu", i, i);
	if (i % 100000 == 99999)
		buf_add_text(b, "]}}::\n::{\"outputs\":{\"files\":[0");
}

static const struct {
	const char *name;
	void (*add)(struct buf *b, size_t i);
} streams[] = {
	{"log lines", add_log},
	{"log lines, 1 % metrics", add_log_with_messages},
	{"lines of 256 KiB", add_long_line},
	{"JSON log lines", add_json_log},
	{"metrics", add_metric},
	{"outputs", add_output},
	{"blocks", add_block},
	{"arrays of 200000", add_big_array},
};

struct tally {
	size_t messages;
	size_t warnings;
};

static void on_message(void *context, const struct message *m)
{
	(void)m;
	((struct tally *)context)->messages++;
}

static void on_warning(void *context, struct bytes text)
{
	(void)text;
	((struct tally *)context)->warnings++;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double feed(struct bytes stream, struct tally *tally)
{
	const struct parser_handler handler = {on_message, on_warning, tally};
	bool hint_given = false;
	struct parser *p;
	double start;

	if (parser_new("stdout", DIALECT_DOC, MESSAGE_MAX_DEFAULT, &hint_given, &handler, &p))
		exit(1);
	start = seconds_now();
	for (size_t at = 0; at < stream.len; at += PIECE)
		parser_feed(p, stream.data + at, stream.len - at < PIECE ? stream.len - at : PIECE);
	parser_end(p);
	start = seconds_now() - start;
	parser_free(p);
	return start;
}

static void bench(size_t stream, size_t size)
{
	autobuf struct buf text = BUF_INIT;
	double best = 1e9;
	struct tally tally;

	for (size_t i = 0; text.len < size && !buf_error(&text); i++)
		streams[stream].add(&text, i);
	for (int i = 0; i < 5; i++) {
		double seconds;

		tally = (struct tally){0};
		seconds = feed(buf_bytes(&text), &tally);
		best = seconds < best ? seconds : best;
	}
	printf("%-24s %8.0f MB/s %10zu messages %6zu warnings", streams[stream].name, (double)text.len / best / 1e6, tally.messages,
	       tally.warnings);
	if (tally.messages)
		printf(" %8.0f ns each", best / (double)tally.messages * 1e9);
	putchar('\n');
}

int main(int argc, char **argv)
{
	size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		bench(i, megabytes * 1000000);
	return 0;
}
