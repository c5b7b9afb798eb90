/*
 * Nodes that join a cluster at work come up drained and are resumed when they are verified (run/verify.c), so that no
 * job meets a node that nobody has looked at. A node that never registered is one that joins, also where an earlier run
 * was cut off: its drain carries our reason, and is found again by it.
 *
 * In a cluster that is not at work yet there are no jobs to keep away, and nodes come up as they are.
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
	_cleanup_map_ struct map known = {0};
	if (!live || !live->up)
		return;
	for (size_t i = 0; i < live->node_count; i++) {
		const struct slurm_node_state *n = &live->nodes[i];
		if (n->version)
			map_set(&known, n->name, (void *)n);
		plan->waiting += plan_node_waits(n);
	}
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		const struct cluster_host *h = &plan->cluster->hosts[i];
		const struct host_plan *p = &plan->hosts[i];
		if (h->listed && p->catalog && p->selected && !map_get(&known, h->inv->name))
			plan->hosts[i].joins = true;
	}
}
