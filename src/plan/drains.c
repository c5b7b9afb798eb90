/*
 * Which nodes reeve keeps from jobs, and which it lets in again.
 *
 * Nodes that join a cluster at work come up drained and are resumed when they are verified (run/verify.c), so that no
 * job meets a node that nobody has looked at. Which nodes join says the configuration in force (activate.c), not
 * slurmctld: after a restart it has heard of no node. In a cluster that is not at work yet there are no jobs to keep
 * away, and nodes come up as they are.
 *
 * Nodes that are less than they were, or not what their class expects, are drained before slurmctld finds out in its
 * way ("inval"); those that are on their way out, until their jobs are over.
 *
 * A drain of ours carries our reason, and is found again by it where a run was cut off. What is drained for any other
 * reason is left alone, with one exception: slurmctld's own drain of a node that registered with less than its line
 * says, which stays after the line was put right (slurmctld's node_mgr.c, validate_node_specs). Where the node now has
 * what its line says, that drain has no cause any more.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "plan/plan.h"

enum { MOST_REASON = 200 };

static const char *const slurm_reasons[] = {"Low RealMemory (reported:", "Low socket*core*thread count", "Low CPUs",
					    "gres/gpu count reported lower than configured"};

static bool by_slurmctld(const char *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(slurm_reasons); i++)
		if (str_starts(reason, slurm_reasons[i]))
			return true;
	return false;
}

bool plan_node_waits(const struct slurm_node_state *node, const struct cluster_host *h)
{
	if (!(node->flags & SLURM_NODE_DRAIN) || !node->reason || !h->facts || !h->serves)
		return false;
	if (h->excluded || h->change == CHANGE_SHRANK || h->unexpected)
		return false;
	return str_starts(node->reason, PLAN_REASON) || by_slurmctld(node->reason);
}

/* What keeps a host from jobs, whether it joins or not; NULL: nothing. */
static const char *cause(const struct plan *plan, const struct cluster_host *h)
{
	if (h->excluded)
		return h->serves ? plan_exclusion_reason(h->excluded, plan->arena) : NULL;
	if (h->change == CHANGE_SHRANK)
		return arena_printf(plan->arena, PLAN_REASON "less than it was: %s", h->change_text);
	if (h->unexpected)
		return arena_printf(plan->arena, PLAN_REASON "not as its class expects: %s", h->unexpected);
	return NULL;
}

const char *plan_reason(const char *reason, struct arena *arena)
{
	char *text = arena_strndup(arena, reason, strnlen(reason, MOST_REASON));
	for (char *p = text; *p; p++)
		if (*p == '"' || *p == '\'' || *p == '\\')
			*p = ' ';
	return text;
}

const char *plan_exclusion_reason(const struct record_exclusion *x, struct arena *arena)
{
	return plan_reason(arena_printf(arena, PLAN_REASON "excluded: %s (%s)", x->reason, x->who), arena);
}

static void add_drain(struct plan *plan, const char *reason, const char *name)
{
	size_t i = 0;
	while (i < plan->drains.len && !streq(plan->drains.items[i].reason, reason))
		i++;
	if (i == plan->drains.len)
		*vec_push_in(plan->arena, &plan->drains) = (struct plan_drain){.reason = reason};
	*vec_push_in(plan->arena, &plan->drains.items[i].names) = name;
}

void plan_find_drains(struct plan *plan)
{
	const struct cluster *c = plan->cluster;
	const struct live *live = plan->live;
	_cleanup_map_ struct map states = {0};
	for (size_t i = 0; live && live->up && i < live->node_count; i++) {
		const struct slurm_node_state *n = &live->nodes[i];
		const struct inv_host *h = inventory_host(c->inv, n->name);
		map_set(&states, n->name, (void *)n);
		plan->waiting += h && plan->hosts[h->index].catalog && plan_node_waits(n, &c->hosts[h->index]);
	}
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct host_plan *h = &plan->hosts[i];
		const struct cluster_host *host = &c->hosts[i];
		const struct slurm_node_state *n = map_get(&states, host->inv->name);
		const char *why = host->listed && h->selected ? cause(plan, host) : NULL;
		if (n && n->flags & SLURM_NODE_DRAIN)
			continue;
		/* What runs already is not kept away by a drain; a node that joins and has a job was let in by somebody. */
		bool joins = h->joins && !(n && n->cpus_allocated);
		if (why || joins)
			add_drain(plan, why ? plan_reason(why, plan->arena) : PLAN_REASON_JOINS, host->inv->name);
	}
}
