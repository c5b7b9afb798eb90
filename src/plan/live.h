/*
 * live: what the running Slurm says of itself, asked on one controller. Unknown is busy: where slurmctld does not
 * answer, nothing is known of nodes and jobs, and whoever judges must take them for busy.
 */
#ifndef REEVE_PLAN_LIVE_H
#define REEVE_PLAN_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "slurm/pending.h"
#include "slurm/state.h"

struct live {
	bool up;           /* slurmctld answered, and all of it could be read */
	bool brief;        /* only nodes and controllers were asked for: of jobs and the rest nothing is known */
	size_t controller; /* index of the host that was asked; meaningless where nobody was */
	const char *why;   /* where not up */
	struct slurm_node_state *nodes;
	size_t node_count;
	struct slurm_partition_state *partitions;
	size_t partition_count;
	struct slurm_job *jobs;
	size_t job_count;
	struct slurm_reservation *reservations;
	size_t reservation_count;
	struct slurm_controller *controllers;
	size_t controller_count;
	struct slurm_pending
	    *pending; /* what those that wait asked for; fewer than wait, or none, where it was not said */
	size_t pending_count;
	const char *jobs_text; /* as squeue printed it: what the test of a candidate is held against */
	const char *nodes_text, *reservations_text; /* as scontrol printed them */
};

/* How much is asked for; each costs slurmctld an answer and its host a process. */
enum live_extent {
	LIVE_NODES, /* and controllers: enough where nothing may be to do */
	LIVE_JOBS,  /* and jobs, partitions, reservations */
	LIVE_ALL,   /* and what pending jobs asked for: a plan names those that it makes impossible */
};

/* Items for the agent's verb collect (wire.h). The caller owns the reference. */
json_t *live_items(enum live_extent extent);

/* The answer; `up` says whether it could be read. In `arena`. */
struct live *live_decode(const json_t *answer, size_t controller, enum live_extent extent, struct arena *arena);

#endif
