/*
 * run: from an inventory to everything that a plan is made of, in two rounds over all hosts: facts, then probe. What
 * a round found wrong with one host leaves that host behind and is said; the others go on.
 */
#ifndef REEVE_RUN_RUN_H
#define REEVE_RUN_RUN_H

#include <stdbool.h>

#include "base/interrupt.h"
#include "base/map.h"
#include "model/cluster.h"
#include "plan/plan.h"
#include "report/report.h"
#include "run/roll.h"

struct run_options {
	struct fleet_options fleet;
	bool by_name; /* the lab: hosts are reached by ssh under their names, whatever the file says about address and
			 user */
	bool looks;   /* it only shows what is: hosts that are silent while others have answered are not waited for */
	bool lock;    /* take the cluster's lock before probing */
	const char *holder;          /* who, for whoever is refused: "root@laptop" */
	const char *command;         /* and what: "`reeve apply`, process 4711" */
	struct interrupt *interrupt; /* NULL: nobody interrupts */
	bool content;                /* probe brings the content of files that differ */
	bool wires;                  /* and who gets through to Slurm's ports; `lock` asks it, too */
	struct cluster_options cluster;
	struct plan_options plan;
	struct report *report; /* NULL: silent */
};

/* The bytes of one of the cluster's secrets, by place in cluster.secrets (run/secret.h). */
struct run_secret {
	unsigned char *bytes; /* in locked memory; NULL: not here yet */
	size_t len;
	bool given;           /* made or read by this run, not fetched from a host */
	char fingerprint[65]; /* of one that was given */
};

struct run {
	const struct inventory *inv;
	const struct run_options *options;
	struct roll *roll;          /* who is in the run */
	struct fleet *fleet;        /* the roll's */
	const struct facts **facts; /* by host index, NULL: not reached or not believed */
	struct cluster *cluster;
	const struct catalog **catalogs;  /* by host index */
	const struct observed **observed; /* by host index */
	const char **credentials;         /* by host index: MUNGE credentials, NULL: none */
	struct live *live;                /* NULL: no controller runs */
	struct findings munge;            /* of the star */
	bool strays;                      /* test jobs of a run that was cut off may be there (strays.h) */
	struct findings ports;            /* as hosts reach them: FINDING_HOST at most (doctor_wire_items) */
	struct findings refused;          /* where the lock was: by whom, and what to do */
	bool locked;                      /* it has the lock */
	bool done;                        /* the run came to its end */
	bool marked;                /* there may be marks of steps (run/lock.h), its own or of a run that was cut off */
	struct run_secret *secrets; /* `secret_count` of them */
	size_t secret_count;
	struct plan *plan;
	struct map missing; /* by id: what alone_look() found */
	struct map made;    /* resources that are `alone` and were brought about, by host and id (alone.h) */
	struct map awaited; /* those, by id, for which something waits */
	struct arena *arena;
};

/* ERR_CANCELLED, ERR_REFUSED (somebody else has the lock), or what kept all of it from beginning. run_end in any
 * case. */
int run_begin(struct run *run, const struct inventory *inv, const struct run_options *options, struct err *err);
void run_end(struct run *run); /* says bye, frees fleet and secrets */

/* A plan anew, from the same facts and other options: what an operator decided about hosts. Asks the hosts again for
 * all but their facts. The lock and its epoch stay. */
int run_replan(struct run *run, const struct cluster_options *options, struct err *err);

/* The cluster as its hosts are now, resolved from new facts of those that are in the run; that of the run stays. */
int run_cluster_now(struct run *run, const struct cluster **ret, struct err *err);

/* Asks the first present controller whose slurmctld answers; sets run->live, but for what pending jobs asked for. */
int run_ask_live(struct run *run, struct err *err);

/* Fresh credentials from all, decoded as a star, and Slurm's ports; replaces run->munge and run->ports. */
int run_ask_wires(struct run *run, struct err *err);

/* In a file of its own, connect.c: connects the sessions of the roll. */
int run_connect(struct run *run, struct err *err);

/* The message of the agent's verb apply (wire.h) for encoded resources, whose reference it takes. The caller owns it. */
json_t *run_apply_message(const struct run *run, json_t *resources);

#endif
