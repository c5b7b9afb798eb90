/*
 * canary: the daemons of a step that must prove themselves. Where one does not come up, what was in force is put back
 * there, its daemon is started with it, and the run ends: the others keep what they have. The cause is told once, in the
 * words of the daemon's own log.
 */
#ifndef REEVE_RUN_CANARY_H
#define REEVE_RUN_CANARY_H

#include "run/apply.h"
#include "run/down.h"

/*
 * After the actions of `step`; `before`, by host index: who was in the run when it began. Waits for the daemons where the step
 * wants them registered. Adds a finding that stops for each that did not come up, in the place of what was said of that host;
 * what runs again is taken off `down`.
 */
int canary_prove(struct run *run, const struct step *step, const bool *before, struct down *down,
		 struct apply_result *ret, struct err *err);

/* Judges the plan's demands once more, by what slurmctld says now: findings that stop. */
int canary_look(struct run *run, struct apply_result *ret, struct err *err);

/* Nodes that were kept from jobs for a run that ended early take them again. */
int canary_release(struct run *run, struct apply_result *ret, struct err *err);

#endif
