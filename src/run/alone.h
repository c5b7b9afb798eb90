/*
 * alone: resources whose failure is their own (struct resource, `alone`), as versions of software are. Each that fails is a finding; its
 * host stays in the run, and what stands behind it is done. What needs one that is not there, on its host or on those for which it is
 * made, waits for a later run; so does the verification of it.
 */
#ifndef REEVE_RUN_ALONE_H
#define REEVE_RUN_ALONE_H

#include "run/apply.h"

/* What became of one. A failure is added to the findings. */
void alone_take(struct run *run, size_t host, const struct resource *resource, const struct event *event,
		struct findings *findings);

/* Before a step: what is not there now. */
void alone_look(struct run *run);

/* The action without what waits, by that look, which is shown as blocked; NULL: nothing is left of it. In the run's arena, or the action. */
const struct action *alone_hold(struct run *run, const struct action *action);

/* All that is not there, NULL-terminated, in the run's arena. */
const struct resource *const *alone_missing(const struct run *run);

/* How many of those that this run was to make are not there. Of those that it was not to make, and for which something waits, a finding. */
size_t alone_end(struct run *run, struct findings *findings);

#endif
