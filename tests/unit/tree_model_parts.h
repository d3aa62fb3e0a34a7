/*
 * The parts of the model of the tree: what was recorded (tree_model.c), its points (tree_model_points.c); what is shown: documents of
 * executions and runs (tree_model_show.c), metrics folders (tree_model_metrics.c), points as tables (tree_model_csv.c).
 */
#pragma once

#include "tests/unit/tree_model.h"

#define MOST 256
#define POINTS_MOST 20000
#define NAMES_MOST 8192
#define TAGS_MOST 32768

/* Of one point: those behind are in no folder of `tags`. */
#define TAGS_FOUND 256

#define EXECUTIONS 3
#define OUTPUTS 4
#define METRICS 3

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

struct model_identity {
	const char *id, *namespace, *flow;
};

extern const struct model_identity model_identities[EXECUTIONS];
extern const char *const metric_names[METRICS];
extern const char *const type_names[METRIC_TYPES];

struct output_of {
	const char *name;
	struct buf json;
};

struct model_attempt {
	int run;
	event_t id;
	unsigned number;
	enum state state;
	int exit_code;
	usec_t begin, end;
	struct output_of outputs[OUTPUTS];
	size_t n_outputs;
	struct buf log, warnings;
};

struct model_run {
	int execution, folder;
	const char *const *values;
	char taskrun[151];
	int attempts[MOST];
	size_t n_attempts;
};

/* Of points that a folder of runs took, the later retries notwithstanding: names stand in the order of the first; whether one had tags. */
struct taken {
	int first[METRICS]; /* number of the point, from 1; 0: none */
	bool tagged;
};

struct model_folder {
	int execution, above; /* above: -1 of a task */
	int run;	      /* -1: none of its own */
	bool has_below;
	struct buf entry, key;
	struct taken taken; /* where it has runs below */
};

struct history {
	enum state state;
	usec_t time;
};

struct model_execution {
	const char *id; /* NULL: not yet */
	bool begun, closed;
	enum state given;
	usec_t begin;
	struct history histories[MOST];
	size_t n_histories;
	struct buf warnings;
	const char *label; /* value of the one label */
};

/* Equal ones are one. They are listed in the order in which they were recorded first: `rank`, from 1. */
struct model_tag_name {
	struct bytes text;
	int id;
	int rank;
};

struct model_tag {
	struct model_tag_name *name;
	struct bytes value;
	int id;
	int rank;
};

struct model_point {
	int attempt;
	unsigned metric;
	enum metric_type type;
	double value;
	usec_t time;
	struct model_tag **tags;
	size_t n_tags;
	struct buf json;
	struct buf cells; /* of its row, but those of tags */
};

/* How much is said, and with how many tags: so that one history has few points, another very many. */
struct mood {
	unsigned usual; /* points of a usual message: fewer than */
	unsigned flood; /* one message in so many is a flood */
	unsigned tags;	/* of a usual point: fewer than */
	unsigned laden; /* one point in so many has very many tags */
};

struct model {
	struct model_execution executions[EXECUTIONS];
	int order[EXECUTIONS];
	size_t n_executions;
	struct model_folder folders[MOST];
	int n_folders;
	struct model_run runs[MOST];
	int n_runs;
	struct model_attempt attempts[MOST];
	int n_attempts;

	const struct mood *mood;
	struct model_point points[POINTS_MOST];
	int n_points;
	struct model_tag_name *names[NAMES_MOST]; /* by id */
	struct model_tag_name *name_slots[NAMES_MOST];
	struct model_tag *tag_slots[TAGS_MOST];
	int n_names, n_tags, n_ranks;

	void (*visit)(void *context, const struct expected *expected);
	void *context;
	struct buf contents;
};

/* tree_model.c */
int model_latest(const struct model *m, int run);
bool model_is_below(const struct model *m, int folder, int above);
/** Of the runs of an execution, `folder` -1, or of those in one of its folders; of an execution itself. */
enum state model_worst(const struct model *m, int execution, int folder);
enum state model_state(const struct model *m, int execution);
const char *model_task(const struct model *m, const struct model_run *run);
void add_time(struct buf *b, usec_t time);
/** One value as a JSON string, several as an array of them; nothing: nothing. */
void add_values(struct buf *b, const char *const *values);

/* tree_model_points.c */
/** Some metrics of a message, to be recorded at `now`; noted as if they will be. */
void points_say(struct model *m, int attempt, usec_t now, struct buf *ret);
/** A folder with a run gets the first one below: from now on it takes points of its own, and has those of its run. */
void points_move_up(struct model *m, int folder);
void points_finish(struct model *m);

/* tree_model_show.c */
char *path_join(const char *folder, const char *name);
/** Shows m->contents as a file, or as a folder's names. */
void show_file(struct model *m, const char *folder, const char *name);
void show_opaque(struct model *m, const char *folder, const char *name);
void show_folder(struct model *m, const char *path);

/* tree_model_metrics.c */
/** Which points: of one attempt, of a folder's latest attempts, of an execution, of a flow (by one of its executions), of everything. */
struct filter {
	int attempt, folder, execution, flow; /* -1: no matter */
};

/** `metrics` and `metrics.json` of a folder. */
void show_metrics(struct model *m, const char *folder, struct filter filter);

/* tree_model_csv.c */
/** Points in the log's order, by their numbers. */
struct points {
	const int *at;
	size_t n;
};

/** The points of one metric of them as a table. */
void add_table(struct model *m, const struct points *points, unsigned metric, struct buf *ret);
void add_cell(struct buf *b, struct bytes text);
