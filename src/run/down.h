/*
 * down: the daemons that a run has stopped and not started again. While there are some, the run is in a section that a first
 * interruption does not end; what is left in it when a run ends is what its last words are about.
 */
#ifndef REEVE_RUN_DOWN_H
#define REEVE_RUN_DOWN_H

#include "base/interrupt.h"
#include "plan/plan.h"

struct down {
	struct {
		size_t host;
		const char *unit; /* "slurmctld" */
	} * items;
	size_t len, cap;
	const struct inventory *inv;
	struct arena *arena;
	struct interrupt *interrupt; /* NULL: nobody interrupts */
};

/* The step is about to be sent. False: the run was interrupted, and nothing of the step may be sent. */
bool down_begin(struct down *down, const struct step *step);

/* The action was done on the host that it was for. */
void down_done(struct down *down, const struct action *action);

/* What was in force before the action is back, and its daemon runs with it. */
void down_undone(struct down *down, const struct action *action);

/* The step is over. */
void down_end(struct down *down);

/* "slurmctld is stopped on c[1-2], slurmd on n1"; NULL: all that was stopped runs again. In the arena. */
const char *down_text(const struct down *down);

#endif
