/*
 * Names and texts as the Prometheus text format 0.0.4 takes them (docs/tree.md, "Prometheus"). The names of the project may be any UTF-8,
 * those of Prometheus may not: what has to be changed gets a part of its own digest, so that two never meet. A name depends on nothing but
 * what it stands for, so that a series keeps its name in every file and for ever.
 */
#pragma once

#include "core/base/buf.h"
#include "core/protocol/message.h"

/** What the samples of a type are to Prometheus: the word of its TYPE line. */
const char *prom_type(enum metric_type type);

/** Sets *ret to what the inside of a JSON string stands for; `quoted` is scratch. */
void prom_decode(struct bytes inside, struct buf *quoted, struct buf *ret);

/**
 * Appends the name of the family that the points of one type of a metric make: `kestra_<name>_total` of counters, `kestra_<name>_seconds`
 * of timers, `kestra_<name>` of gauges, with `_value` where that would look like another type's sample. Two metrics never make one family,
 * nor do two types of a metric, and none makes one of kestrafs.prom's: the counter `executions` gets its digest, as if changed.
 */
void prom_add_family(struct buf *b, struct bytes name, enum metric_type type);

/**
 * Appends the label of a tag: its name, `tag_<name>` where that is one of Prometheus' or ours. A tag that is already called like such a
 * label (`tag_task`) gets one more `tag_`, since both may stand at one point.
 */
void prom_add_label(struct buf *b, struct bytes tag);

/** Appends text as a label's value, without its quotes; as what a HELP line says. */
void prom_add_value(struct buf *b, struct bytes text);
void prom_add_help(struct buf *b, struct bytes text);

/** Appends a number; it may be infinite or none. */
void prom_add_number(struct buf *b, double x);
