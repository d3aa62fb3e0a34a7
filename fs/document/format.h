/*
 * The formats that points and the history of an output are shown in: one row each in format.c, one file each. A format is
 * found by its suffix, and its row's number is part of its nodes' numbers.
 */
#pragma once

#include "fs/document/document.h"

struct format {
	const char *suffix;
	bool wide; /* of points, only where executions are seen together: in an execution, a flow, a namespace, over everything */
	struct contents points;	 /* KIND_SERIES; nothing: this format has none of these */
	struct contents history; /* KIND_HISTORY */
};

/** Format number `i`; NULL beyond the last. */
const struct format *format_at(unsigned i);

/** Cuts the suffix off a name: false where it has none of a format. */
bool format_of_name(struct bytes name, struct bytes *ret_stem, unsigned *ret_format);

/** Whether a scope shows its points in a format. */
bool format_in_scope(const struct format *format, struct scope scope);

/** Points drawn or counted one by one when a document is looked up; one of more has a fixed size. */
#define POINTS_RENDERED_MOST 10000

/* One file each. */
int render_points_json(struct document *d, struct sink *sink);
int size_points_json(struct document *d, uint64_t *ret_size);
int render_points_csv(struct document *d, struct sink *sink);
int size_points_csv(struct document *d, uint64_t *ret_size);
int render_points_prom(struct document *d, struct sink *sink);
int render_points_svg(struct document *d, struct sink *sink);
int size_points_svg(struct document *d, uint64_t *ret_size);
int render_history_json(struct document *d, struct sink *sink);
int size_history_json(struct document *d, uint64_t *ret_size);
int render_history_csv(struct document *d, struct sink *sink);
int size_history_csv(struct document *d, uint64_t *ret_size);
int render_history_svg(struct document *d, struct sink *sink);
int size_history_svg(struct document *d, uint64_t *ret_size);
