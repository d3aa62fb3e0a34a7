/*
 * What the main thread does while the command runs: it hands signals on, stops when the command stops, and waits for the command's end
 * and for its streams'. Signals come through a signalfd, because whether one may be handed on depends on who sent it.
 */
#pragma once

#include "core/capture/pty.h"
#include "core/capture/recorder.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct supervision {
	bool filter;		   /* there is no command: the end of the input is the end */
	bool terminal;		   /* the command gets one of its own */
	pid_t child;		   /* the command; set between supervise_prepare and supervise; 0: it could not be started */
	struct pty *pty;	   /* NULL: none */
	struct recorder *recorder; /* NULL: none; paused while we are stopped */
	int streams;		   /* how many are running */
	int stop;		   /* the streams' eventfds (stream.h); -1 where there are no streams */
	int finished;

	int signals; /* a signalfd */
	bool stopping;
	bool child_ended;
	int status;	   /* the child's wait status */
	int interrupted;   /* a filter was told to end, by this signal */
	bool abandoned;	   /* told again: the streams are left as they are */
	bool child_paused; /* a stop of the child was seen; true only if it lasts */
};

/**
 * Blocks the signals that supervise handles, and makes s->signals. *ret_before is the mask that the command is to get. 0 or a negative
 * errno.
 */
int supervise_prepare(struct supervision *s, sigset_t *ret_before);

/** Returns when the command has ended and its streams have, or when a signal says not to wait for those any longer. */
void supervise(struct supervision *s);

void supervise_finish(struct supervision *s);
