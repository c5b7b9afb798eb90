/*
 * cure: does what findings say is safe (finding.cure), under the cluster's lock. Consequences are left alone: when their
 * cause is gone they are gone, or stand on their own in the next look.
 */
#ifndef REEVE_RUN_CURE_H
#define REEVE_RUN_CURE_H

#include "model/finding.h"
#include "run/run.h"

struct cure {
	const char *host; /* whose finding; NULL: the cluster's */
	const char *code, *command;
	const char *failed; /* why; NULL: it was done */
};

struct cures {
	struct cure *items;
	size_t len, cap;
	struct arena *arena; /* borrowed; holds all of it */
};

/* Is there one that was not tried yet? */
bool cure_any(const struct findings *findings, const struct cures *tried);

/* Runs them, all hosts at once, each command once in all; adds what became of each. Needs the lock. Blocks for at most
 * five minutes: dpkg takes its time. -1 only where all was stopped: ERR_CANCELLED. */
int cure_all(struct run *run, const struct findings *findings, struct cures *tried, struct err *err);

#endif
