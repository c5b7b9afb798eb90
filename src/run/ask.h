/*
 * ask: the facts of all hosts of a fleet that are open: in one round, and in a second one of those where Slurm is not
 * installed and something is left to ask (facts/facts.h).
 */
#ifndef REEVE_RUN_ASK_H
#define REEVE_RUN_ASK_H

#include "facts/facts.h"
#include "transport/fleet.h"

/* What became of asking a host for its facts: one of both. */
struct asked {
	struct facts *facts;
	struct err error;
};

/*
 * `scopes` and `ret` have fleet_count() elements; facts live in `arena`. A host whose answer cannot be believed is
 * failed in the fleet, too. Blocks for at most `timeout_ms` a round. -1 only where all was stopped: ERR_CANCELLED.
 */
int ask_facts(struct fleet *fleet, const struct facts_scope *scopes, struct arena *arena, unsigned timeout_ms,
	      struct asked *ret, struct err *err);

#endif
