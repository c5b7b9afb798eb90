/*
 * lock: one run at a time on this host. The lock is flock(2) on /var/lib/reeve/lock, so it lives as long as any process
 * has that descriptor: ours, and the children that inherit it. Inside the file is who holds it, for the one who is
 * refused; it counts only while the lock is held. /var/lib/reeve/epoch keeps the epoch of the last run that had the lock: a lower one is refused, unless the run says that it has seen just that number here
 * and that it is none of the cluster's (a run that was cut off, a file that somebody wrote). Who locked a majority of the controllers
 * knows that; what holds no epoch at all is refused in the same way, so that nobody is locked out for good by a file.
 */
#ifndef REEVE_AGENT_LOCK_H
#define REEVE_AGENT_LOCK_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/root.h"
#include "base/err.h"

#define STATE_DIR "/var/lib/reeve"
#define LOCK_FILE STATE_DIR "/lock"
#define LOCK_OVER_NONE (-2LL)

struct lock {
	int fd; /* -1: not held */
	json_int_t epoch;
};

/* ERR_REFUSED names the holder and since when, or the higher epoch that was here. Does not wait for
 * the lock; a refusal takes 50 ms, at most 1 s, to read who holds it. Taking again what is held raises the epoch. `over`: the
 * epoch here, as it was read before, which counts for nothing; EPOCH_BAD for a file that holds none; LOCK_OVER_NONE. */
int lock_take(struct lock *l, const struct root *root, json_int_t epoch, json_int_t over, const char *holder,
	      const char *run, struct err *err);
void lock_drop(struct lock *l); /* what children inherited stays */
bool lock_held(const struct lock *l);

#endif
