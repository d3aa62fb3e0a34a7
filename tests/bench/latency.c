/*
 * How long single calls on files take: the median and the 99th of a hundred, in nanoseconds, on one line. Takes the
 * paths in turn. Not installed.
 *
 *     latency [-n CALLS] [-w CALLS] read|head|tail|stat PATH…
 *
 * read: open, read up to 64 KiB, close. head: the same with 4 KiB. tail: the same with the last 100 bytes. -w: so many
 * calls before, not counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char data[1 << 16];

static int read_at(const char *path, off_t from, int whence, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	if (whence == SEEK_END && lseek(fd, from, whence) < 0)
		n = -1;
	if (n == 0)
		n = read(fd, data, size);
	return close(fd) < 0 || n < 0 ? -1 : 0;
}

static int call_read(const char *path)
{
	return read_at(path, 0, SEEK_SET, sizeof(data));
}

static int call_head(const char *path)
{
	return read_at(path, 0, SEEK_SET, 4096);
}

static int call_tail(const char *path)
{
	return read_at(path, -100, SEEK_END, 100);
}

static int call_stat(const char *path)
{
	struct stat st;

	return stat(path, &st);
}

static const struct {
	const char *name;
	int (*call)(const char *path);
} calls[] = {{"read", call_read}, {"head", call_head}, {"tail", call_tail}, {"stat", call_stat}};

static int (*call_of(const char *name))(const char *)
{
	for (size_t i = 0; name && i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].call;
	return NULL;
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long time_call(int (*call)(const char *), const char *path)
{
	long long start = now();

	if (call(path) < 0) {
		fprintf(stderr, "latency: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	long long left = *(const long long *)a, right = *(const long long *)b;

	return (left > right) - (left < right);
}

static void measure(int (*call)(const char *), char **paths, size_t n_paths, size_t before, size_t n)
{
	long long *times = calloc(n, sizeof(*times));

	if (!times) {
		fputs("latency: out of memory\n", stderr);
		exit(1);
	}
	for (size_t i = 0; i < before; i++)
		time_call(call, paths[i % n_paths]);
	for (size_t i = 0; i < n; i++)
		times[i] = time_call(call, paths[i % n_paths]);
	qsort(times, n, sizeof(*times), compare);
	printf("%lld %lld\n", times[n / 2], times[n * 99 / 100]);
	free(times);
}

int main(int argc, char **argv)
{
	size_t n = 1, before = 0;
	int (*call)(const char *);
	int option;

	while ((option = getopt(argc, argv, "+n:w:")) != -1) {
		if (option == 'n')
			n = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			before = strtoul(optarg, NULL, 10);
	}
	call = optind < argc ? call_of(argv[optind]) : NULL;
	if (!call || optind + 1 >= argc || !n) {
		fputs("usage: latency [-n CALLS] [-w CALLS] read|head|tail|stat PATH...\n", stderr);
		return 2;
	}
	measure(call, argv + optind + 1, (size_t)(argc - optind - 1), before, n);
	return 0;
}
