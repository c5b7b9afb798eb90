/*
 * process: a process that is known beyond the life of who started it: by its id, its start time and the boot it belongs
 * to, so that a number given to another process is never taken for it. Signals go through a pidfd.
 */
#ifndef REEVE_LAB_PROCESS_H
#define REEVE_LAB_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Writes `pid` to `path`, to be read by process_find(). */
int process_record(const char *path, pid_t pid, struct err *err);

/* The recorded process if it runs (a zombie does not), else 0; also 0 where nothing was recorded. */
pid_t process_find(const char *path);

/* The first child of `pid`, or 0. */
pid_t process_child(pid_t pid);

/*
 * Sends SIGKILL to the recorded process, or (`child`) to its child, if it runs, and waits for nothing: several can then
 * end at once.
 */
void process_strike(const char *path, bool child);

/*
 * Ends the recorded process, if it runs. With `child` its child, too, and that first: SIGKILL to the child, and to
 * itself where it has not ended ten seconds later. Returns when both are gone; ERR_TIMEOUT after twenty seconds.
 */
int process_end(const char *path, bool child, struct err *err);

/* This boot of the machine, as the kernel names it (random/boot_id in proc(5)). */
const char *process_boot(char ret[64]);

#endif
