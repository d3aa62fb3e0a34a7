/*
 * What one message of a script says, once it has been found good: the parts that are recorded together or not at all. Everything points
 * into the parser's memory and lives until the handler returns.
 */
#pragma once

#include "core/base/bytes.h"
#include "core/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

enum metric_type { METRIC_COUNTER, METRIC_TIMER, METRIC_GAUGE, METRIC_TYPES };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_TRACE, LOG_LEVELS };

struct output {
	struct bytes name;  /* UTF-8, may hold NUL */
	struct bytes value; /* canonical JSON (json_canonical) */
};

struct tag {
	struct bytes name;  /* UTF-8 */
	struct bytes value; /* its text, UTF-8 */
};

struct metric {
	struct bytes name;
	enum metric_type type;
	double value; /* finite; a timer's in seconds */
	const struct tag *tags;
	size_t n_tags;
	bool has_timestamp; /* else the time of receipt */
	usec_t timestamp;
};

struct log_line {
	enum log_level level;
	struct bytes message; /* its text, UTF-8 */
};

struct message {
	const struct output *outputs;
	size_t n_outputs;
	const struct metric *metrics;
	size_t n_metrics;
	const struct log_line *logs;
	size_t n_logs;
};
