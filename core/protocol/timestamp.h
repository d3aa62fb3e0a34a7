/* Seconds since 1970 written as a JSON number. */
#pragma once

#include "core/base/clock.h"

/** The time `number` (a JSON number's text) stands for, cut to microseconds towards zero. 0, or -EINVAL outside USEC_MIN…USEC_MAX. */
int timestamp_parse_seconds(struct bytes number, usec_t *ret_time);
