/*
 * serving: which compute nodes do what they are there for, by what slurmctld says of them. Pure.
 *
 * A node serves that can take a job, or is busy with jobs, or is asleep to save power, or kept for a reservation. One that is
 * drained, down, not registered or not responding does not, whoever made it so. A node that is excluded is not to serve.
 */
#ifndef REEVE_PLAN_SERVING_H
#define REEVE_PLAN_SERVING_H

#include "model/cluster.h"
#include "plan/live.h"

enum serving {
	SERVING_IDLE,
	SERVING_BUSY,   /* runs jobs, or is completing one */
	SERVING_ASLEEP, /* powered down, on its way up or down, or rebooting */
	SERVING_NOT,
};

enum serving serving_of(const struct slurm_node_state *node);

/*
 * What became of a node that was idle when a job of ours was to run on it. SERVING_NOT: `*ret_why` says what happened to it, and
 * `*ret_by_job` whether slurmctld drained it because of a job.
 */
enum serving serving_since(const struct slurm_node_state *before, const struct slurm_node_state *after,
			   struct arena *arena, const char **ret_why, bool *ret_by_job);

struct serving_count {
	size_t nodes; /* that should serve */
	size_t idle, busy, asleep, out;
};

/*
 * Counts the nodes of hosts that should serve. Those that do not become findings (warnings), grouped by Slurm's reason with
 * who gave it and since when, but for hosts in `told`, of which it is said already what is wrong, and but for drains of
 * which another finding has told the cause. `wrong`: hosts that do not serve whatever slurmctld thinks. Both by host index;
 * NULL: none.
 */
struct serving_count serving_judge(const struct cluster *cluster, const struct live *live, const bool *told,
				   const bool *wrong, struct findings *findings);

/* "9 nodes: 7 idle, 1 running jobs, 1 not in service" */
const char *serving_text(const struct serving_count *count, struct arena *arena);

#endif
