/*
 * Files that modules put beside core's for slurmd, which reads them when it starts (job_container.conf(5), NOTES): one that changes
 * wants its slurmd restarted, and no job there meanwhile, whose steps may read it, too. One that is new has nothing to change:
 * the parameter of slurm.conf that has slurmd read it says what that needs. So has one that only some hosts have otherwise: it
 * was edited there, and is theirs alone.
 */
#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"
#include "plan/plan.h"

/* Of what a module puts there, what differs on the host; NULL: nothing. */
static const char *changed_on(const struct host_plan *h)
{
	for (size_t k = 0; h->catalog && k < h->catalog->len; k++) {
		const struct resource *r = &h->catalog->items[k];
		if (r->type == RESOURCE_FILE && r->role == ROLE_NODE && r->stage == STAGE_ACTIVATE &&
		    !streq(r->module, module_slurm->name) && h->observed[k].state == OBSERVED_DIFFERS)
			return r->file.path;
	}
	return NULL;
}

static bool runs_slurmd(const struct plan *plan, size_t host)
{
	const struct cluster_host *h = &plan->cluster->hosts[host];
	return h->facts && h->serves && plan->hosts[host].catalog && facts_unit_runs(&h->facts->roles[ROLE_NODE].unit);
}

void plan_slurmd_files(struct plan *plan)
{
	const struct inventory *inv = plan->cluster->inv;
	size_t running = 0, changed = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		running += runs_slurmd(plan, i);
		changed += runs_slurmd(plan, i) && changed_on(&plan->hosts[i]);
	}
	for (size_t i = 0; changed && i < inv->host_count; i++) {
		const char *path = runs_slurmd(plan, i) ? changed_on(&plan->hosts[i]) : NULL;
		if (!path)
			continue;
		struct names one = {0};
		*vec_push_in(plan->arena, &one) = inv->hosts[i].name;
		if (changed == running)
			plan_demand_add(plan, DEMAND_IDLE, path, &one);
		else if (plan_runs_a_job(plan, inv->hosts[i].name))
			plan_hold(plan, i, path);
		plan->hosts[i].need = slurm_need_join(plan->hosts[i].need, SLURM_NEED_RESTART_SLURMD);
		plan->slurmd_reads = true;
	}
}
