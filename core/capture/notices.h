/*
 * Lines of our own on standard error. They have a thread, started with the first of them: a line may have to wait until the command has
 * ended its own, or until somebody reads standard error, and no stream may wait for that.
 */
#pragma once

#include "core/base/bytes.h"
#include "core/capture/sink.h"

#include <stdbool.h>

/** `kestrafs-capture: …` on standard error, now: for what ends the program or comes before the command. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct notices;

/** `err` is kept by pointer. With `quiet` nothing is ever printed. NULL where memory is wanting. */
struct notices *notices_new(struct sink *err, bool quiet);

/** Any thread; never waits for standard error. Text without the program's name and without a newline. */
void notices_add(struct notices *n, struct bytes text);

/** After `err` was settled: waits, 1 s at most, until all lines are out. False: nobody reads standard error; the thread is left behind. */
bool notices_end(struct notices *n);

/** Frees what notices_end was true for. Accepts NULL. */
void notices_free(struct notices *n);
