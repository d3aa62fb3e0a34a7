/*
 * report.html: the page of an execution, written item by item. An item (a row, a picture) is made in `out` and then
 * either kept whole, that is written out, or dropped whole, where the page has a fixed size and no more room for its
 * section. For the files report*.c alone.
 */
#pragma once

#include "core/store/path.h"
#include "core/store/series.h"
#include "fs/document/document.h"
#include "fs/document/sink.h"

/* Limits of every page. */
#define REPORT_LABELS_MOST 50
#define REPORT_PLOTS_MOST 100
#define REPORT_WARNINGS_MOST 100
#define REPORT_POINTS_DRAWN 1000000 /* a picture of more points, with those before it, is not drawn */

/* Of a page of fixed size, for an execution with more points or more runs and outputs than POINTS_RENDERED_MOST. */
#define REPORT_BYTES ((uint64_t)1 << 20)
#define REPORT_RUNS_MOST 200
#define REPORT_OUTPUTS_MOST 500

/*
 * Where each section of such a page ends at the latest: with room before for what comes between its last item and the
 * first of the next (REPORT_BETWEEN). What one leaves free the next ones have.
 */
#define KIB(n) ((uint64_t)(n) << 10)
#define REPORT_BETWEEN KIB(4)
#define REPORT_HEAD_END KIB(48)
#define REPORT_RUNS_END KIB(320)
#define REPORT_OUTPUTS_END KIB(640)
#define REPORT_METRICS_END KIB(736)
#define REPORT_PLOTS_END KIB(944)
#define REPORT_WARNINGS_END KIB(1008)

struct page {
	struct document *d;
	struct sink *sink;
	struct buf out; /* the item under way, empty between items */
	int error;
	event_t version;
	event_t execution;
	struct event event;		/* the execution's first */
	bool whole;			/* shows everything; else it has the fixed size */
	uint64_t points, runs, outputs; /* how many, where it is whole */
};

/**
 * Ends an item: true where it was kept. False where it would not fit before `end`, or none after it will be read: then the section ends.
 */
bool page_keep(struct page *p, uint64_t end);

/** Ends an item that always fits. */
void page_write(struct page *p);

/** The first error sticks. */
void page_fail(struct page *p, int error);

/** `<h2>` with an anchor, and how many there are where that is known (whole pages). */
void page_section(struct page *p, const char *anchor, const char *title, uint64_t count);

/** A line below a section: why it is empty, or what it leaves out. */
void page_note(struct page *p, const char *text);

/* In the order of the page: what stands above the sections, the sections, what stands below. */
void report_head(struct page *p);
void report_runs(struct page *p);
void report_outputs(struct page *p);
void report_metrics(struct page *p);
void report_warnings(struct page *p);
void report_foot(struct page *p);

/** How many points there are, counted no further than beyond `most`. */
uint64_t report_count_points(struct page *p, uint64_t most);

/** The next run as of the page's version, with its latest attempt. */
struct page_run {
	event_t id; /* 0 before the first */
	event_t attempt;
	struct attempt_record record;
	struct event event; /* the attempt's */
};

bool report_run_next(struct page *p, struct page_run *run);

void report_style(struct buf *b);

/*
 * Pieces of HTML (report_html.c). Whatever the text, it stays text; as names and values come from anywhere, each is
 * isolated for its direction.
 */

#define HTML_NAME_MOST 200  /* bytes of a name that are shown */
#define HTML_VALUE_MOST 300 /* of a value */
#define HTML_PATH_MOST 600
#define HTML_CAPTION_MOST 80

/** At most `most` bytes of the text, in a `<bdi>`. */
void html_add(struct buf *b, struct bytes text, size_t most);

/** The same of the inside of a JSON string. */
void html_add_decoded(struct buf *b, struct bytes inside, size_t most);

/** An output's value (canonical JSON), cut; true where something of it was left out. Reads no more of it than it shows. */
bool html_add_value(struct buf *b, struct bytes value);

/** A moment to the millisecond; a duration. Exact in the element's attribute. */
void html_add_time(struct buf *b, usec_t t);
void html_add_duration(struct buf *b, usec_t span);

/** For reading: six digits, thousands apart; exact in the element's attribute. */
void html_add_number(struct buf *b, double x);
void html_add_count(struct buf *b, uint64_t n);
void html_add_size(struct buf *b, uint64_t bytes);

/** The word in its colour. */
void html_add_state(struct buf *b, enum state state);

/** A run's values; an em dash where there is none. */
void html_add_values(struct buf *b, const struct run_path *path);

/** A link from the page to what lies at `path` in the execution's folder; at most `most` bytes of `text` (raw) are what it shows. */
void html_add_link(struct buf *b, struct bytes path, struct bytes text, size_t most);

/** A run's folder in the execution's. */
void report_run_path(const struct run_path *path, struct buf *ret);
