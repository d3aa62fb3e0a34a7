/* Where messages go: the terminal while there is one, the system log of a mount in the background. */
#pragma once

/** Messages of libfuse go to standard error, one line each with the program's name. */
void log_to_terminal(void);

/** Warnings and errors of libfuse go to the system log from now on. */
void log_to_system(void);
