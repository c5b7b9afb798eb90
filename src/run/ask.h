/*
 * ask: the facts of all hosts of a fleet that are open: in one round, and in a second one of those where Slurm is not
 * installed and something is left to ask (facts/facts.h).
 */
#ifndef REEVE_RUN_ASK_H
#define REEVE_RUN_ASK_H

#include "facts/facts.h"
#include "inventory/inventory.h"
#include "transport/fleet.h"

/* What a host answered, and when, on our clock. */
struct answer {
	json_t *json; /* its reference is the struct's; NULL: it is not kept */
	const char *arch;
	int64_t sent_ms, got_ms;
};

/* What became of asking a host for its facts: facts or an error. */
struct asked {
	struct facts *facts;
	struct err error;
	struct answer answer; /* where it is asked for */
};

/*
 * What a run asks these hosts, by index of inv->hosts: `ret` has `count` elements. ask_scopes_end() gives up what they
 * hold; all else lives in `arena`. `secrets` as in struct facts_scope.
 */
void ask_scopes(const struct inventory *inv, const size_t *hosts, size_t count, const struct secret_row *const *secrets,
		struct arena *arena, struct facts_scope *ret);
void ask_scopes_end(struct facts_scope *scopes, size_t count);

/* The facts that this answer to that question is. NULL: it cannot be believed. Lives in `arena`. */
struct facts *ask_take(const struct answer *answer, const struct facts_scope *scope, struct arena *arena,
		       struct err *err);

/*
 * `scopes` and `ret` have fleet_count() elements; facts live in `arena`. A host whose answer cannot be believed is
 * failed in the fleet, too. Blocks for at most `timeout_ms` a round. `keep`: with the answers. -1 only where all was
 * stopped: ERR_CANCELLED.
 */
int ask_facts(struct fleet *fleet, const struct facts_scope *scopes, bool keep, struct arena *arena,
	      unsigned timeout_ms, struct asked *ret, struct err *err);

#endif
