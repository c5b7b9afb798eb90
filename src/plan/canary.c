/*
 * The first slurmd that gets a new configuration gets it alone, and what brings back what was in force.
 *
 * slurmctld's reading is rehearsed (modules/core/scratch.h). What slurmd makes of a file nobody can rehearse: plugins,
 * cgroups, devices and its spool are the host's own. So one slurmd is restarted with the new files while all others, and
 * slurmctld, have the old ones, which understand each other: slurmd sends what it counted, and slurmctld notes that the
 * files differ. Its jobs, if it has any, live on (KillMode=process); a node without jobs is taken where there is one,
 * and one that is no controller, whose commands would read the new file.
 */
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "plan/plan.h"

static bool is_idle(const struct plan *plan, const char *name)
{
	const struct live *live = plan->live;
	for (size_t i = 0; live && live->up && i < live->node_count; i++)
		if (streq(live->nodes[i].name, name))
			return slurm_node_is_idle(&live->nodes[i]) && slurm_node_is_usable(&live->nodes[i]);
	return false;
}

/* Does slurmctld hear it now? One that it does not hear proves nothing, and spoils nothing. */
static bool answers(const struct plan *plan, const char *name)
{
	const struct live *live = plan->live;
	for (size_t i = 0; live && live->up && i < live->node_count; i++)
		if (streq(live->nodes[i].name, name))
			return live->nodes[i].version && !(live->nodes[i].flags & SLURM_NODE_NO_RESPOND);
	return false;
}

size_t plan_canary(const struct plan *plan)
{
	const struct inventory *inv = plan->cluster->inv;
	size_t best = SIZE_MAX;
	unsigned best_points = 0;
	for (size_t i = 0; i < inv->compute_count; i++) {
		size_t host = inv->compute[i];
		const struct host_plan *h = &plan->hosts[host];
		const struct cluster_host *c = &plan->cluster->hosts[host];
		if (!plan_acts_on(h) || h->joins || !c->serves || !c->facts ||
		    !facts_unit_runs(&c->facts->roles[ROLE_NODE].unit) || !answers(plan, inv->hosts[host].name))
			continue;
		unsigned points =
		    1 + 2 * !inv->hosts[host].controller + 4 * (unsigned)is_idle(plan, inv->hosts[host].name);
		if (points > best_points) {
			best = host;
			best_points = points;
		}
	}
	return best;
}

static const char *in_force_of(const struct facts *f, const char *path)
{
	const struct {
		const char *path, *in_force, *there;
	} files[] = {
	    {"/etc/slurm/slurm.conf", f->in_force_slurm, f->slurm_conf},
	    {"/etc/slurm/cgroup.conf", f->in_force_cgroup, f->cgroup_conf},
	    {"/etc/slurm/gres.conf", f->in_force_gres, f->gres_conf},
	    {"/etc/slurm/topology.conf", f->in_force_topology, f->topology_conf},
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (streq(files[i].path, path))
			return files[i].in_force ? files[i].in_force : files[i].there;
	return NULL;
}

static const char *path_of(const struct resource *r)
{
	return r->type == RESOURCE_FILE ? r->file.path : r->type == RESOURCE_ABSENT ? r->absent.path : NULL;
}

/* What was in force, else what was there; false: nobody knows, and it stays as it is now. */
static bool undo_file(struct catalog *to, const struct host_plan *h, size_t k, const struct facts *f)
{
	const struct resource *r = &h->catalog->items[k];
	const struct observed *o = &h->observed[k];
	const char *path = path_of(r), *before = path ? in_force_of(f, path) : NULL;
	if (path && !before && r->type == RESOURCE_FILE && !r->file.secret)
		before = o->content;
	if (before) {
		mode_t mode = r->type == RESOURCE_FILE ? r->file.mode : 0644;
		struct resource *x =
		    catalog_file(to, r->stage, path, r->type == RESOURCE_FILE ? r->file.owner : "root",
				 r->type == RESOURCE_FILE ? r->file.group : "root", mode, before, strlen(before));
		x->module = r->module;
	} else if (r->type == RESOURCE_FILE && o->state == OBSERVED_MISSING) {
		catalog_absent(to, r->stage, path)->module = r->module;
	} else {
		return false;
	}
	return true;
}

size_t plan_undo(const struct plan *plan, size_t host, enum role role, const struct resource ***ret)
{
	const struct host_plan *h = &plan->hosts[host];
	const struct facts *f = plan->cluster->hosts[host].facts;
	if (!f || !h->catalog)
		return 0;
	struct catalog *to = arena_alloc(plan->arena, sizeof *to);
	to->arena = plan->arena;
	size_t files = 0;
	for (size_t k = 0; k < h->catalog->len; k++)
		if (h->catalog->items[k].stage == STAGE_ACTIVATE && h->observed[k].state != OBSERVED_SAME)
			files += undo_file(to, h, k, f);
	for (size_t k = 0; files && k < h->catalog->len; k++)
		if (h->catalog->items[k].type == RESOURCE_SERVICE && h->catalog->items[k].role == role) {
			struct resource *x = vec_push_in(to->arena, to);
			*x = h->catalog->items[k];
			x->service.restart = x->service.running == YES;
		}
	const struct resource **list = arena_calloc(plan->arena, to->len + 1, sizeof *list);
	for (size_t i = 0; i < to->len; i++)
		list[i] = &to->items[i];
	*ret = list;
	return to->len;
}

/* Nodes that a job must not enter while they change. Those that are drained already stay so afterwards. */
void plan_keep_quiet(struct plan *plan)
{
	const struct live *live = plan->live;
	_cleanup_map_ struct map concerned = {0};
	bool all = false;
	for (size_t i = 0; i < plan->demands.len; i++) {
		const struct plan_demand *d = &plan->demands.items[i];
		all |= d->kind == DEMAND_NO_JOBS || (d->kind == DEMAND_IDLE && !d->nodes.len);
		for (size_t k = 0; d->kind == DEMAND_IDLE && k < d->nodes.len; k++)
			map_set(&concerned, d->nodes.items[k], plan);
	}
	for (size_t i = 0; live && live->up && i < live->node_count; i++)
		if ((all || map_has(&concerned, live->nodes[i].name)) && !(live->nodes[i].flags & SLURM_NODE_DRAIN))
			*vec_push_in(plan->arena, &plan->quiet) = live->nodes[i].name;
}
