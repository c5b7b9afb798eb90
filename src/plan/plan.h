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

#include "base/names.h"
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
	const char *const *argv;      /* ACTION_RUN, NULL-terminated */
	unsigned timeout_ms;          /* of the whole action */
	const struct resource **undo; /* what brings back what was in force there, its daemon restarted last */
	size_t undo_count;
};

/* How a step whose daemons got a new configuration is known to have succeeded. */
enum step_proof {
	PROOF_NONE,      /* its actions did */
	PROOF_RUNS,      /* the daemon runs, by systemd's word; where it does not, what was in force is put back */
	PROOF_REGISTERS, /* and slurmctld has heard of it since */
};

struct step {
	const char *title; /* "prepare", "test the configuration", "stop slurmctld", ... */
	enum stage stage;
	bool
	    slurm; /* of Slurm's configuration and daemons: what these depend on is looked at before the first of them */
	bool test; /* no actions: the candidate configuration is tested here */
	bool look; /* the demands are judged once more when the actions are done */
	enum step_proof proof;
	bool essential; /* a failure here stops the run for all, not for that host alone */
	struct action *items;
	size_t len, cap;
};

struct host_plan {
	const struct catalog *catalog;   /* NULL: not reached, or skipped */
	const struct observed *observed; /* one for each resource of the catalog */
	bool selected;                   /* by -l; all where it was not given */
	size_t changes;                  /* resources of the chosen modules that are not as wanted */
	enum slurm_need need;            /* of its own slurmd, beyond what the cluster's need brings */
	bool joins;                      /* a node that no controller has had in force: its slurmd starts last */
	const char *held; /* what its own configuration would do to a job there: nothing is done to it; NULL: nothing */
};

/* Every drain of reeve's begins so; what follows is why. */
#define PLAN_REASON "reeve: "
#define PLAN_REASON_QUIET PLAN_REASON "kept from jobs while it changes"
#define PLAN_REASON_JOINS PLAN_REASON "joins, not verified yet"

/* Nodes that are drained for one reason. */
struct plan_drain {
	const char *reason;
	struct names names;
};

/* What has to hold of jobs for the plan to hurt none. */
enum plan_demand_kind {
	DEMAND_IDLE,      /* no job runs on the nodes while `what` changes */
	DEMAND_NO_JOBS,   /* there is no job at all while `what` changes */
	DEMAND_GONE,      /* nothing refers to the nodes, which would be removed */
	DEMAND_PARTITION, /* nothing refers to the partition `what`, which would be removed */
};

struct plan_demand {
	enum plan_demand_kind kind;
	const char *what;   /* "SlurmdSpoolDir", "Gres"; "" of DEMAND_GONE */
	struct names nodes; /* none: all that serve */
};

struct plan_options {
	const char *const *modules;        /* NULL-terminated names; NULL: all that are enabled */
	const struct inv_choice *selected; /* NULL: all */
};

struct plan {
	const struct cluster *cluster;
	const struct live *live;
	struct host_plan *hosts; /* by host index */
	struct slurm_activation
	    *activation; /* of the controllers' configuration; NULL where there is no core to be done */
	enum slurm_need need;
	bool begun;              /* an earlier run judged this configuration against the jobs, and was cut off */
	bool slurm_conf_changes; /* on some host its bytes are not as wanted, or not in force */
	struct step *steps;
	size_t step_count, step_cap;
	size_t changes; /* resources that are not as wanted, on all hosts */
	struct plan_drains {
		struct plan_drain *items;
		size_t len, cap;
	} drains; /* nodes that are to be kept from jobs and are not drained yet */
	struct plan_demands {
		struct plan_demand *items;
		size_t len, cap;
	} demands;
	struct names quiet;       /* nodes that are kept from jobs while the plan is run, for what it demands */
	size_t canary;            /* host whose slurmd gets the configuration first, alone; SIZE_MAX: none */
	bool slurmd_reads, apart; /* of struct slurm_reason: of any */
	bool gres;                /* what nodes have of GRES changes, or how it is described */
	struct names leaving;     /* partitions that slurmctld has and that are to be no more */
	size_t set_aside;    /* resources that are `alone` and cannot be examined: each has its finding, and no step */
	size_t waiting_jobs; /* pending jobs that could not run any more; each is in a finding */
	size_t waiting;      /* nodes that are drained without a cause any more: to be verified, then resumed */
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

/* Which jobs are in the way of the plan, by what slurmctld says now: findings that stop. Where it does not answer, all of
 * them are. */
void plan_judge_demands(const struct plan *plan, const struct live *live, struct findings *ret);

/* Does a job hold the node, as far as is known? Unknown is busy. */
bool plan_runs_a_job(const struct plan *plan, const char *node);

/* Nothing is done to the host: `what` is otherwise there, and a job runs. */
void plan_hold(struct plan *plan, size_t host, const char *what);

bool plan_wants(const struct plan_options *options, const char *module);

/* Parts of plan_make in files of their own. */
void plan_activation(struct plan *plan); /* activation, host needs, refusals, which nodes join */
void plan_edits(struct plan *plan);      /* files that somebody edited */
/* Notes on what these releases of Slurm are known to do badly of what the plan has them do. `now` is the configuration in force, and
 * may be NULL. */
void plan_flaws(struct plan *plan, const struct slurm_conf *now);
void plan_slurmd_files(struct plan *plan); /* what slurmd reads beside core's files */
void plan_find_drains(struct plan *plan);  /* which nodes are drained, and how many wait to be resumed */
/* Findings for pending jobs that `old` would run and `wanted` would not. `old` may be NULL. */
void plan_warn_pending(struct plan *plan, const struct slurm_conf *old, const struct slurm_conf *wanted);
/* Joined with what is demanded under that name already; `nodes` NULL: all. */
void plan_demand_add(struct plan *plan, enum plan_demand_kind kind, const char *what, const struct names *nodes);
bool plan_sets_aside(const struct host_plan *h, size_t k); /* is this resource left as it is, with its finding? */
bool plan_acts_on(const struct host_plan *h);              /* is anything done on that host? */
void plan_keep_quiet(struct plan *plan);                   /* which nodes are kept from jobs meanwhile */
size_t plan_canary(const struct plan *plan);               /* the best host for it; SIZE_MAX: none */
/* What brings back what was in force on a host, and restarts its daemon; how many. */
size_t plan_undo(const struct plan *plan, size_t host, enum role role, const struct resource ***ret);
void plan_steps(struct plan *plan, const struct plan_options *options);

/* Drained by reeve, or by slurmctld for what it registered with, and the cause is gone: to be resumed as soon as it is
 * verified. */
bool plan_node_waits(const struct slurm_node_state *node, const struct cluster_host *host);

/* A reason as it can go through scontrol's arguments and onto a line of its output: bounded, without quotes. In `arena`. */
const char *plan_reason(const char *reason, struct arena *arena);

/* The reason of the drain of a node that is excluded. In `arena`. */
const char *plan_exclusion_reason(const struct record_exclusion *x, struct arena *arena);

#endif
