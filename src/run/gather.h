/*
 * gather: from an inventory to everything that a plan is made of, in two rounds over all hosts: facts, then probe. What
 * a round found wrong with one host leaves that host behind and is said; the others go on.
 */
#ifndef REEVE_RUN_GATHER_H
#define REEVE_RUN_GATHER_H

#include <stdbool.h>

#include "model/cluster.h"
#include "plan/plan.h"
#include "report/report.h"
#include "transport/fleet.h"

struct gather_options {
	struct fleet_options fleet;
	bool by_name; /* the lab: hosts are reached by ssh under their names, whatever the file says about address and
			 user */
	bool lock;    /* take the cluster's lock before probing */
	const char *holder; /* who, for whoever is refused: "root@laptop" */
	bool content;       /* probe brings the content of files that differ */
	struct cluster_options cluster;
	struct plan_options plan;
	struct report *report; /* NULL: silent */
};

enum { KEY_BYTES = 128 }; /* of a new MUNGE key: 1024 bits, what mungekey(8) makes */

struct gathered {
	const struct inventory *inv;
	const struct gather_options *options;
	struct fleet *fleet;
	size_t *fleet_of; /* by host index: its place in the fleet, SIZE_MAX where it has no role and is not asked */
	size_t *host_of;  /* the other way */
	size_t asked;     /* hosts with a role */
	const struct facts **facts; /* by host index, NULL: not reached or not believed */
	const char **unreached;     /* by host index, why; NULL: reached */
	struct cluster *cluster;
	const struct catalog **catalogs;  /* by host index */
	const struct observed **observed; /* by host index */
	const char **credentials;         /* by host index: MUNGE credentials, NULL: none */
	struct live *live;                /* NULL: no controller runs */
	struct findings munge;            /* of the star */
	unsigned char *new_key;           /* KEY_NEW: KEY_BYTES of it in locked memory; NULL else */
	struct plan *plan;
	struct arena *arena;
};

/* ERR_CANCELLED, ERR_REFUSED (somebody else has the lock), or what kept all of it from beginning. gather_end in any
 * case. */
int gather(struct gathered *g, const struct inventory *inv, const struct gather_options *options, struct err *err);
void gather_end(struct gathered *g); /* says bye, frees fleet and key */

/* A plan anew, from the same facts and other options: what an operator decided about hosts. Asks the hosts again for
 * all but their facts. The lock and its epoch stay. */
int gather_again(struct gathered *g, const struct cluster_options *options, struct err *err);

/* Gives the lock back everywhere, for a wait that may be long; the sessions go on. What is changed after that takes a
 * gather() of its own, since everything may be otherwise then. */
int gather_unlock(struct gathered *g, struct err *err);

/* Is the host still in the run? */
bool gather_present(const struct gathered *g, size_t host);

/* Asks the first present controller whose slurmctld answers; sets g->live. */
int gather_live(struct gathered *g, struct err *err);

/* Fresh credentials from all, decoded as a star; replaces g->munge. */
int gather_munge(struct gathered *g, struct err *err);

/* Part of gather, in a file of its own: opens the sessions. */
int gather_connect(struct gathered *g, struct err *err);

/* A host that is in the run no longer, or never was; the first reason stays. */
void gather_leave_behind(struct gathered *g, size_t host, const struct err *why);

/* A request to one host, filled in for fleet_round; the message is borrowed. */
struct fleet_request gather_request(const struct gathered *g, size_t host, const json_t *message);

/* The message of the agent's verb run (wire.h) for a command; `input` NULL: none. The caller owns it. */
json_t *gather_run(const char *const *argv, const char *input, unsigned max, unsigned timeout_ms);

/* Why such a command failed: the first line of what it said, or what became of the request. NULL: it ended with 0. */
const char *gather_run_failure(const struct fleet_request *request, struct arena *arena);

/* The controller whose MUNGE credential all others decode: the first that is there; SIZE_MAX: none. */
size_t gather_munge_primary(const struct gathered *g);

#endif
