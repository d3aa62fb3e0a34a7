/*
 * --pty: a terminal for the command. Its output comes back as one stream. Where our own standard input is a terminal, that one is made
 * raw and what is typed goes to the command's; where it is not, the command keeps it as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct pty {
	int master; /* non-blocking: nobody shares it */
	int slave;  /* held open until the command has it */
	char path[64];
	bool input; /* our standard input is a terminal */
	bool raw;   /* and raw now */
	bool known; /* `saved` is what it was before */
	struct termios saved;
	char typed[4096]; /* read, and not yet taken by the command's terminal */
	size_t n_typed;
};

/** 0, or a negative errno where there are no terminals to be had. */
int pty_open(struct pty *p);

/** The command has opened its end. */
void pty_started(struct pty *p);

/**
 * Makes our terminal raw if we are its foreground, and gives the command's the size of ours: at the start, when the size changes, after a
 * stop.
 */
void pty_adopt(struct pty *p);

/** Gives our terminal back as it was: before a stop, and at the end. */
void pty_restore(struct pty *p);

/** Whether to poll standard input for something typed, and whether to poll the master for room. */
bool pty_wants_input(const struct pty *p);
bool pty_wants_room(const struct pty *p);

/** Moves what can be moved without waiting; `readable`: poll said so of standard input. */
void pty_forward(struct pty *p, bool readable);

void pty_close(struct pty *p);
