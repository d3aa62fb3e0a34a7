/* Telling systemd, where it started us with Type=notify (sd_notify(3)). */
#pragma once

/**
 * Sends `state` (`READY=1`, `STOPPING=1`) to $NOTIFY_SOCKET. Nothing happens where that is not set; a failure is of no consequence to us.
 */
void notify_send(const char *state);
