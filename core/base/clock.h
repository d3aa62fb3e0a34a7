/* Time is microseconds since 1970-01-01T00:00:00Z, UTC, without leap seconds, everywhere in the program. */
#pragma once

#include "core/base/bytes.h"

#include <stdint.h>

typedef int64_t usec_t;

#define USEC_PER_SEC INT64_C(1000000)

/** Years 0001 to 9999: what RFC 3339 can write. */
#define USEC_MIN (INT64_C(-62135596800) * USEC_PER_SEC)
#define USEC_MAX (INT64_C(253402300800) * USEC_PER_SEC - 1)

/** `2026-11-22T10:00:00.123456Z` */
#define CLOCK_TEXT_LEN 27

/** The wall clock now. */
usec_t clock_now(void);

/** Writes exactly CLOCK_TEXT_LEN bytes, no NUL. `t` must lie in [USEC_MIN, USEC_MAX]. Fast: called for every point of a document. */
void clock_format(usec_t t, char ret_text[CLOCK_TEXT_LEN]);

/**
 * RFC 3339 section 5.6 with a zone (`Z`, `z`, `+hh:mm`; `T`, `t` or a blank between), a fraction of any length (cut to microseconds),
 * second 60 taken as the next second's 0. 0, or -EINVAL (also outside USEC_MIN…USEC_MAX).
 */
int clock_parse(struct bytes text, usec_t *ret_time);

/**
 * ISO-8601 duration with microseconds as Kestra writes them: `PT1.300000S`, `PT3661.000000S`; negative spans count as 0. NUL-terminated.
 */
#define CLOCK_DURATION_SIZE 32
void clock_format_duration(usec_t span, char ret_text[CLOCK_DURATION_SIZE]);

/**
 * A whole `P[nD][T[nH][nM][n[.n]S]]` as seconds; each number and the whole may have a sign, at least one component. 0 or -EINVAL. Letters
 * in either case. Source: java.time.Duration.parse, but a dot in the seconds needs a digit after it, and any number of them may follow.
 */
int clock_parse_duration(struct bytes text, double *ret_seconds);
