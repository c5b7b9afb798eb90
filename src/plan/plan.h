/*
 * plan: from what is wanted and what was observed to what is done, in which order, and why. Pure: a dry run is a plan
 * that is not run.
 *
 * A plan is a list of steps. A step is a barrier: it begins when the one before has ended on every host that is still
 * in the run. Its actions on different hosts go in parallel, those of one host in order.
 */
#ifndef REEVE_PLAN_PLAN_H
#define REEVE_PLAN_PLAN_H

#include <stdbool.h>

#include "catalog/catalog.h"
#include "model/cluster.h"
#include "plan/live.h"
#include "slurm/activation.h"

enum action_kind {
	ACTION_APPLY, /* resources, by the agent's verb apply */
	ACTION_RUN,   /* a command that must end with status 0 */
};

struct action {
	enum action_kind kind;
	size_t host; /* of a command to slurmctld: where it is tried first; another controller does as well */
	bool to_slurmctld;
	const struct resource **resources; /* ACTION_APPLY: at least one */
	size_t count;
	const char *const *argv; /* ACTION_RUN, NULL-terminated */
	unsigned timeout_ms;     /* of the whole action */
};

struct step {
	const char *title; /* "prepare", "auth", "test", "activate: stop slurmctld", ... */
	enum stage stage;
	bool test;      /* no actions: the candidate configuration is tested here (run/candidate.h) */
	bool essential; /* a failure here stops the run for all, not for that host alone */
	struct action *items;
	size_t len, cap;
};

struct host_plan {
	const struct catalog *catalog;   /* NULL: not reached */
	const struct observed *observed; /* one for each resource of the catalog */
	bool selected;                   /* by -l; all where it was not given */
	size_t changes;                  /* resources of the chosen modules that are not as wanted */
	enum slurm_need need;            /* of its own slurmd, beyond what the cluster's need brings */
	bool joins;                      /* a node that no controller has had in force: its slurmd starts last */
	bool drained;                    /* and drained before that */
};

/* Why a node is drained that joined and is not verified yet. */
#define PLAN_REASON_JOINS "reeve: joins, not verified yet"

struct plan_options {
	const char *const *modules; /* NULL-terminated names; NULL: all that are enabled */
	const bool *selected;       /* by host index; NULL: all */
};

struct plan {
	const struct cluster *cluster;
	const struct live *live;
	struct host_plan *hosts; /* by host index */
	struct slurm_activation
	    *activation; /* of the controllers' configuration; NULL where there is no core to be done */
	enum slurm_need need;
	bool slurm_conf_changes; /* on some host its bytes are not as wanted, or not in force */
	struct step *steps;
	size_t step_count, step_cap;
	size_t changes; /* resources that are not as wanted, on all hosts */
	size_t joining; /* nodes that this plan drains until they are verified */
	size_t
	    waiting; /* nodes that joined in an earlier run, are there and were not verified: drained until they are */
	struct findings findings; /* the cluster's, and what the plan adds: refusals */
	struct arena *arena;      /* borrowed */
};

/*
 * `catalogs[i]` and `observed[i]` by host index, NULL for hosts that were not reached. `live` may be NULL: nobody was
 * asked. Never fails: what must not be done is a finding, and then there are no steps.
 */
struct plan *plan_make(const struct cluster *cluster, const struct catalog *const *catalogs,
		       const struct observed *const *observed, const struct live *live,
		       const struct plan_options *options, struct arena *arena);

bool plan_wants(const struct plan_options *options, const char *module);

/* Parts of plan_make in files of their own. */
void plan_activation(struct plan *plan); /* activation, host needs, refusals, which nodes join */
void plan_joining(struct plan *plan);    /* which of them are drained, and how many wait since an earlier run */
void plan_steps(struct plan *plan, const struct plan_options *options);

/* Drained with PLAN_REASON_JOINS: to be resumed as soon as it is verified. */
bool plan_node_waits(const struct slurm_node_state *node);

#endif
