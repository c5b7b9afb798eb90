/*
 * lock: one run at a time on a cluster. Each host has a lock of its own (agent/lock.h); a run is one that has those of a majority of
 * the controllers. The first controller is asked alone, so that two operators who see the same controllers meet at it and one of
 * them goes on; then all others at once. Nobody waits for a lock. Operators who see different controllers may refuse each
 * other. Without the majority nothing is kept: the sessions' end frees what was taken.
 *
 * A compute host that refuses, for whatever reason, or a controller beside a majority that does not, is skipped.
 */
#ifndef REEVE_RUN_LOCK_H
#define REEVE_RUN_LOCK_H

#include "run/round.h"

/* ERR_REFUSED with the words of the controller that refused; run->refused says what to do. */
int lock_take(struct run *run, struct err *err);

/* Gives it back everywhere; the sessions go on. `done`: the run came to its end, and nothing was cut off. What is changed after
 * that takes a run_begin() of its own, since everything may be otherwise then. */
int lock_release(struct run *run, bool done, struct err *err);

/* Adds requests to all controllers of the run that say which step begins: before the round's other requests. */
void lock_mark(struct round *round, const char *step);

/* For who only looks: the run that is at work, or that was cut off. */
void lock_tell(const struct run *run, struct findings *findings);

#endif
