/*
 * Fills a store with executions and points, as helpers would have recorded them, through the store's own interface but
 * many to a transaction. The same options and seed make the same events. Not installed.
 *
 * A transaction may be run again (the map was full), so all that a run changes is one `struct progress`, copied before
 * and kept after.
 */
#include "core/base/cleanup.h"
#include "core/base/ids.h"
#include "core/store/record.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char usage[] =
	"usage: kestrafs-generate --store DIR [OPTION]…\n"
	"\n"
	"Fills the store in DIR with executions that have ended.\n"
	"\n"
	"  --executions N    how many (1000)\n"
	"  --points N        points, spread evenly over them (two each)\n"
	"  --tasks N         task runs of each (3)\n"
	"  --outputs N       outputs of each task run (3)\n"
	"  --flows N         flows they belong to in turn (4)\n"
	"  --metric NAME[:TYPE[:TAG]]   a metric, with a tag of that name; may be repeated: points take them in turn\n"
	"                    (nr_rows:counter:partition and processing_time:timer:partition)\n"
	"  --parallel N      executions that run at once, their events mixed in the log (1)\n"
	"  --commit N        events in a transaction, about (50000)\n"
	"  --seed N          another choice of ids, values and times (1)\n"
	"\n"
	"Prints what it did, how long it took and how large the data file is now. Exit: 0 done; 1 something is wrong; 2 wrong usage\n";

#define LANES_MOST 256
#define METRICS_MOST 64
#define OUTPUTS_MOST 1000
#define TEXT_SIZE 64

/* What a helper has gathered when it commits. */
#define TURN_POINTS 100

/* 2026-01-01T00:00:00Z */
#define START (INT64_C(1767225600) * USEC_PER_SEC)

struct metric_plan {
	char *name;
	enum metric_type type;
	char *tag; /* NULL: none */
};

struct plan {
	const char *store;
	uint64_t executions, points, tasks, outputs, flows, parallel, commit, seed;
	bool points_given;
	struct metric_plan metrics[METRICS_MOST];
	size_t n_metrics;
};

/* An execution under way. */
struct lane {
	uint64_t execution;
	uint64_t task;
	event_t attempt; /* 0 between two task runs */
	uint64_t point;	 /* the next of this task run, counted over the whole store */
	uint64_t end;	 /* the one after its last */
};

struct progress {
	uint64_t next; /* execution to begin */
	uint64_t turn;
	uint64_t random;
	usec_t now;
	struct lane lanes[LANES_MOST];
};

struct work {
	const struct plan *plan;
	struct progress from, to;
	struct error error;
	bool ended;
};

/* Chance. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators": SplitMix64. */

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t chance(struct progress *p, uint64_t below)
{
	p->random += UINT64_C(0x9e3779b97f4a7c15);
	return mix(p->random) % below;
}

static void wait_between(struct progress *p, usec_t least, usec_t most)
{
	p->now += least + (usec_t)chance(p, (uint64_t)(most - least));
}

/* As id_fresh, but always the same for the same things. */
static void make_id(const struct plan *plan, uint64_t execution, uint64_t task, char ret[ID_FRESH_LEN + 1])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t state = mix(mix(plan->seed) + mix(execution) + task + 1);

	for (int i = 0; i < ID_FRESH_LEN; i++) {
		state = mix(state + UINT64_C(0x9e3779b97f4a7c15));
		ret[i] = letters[state % (sizeof(letters) - 1)];
	}
	ret[ID_FRESH_LEN] = '\0';
}

/* Who */

struct names {
	char flow[TEXT_SIZE], execution[ID_FRESH_LEN + 1], task[TEXT_SIZE], taskrun[ID_FRESH_LEN + 1];
};

static struct identity identify(const struct plan *plan, const struct lane *lane, struct names *names)
{
	snprintf(names->flow, sizeof(names->flow), "flow_%" PRIu64, lane->execution % plan->flows);
	snprintf(names->task, sizeof(names->task), "task_%" PRIu64, lane->task);
	make_id(plan, lane->execution, 0, names->execution);
	make_id(plan, lane->execution, lane->task + 1, names->taskrun);
	return (struct identity){
		.namespace = BYTES_LITERAL("dev"),
		.flow = bytes_of(names->flow),
		.execution = bytes_of(names->execution),
		.task = bytes_of(names->task),
		.taskrun = bytes_of(names->taskrun),
	};
}

/* What a task run prints */

struct output_text {
	char name[TEXT_SIZE], value[TEXT_SIZE];
};

/* In turn an array, a number, a string and an object. */
static void make_output(struct progress *p, uint64_t i, struct output_text *ret)
{
	unsigned n = (unsigned)chance(p, 1000);

	snprintf(ret->name, sizeof(ret->name), i ? "output_%" PRIu64 : "partitions", i);
	switch (i % 4) {
	case 0:
		snprintf(ret->value, sizeof(ret->value), "[\"file_%u.parquet\",\"file_%u.parquet\"]", n, n + 1);
		break;
	case 1:
		snprintf(ret->value, sizeof(ret->value), "%u", n);
		break;
	case 2:
		snprintf(ret->value, sizeof(ret->value), "\"s3://bucket/file_%u.parquet\"", n);
		break;
	default:
		snprintf(ret->value, sizeof(ret->value), "{\"rows\":%u,\"good\":true}", n);
	}
}

static int print_outputs(struct txn *txn, const struct plan *plan, struct progress *p, event_t attempt)
{
	autofree struct output_text *texts = calloc(plan->outputs + 1, sizeof(*texts));
	autofree struct output *outputs = calloc(plan->outputs + 1, sizeof(*outputs));
	struct message message = {.outputs = outputs, .n_outputs = plan->outputs};

	if (!texts || !outputs)
		return -ENOMEM;
	for (uint64_t i = 0; i < plan->outputs; i++) {
		make_output(p, i, &texts[i]);
		outputs[i] = (struct output){bytes_of(texts[i].name), bytes_of(texts[i].value)};
	}
	return plan->outputs ? record_message(txn, attempt, &message, p->now) : 0;
}

/* One message a point, as scripts print them. */
static int print_point(struct txn *txn, const struct plan *plan, struct progress *p, event_t attempt, uint64_t point)
{
	const struct metric_plan *metric = &plan->metrics[point % plan->n_metrics];
	char value[TEXT_SIZE];
	struct tag tag = {.name = bytes_of(metric->tag ? metric->tag : "")};
	struct metric made = {
		.name = bytes_of(metric->name),
		.type = metric->type,
		.value = metric->type == METRIC_COUNTER ? (double)chance(p, 1000) : (double)chance(p, 10000) / 1000,
		.tags = &tag,
		.n_tags = metric->tag != NULL,
	};
	struct message message = {.metrics = &made, .n_metrics = 1};

	snprintf(value, sizeof(value), "file_%" PRIu64 ".parquet", point / plan->n_metrics % 9 + 1);
	tag.value = bytes_of(value);
	wait_between(p, 1000, 10000);
	return record_message(txn, attempt, &message, p->now);
}

/* A lane's life: each turn is what one helper would commit at once. */

/* Points of all task runs before this one. */
static uint64_t points_before(const struct plan *plan, uint64_t execution, uint64_t task)
{
	uint64_t runs = plan->executions * plan->tasks, run = execution * plan->tasks + task;

	return plan->points / runs * run + plan->points % runs * run / runs;
}

static int begin_run(struct txn *txn, struct work *w, struct lane *lane)
{
	struct names names;
	struct identity who = identify(w->plan, lane, &names);
	struct attempt attempt;
	int r;

	wait_between(&w->to, 50000, 500000);
	r = record_attempt_begin(txn, &who, w->to.now, &attempt, &w->error);
	if (r < 0)
		return r;
	lane->attempt = attempt.id;
	lane->point = points_before(w->plan, lane->execution, lane->task);
	lane->end = points_before(w->plan, lane->execution, lane->task + 1);
	wait_between(&w->to, 10000, 200000);
	return print_outputs(txn, w->plan, &w->to, lane->attempt);
}

static int end_execution(struct txn *txn, struct work *w, struct lane *lane)
{
	struct names names;
	struct identity who = identify(w->plan, lane, &names);
	int r = record_execution_end(txn, &who, STATE_NONE, w->to.now, &w->error);

	*lane = (struct lane){.execution = w->to.next++};
	wait_between(&w->to, 100000, 20 * USEC_PER_SEC);
	return r;
}

static int end_run(struct txn *txn, struct work *w, struct lane *lane)
{
	bool failed = chance(&w->to, 100) == 0;
	int r;

	wait_between(&w->to, 10000, 500000);
	r = record_attempt_end(txn, lane->attempt, failed ? STATE_FAILED : STATE_SUCCESS, failed, w->to.now);
	lane->attempt = 0;
	if (r < 0 || ++lane->task < w->plan->tasks)
		return r;
	return end_execution(txn, w, lane);
}

static int take_turn(struct txn *txn, struct work *w, struct lane *lane, uint64_t most, uint64_t *events)
{
	uint64_t n = lane->end - lane->point < most ? lane->end - lane->point : most;

	if (!lane->attempt) {
		*events += 1 + w->plan->outputs;
		return begin_run(txn, w, lane);
	}
	*events += n + 1;
	for (uint64_t i = 0; i < n; i++) {
		int r = print_point(txn, w->plan, &w->to, lane->attempt, lane->point + i);

		if (r < 0)
			return r;
	}
	lane->point += n;
	return lane->point == lane->end && n < most ? end_run(txn, w, lane) : 0;
}

/* One transaction. */
static int fill(struct txn *txn, void *context)
{
	struct work *w = context;
	uint64_t most = w->plan->commit < TURN_POINTS ? w->plan->commit : TURN_POINTS;
	uint64_t idle = 0, events = 0;

	w->to = w->from;
	while (events < w->plan->commit && idle < w->plan->parallel) {
		struct lane *lane = &w->to.lanes[w->to.turn++ % w->plan->parallel];
		int r = lane->execution < w->plan->executions ? take_turn(txn, w, lane, most, &events) : 0;

		if (r < 0)
			return r;
		idle = lane->execution < w->plan->executions ? 0 : idle + 1;
	}
	w->ended = idle == w->plan->parallel;
	return 0;
}

static int fill_all(struct store *s, struct work *w)
{
	int r = 0;

	w->from.now = START;
	w->from.random = mix(w->plan->seed);
	for (w->from.next = 0; w->from.next < w->plan->parallel; w->from.next++)
		w->from.lanes[w->from.next].execution = w->from.next;
	while (!r && !w->ended) {
		r = store_update(s, STORE_SOON, fill, w);
		w->from = w->to;
	}
	return r;
}

static int nothing(struct txn *txn, void *context)
{
	(void)txn;
	(void)context;
	return 0;
}

static int generate(const struct plan *plan, struct error *e)
{
	struct work w = {.plan = plan};
	struct store *s;
	int r = store_open(plan->store, STORE_CREATE, &s, e);

	if (r < 0)
		return r;
	r = fill_all(s, &w);
	if (!r)
		r = store_update(s, STORE_SYNC, nothing, NULL);
	if (r < 0)
		*e = w.error;
	store_close(s);
	return r;
}

/* Options */

static void parse_metric(struct plan *plan, char *text)
{
	static const char *const types[METRIC_TYPES] = {[METRIC_COUNTER] = "counter", [METRIC_TIMER] = "timer", [METRIC_GAUGE] = "gauge"};
	struct metric_plan *metric = &plan->metrics[plan->n_metrics++];
	char *type;

	metric->name = strsep(&text, ":");
	type = strsep(&text, ":");
	metric->tag = text;
	metric->type = METRIC_COUNTER;
	for (int i = 0; type && i < METRIC_TYPES; i++)
		if (strcmp(type, types[i]) == 0)
			metric->type = (enum metric_type)i;
}

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret >= least && *ret <= most;
}

static bool parse_options(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		{"store", required_argument, NULL, 0},
		{"metric", required_argument, NULL, 0},
		{"executions", required_argument, NULL, 0},
		{"points", required_argument, NULL, 0},
		{"tasks", required_argument, NULL, 0},
		{"outputs", required_argument, NULL, 0},
		{"flows", required_argument, NULL, 0},
		{"parallel", required_argument, NULL, 0},
		{"commit", required_argument, NULL, 0},
		{"seed", required_argument, NULL, 0},
		{NULL, 0, NULL, 0},
	};
	struct {
		uint64_t *value, least, most;
	} numbers[] = {
		{NULL, 0, 0},
		{NULL, 0, 0},
		{&plan->executions, 1, 100000000},
		{&plan->points, 0, UINT64_C(10000000000)},
		{&plan->tasks, 1, 10000},
		{&plan->outputs, 0, OUTPUTS_MOST},
		{&plan->flows, 1, 1000000},
		{&plan->parallel, 1, LANES_MOST},
		{&plan->commit, 1, 10000000},
		{&plan->seed, 0, UINT64_MAX},
	};
	int option, i;

	while ((option = getopt_long(argc, argv, "", options, &i)) == 0) {
		if (i == 0)
			plan->store = optarg;
		else if (i == 1 && plan->n_metrics < METRICS_MOST)
			parse_metric(plan, optarg);
		else if (i == 1 || !parse_number(optarg, numbers[i].least, numbers[i].most, numbers[i].value))
			return false;
		if (i == 3)
			plan->points_given = true;
	}
	return option == -1 && optind == argc && plan->store;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const struct plan *plan, double seconds)
{
	autofree char *path = NULL;
	struct stat data = {0};

	if (asprintf(&path, "%s/data.mdb", plan->store) >= 0 && stat(path, &data) == 0)
		printf("%" PRIu64 " executions, %" PRIu64 " task runs, %" PRIu64 " outputs, %" PRIu64 " points: %.2f s, %" PRIu64
		       " bytes\n",
		       plan->executions, plan->executions * plan->tasks, plan->executions * plan->tasks * plan->outputs, plan->points,
		       seconds, (uint64_t)data.st_blocks * 512);
}

int main(int argc, char **argv)
{
	char rows[] = "nr_rows:counter:partition", seconds[] = "processing_time:timer:partition";
	struct plan plan = {.executions = 1000, .tasks = 3, .outputs = 3, .flows = 4, .parallel = 1, .commit = 50000, .seed = 1};
	struct error e = {""};
	double start = seconds_now();
	int r;

	if (!parse_options(argc, argv, &plan)) {
		fputs(usage, stderr);
		return 2;
	}
	if (!plan.n_metrics) {
		parse_metric(&plan, rows);
		parse_metric(&plan, seconds);
	}
	if (!plan.points_given)
		plan.points = 2 * plan.executions;
	r = generate(&plan, &e);
	if (r < 0) {
		fprintf(stderr, "kestrafs-generate: %s\n", *e.text ? e.text : strerror(-r));
		return 1;
	}
	report(&plan, seconds_now() - start);
	return 0;
}
