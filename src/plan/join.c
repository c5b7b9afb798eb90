/*
 * Nodes that join a cluster at work come up drained and are resumed when they are verified (run/verify.c), so that no
 * job meets a node that nobody has looked at. Which nodes join says the configuration in force (activate.c), not
 * slurmctld: after a restart it has heard of no node.
 *
 * Our drain carries our reason, and is found again by it where a run was cut off. A node that is drained for another
 * reason, or that has a job, is left alone. In a cluster that is not at work yet there are no jobs to keep away, and
 * nodes come up as they are.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "plan/plan.h"

bool plan_node_waits(const struct slurm_node_state *node)
{
	return node->flags & SLURM_NODE_DRAIN && node->reason && str_starts(node->reason, PLAN_REASON_JOINS);
}

void plan_joining(struct plan *plan)
{
	const struct live *live = plan->live;
	_cleanup_map_ struct map left_alone = {0};
	for (size_t i = 0; live && live->up && i < live->node_count; i++) {
		const struct slurm_node_state *n = &live->nodes[i];
		if (n->flags & SLURM_NODE_DRAIN || n->cpus_allocated)
			map_set(&left_alone, n->name, (void *)n);
		const struct inv_host *h = inventory_host(plan->cluster->inv, n->name);
		plan->waiting += h && plan->hosts[h->index].catalog && plan_node_waits(n);
	}
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		struct host_plan *h = &plan->hosts[i];
		h->drained = h->joins && !map_get(&left_alone, plan->cluster->inv->hosts[i].name);
		plan->joining += h->drained;
	}
}
