#include "plan/plan.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

bool plan_wants(const struct plan_options *options, const char *module)
{
	if (!options->modules)
		return true;
	for (const char *const *m = options->modules; *m; m++)
		if (streq(*m, module))
			return true;
	return false;
}

/*
 * What was observed, and what follows from it: a service whose input will be replaced is to be restarted, although nothing was wrong with it
 * when it was looked at.
 */
static const struct observed *with_consequences(struct plan *plan, const struct catalog *c,
						const struct observed *observed)
{
	struct observed *all = arena_calloc(plan->arena, c->len, sizeof *all);
	memcpy(all, observed, c->len * sizeof *all);
	for (size_t k = 0; k < c->len; k++) {
		const struct resource *r = &c->items[k];
		if (r->type != RESOURCE_SERVICE || r->service.running != YES || all[k].state != OBSERVED_SAME)
			continue;
		for (const char *const *input = r->service.inputs; input && *input; input++)
			for (size_t f = 0; f < c->len; f++)
				if (c->items[f].type == RESOURCE_FILE && streq(c->items[f].file.path, *input) &&
				    all[f].state != OBSERVED_SAME) {
					all[k].state = OBSERVED_DIFFERS;
					all[k].why = arena_printf(plan->arena, "to be restarted: %s changes", *input);
				}
	}
	return all;
}

static void count_changes(struct plan *plan, const struct plan_options *options)
{
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		struct host_plan *h = &plan->hosts[i];
		if (!h->catalog)
			continue;
		for (size_t k = 0; k < h->catalog->len; k++) {
			const struct resource *r = &h->catalog->items[k];
			const struct observed *o = &h->observed[k];
			if (!plan_wants(options, r->module) || o->state == OBSERVED_SAME)
				continue;
			if (o->state == OBSERVED_ERROR) {
				struct finding *f =
				    finding_add(&plan->findings, FINDING_HOST, CODE_RESOURCE,
						plan->cluster->inv->hosts[i].name, "%s: %s", r->id, o->why);
				f->origin = r->origin;
			}
			bool conf = r->type == RESOURCE_FILE && str_starts(r->file.path, "/etc/slurm/");
			plan->slurm_conf_changes |= conf;
			if (!h->selected)
				continue;
			h->changes++;
			plan->changes++;
		}
	}
}

/* slurm.conf is all or nothing: a part of the hosts with other bytes is what "appears to have a different slurm.conf"
 * is about. */
static void check_selection(struct plan *plan)
{
	bool all = true;
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++)
		all &= plan->hosts[i].selected;
	if (all || !plan->activation || plan->need == SLURM_NEED_NOTHING)
		return;
	struct finding *f =
	    finding_add(&plan->findings, FINDING_STOP, CODE_LIMITED, NULL,
			"slurm.conf would change, and it must be the same on every host: -l cannot be used for that");
	f->fix = "run it without -l";
}

struct plan *plan_make(const struct cluster *cluster, const struct catalog *const *catalogs,
		       const struct observed *const *observed, const struct live *live,
		       const struct plan_options *options, struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof *plan);
	plan->cluster = cluster;
	plan->live = live;
	plan->arena = arena;
	plan->canary = SIZE_MAX;
	plan->findings.arena = arena;
	for (size_t i = 0; i < cluster->findings.len; i++)
		*vec_push_in(arena, &plan->findings) = cluster->findings.items[i];
	plan->hosts = arena_calloc(arena, cluster->inv->host_count, sizeof *plan->hosts);
	for (size_t i = 0; i < cluster->inv->host_count; i++)
		plan->hosts[i] = (struct host_plan){
		    .catalog = catalogs[i],
		    .observed = catalogs[i] ? with_consequences(plan, catalogs[i], observed[i]) : NULL,
		    .selected = !options->selected || cluster_chosen(cluster, options->selected, i),
		};
	if (options->selected)
		cluster_check_choice(cluster, options->selected, false, &plan->findings);
	count_changes(plan, options);
	if (plan_wants(options, "core")) {
		plan_edits(plan);
		plan_activation(plan);
		plan_care(plan);
	}
	check_selection(plan);
	if (!findings_count(&plan->findings, FINDING_STOP))
		plan_steps(plan, options);
	return plan;
}
