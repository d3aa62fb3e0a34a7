/*
 * A point as JSON: the one rendering that all metrics files show, whatever their scope. Here and not with the
 * documents, because its length is counted when a point is recorded: that is how the size of a file of a million points
 * is known without reading them.
 */
#pragma once

#include "core/store/series.h"

/** What follows `"tags":{…}` in every point of an attempt: `,"namespace":…}`, of its event. */
void point_suffix(const struct event *attempt, struct buf *ret);

/** What a point takes in an array of points: its text and the two bytes (`,` and a newline, or what closes the array) after it. */
uint64_t point_bytes(const struct event *point, size_t suffix_len);

/**
 * The same as the row of a table: `timestamp,value,type`, then what all points of an attempt have (point_csv_suffix: its
 * ids, values and number, each with a comma in front); cells of tags follow (columns.h), and the end of the line, which is counted here.
 */
void point_csv_suffix(const struct event *attempt, struct buf *ret);
uint64_t point_csv_bytes(const struct event *point, size_t suffix_len);
void point_csv_write(const struct event *point, struct bytes suffix, struct buf *ret);

/** Its value as a double. */
double point_value(const struct event *point);

/** What a series counts of it; the bytes are left open. */
struct series_point point_values(event_t number, const struct event *point);

/** Appends the point's text. */
void point_write(const struct event *point, struct bytes suffix, struct buf *ret);

/** counter, timer, gauge. */
const char *metric_type_name(enum metric_type type);

/** Appends a run's values: one as a string, several (a nested loop) as an array of strings. */
void values_write(struct list values, struct buf *ret);
