/*
 * A store is files mapped into memory. Where their disk is full or broken, or one of them was cut short, looking at them is SIGBUS, and
 * that would be the end of the program and of the command's output. So the one thread that looks at them can be cut off instead.
 */
#pragma once

#include <stdbool.h>

/**
 * Runs function(context) in this thread. False: a SIGBUS has cut it off, wherever it was. What it held is not given back but by the
 * thread's end, which has to come soon: LMDB's lock is among it. SIGBUS must not be blocked. A SIGBUS of any other thread does what it
 * always does.
 */
bool fault_guard(void (*function)(void *context), void *context);
