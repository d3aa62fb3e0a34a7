/*
 * Memory that runs out: makes the n-th allocation of the program fail, and counts what is not given back. A test that
 * uses it is linked with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=strdup. For one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** From here the n-th allocation (0: the first) fails, and with `all` those after it too. */
void faults_begin(size_t nth, bool all);

/** Whether it has been. */
bool faults_met(void);

/** There is memory again, unless none has failed yet: then the next one does. What is taken still counts. */
void faults_over(void);

/** Back to normal. Whether there was such an allocation; asserts that nothing taken since is left. */
bool faults_end(void);
