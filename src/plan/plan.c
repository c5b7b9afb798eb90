#include "plan/plan.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"

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
	const char *path;
	for (size_t k = 0; k < c->len; k++) {
		const struct resource *r = &c->items[k];
		if (r->type != RESOURCE_SERVICE || !r->service.running || all[k].state != OBSERVED_SAME)
			continue;
		for (const char *const *input = r->service.inputs; input && *input; input++)
			for (size_t f = 0; f < c->len; f++)
				if ((path = resource_path(&c->items[f])) && streq(path, *input) &&
				    all[f].state != OBSERVED_SAME) {
					all[k].state = OBSERVED_DIFFERS;
					all[k].why = arena_printf(plan->arena, "to be %s: %s changes",
								  r->service.reload ? "reloaded" : "restarted", *input);
				}
	}
	return all;
}

/* Does it lie in a directory that is wrong itself, and has its finding? */
static bool is_consequence(const struct host_plan *h, size_t k)
{
	const char *path = resource_path(&h->catalog->items[k]);
	for (size_t i = 0; path && i < h->catalog->len; i++) {
		const struct resource *r = &h->catalog->items[i];
		if (r->type == RESOURCE_DIRECTORY && h->observed[i].state == OBSERVED_ERROR &&
		    str_starts(path, r->directory.path) && path[strlen(r->directory.path)] == '/')
			return true;
	}
	return false;
}

/* What to do about something that stands where a resource is to be. */
static const char *way_out(struct plan *plan, const char *host, const struct resource *r)
{
	if (r->type == RESOURCE_FILE && r->role != ROLE_NONE)
		return finding_text(
		    &plan->findings,
		    "a link: `reeve apply --replace` puts a file in its place on each host, and what it "
		    "points to stays; anything else: on %s, move %s away",
		    host, r->file.path);
	if (r->type == RESOURCE_DIRECTORY && r->directory.ours)
		return finding_text(
		    &plan->findings,
		    "on %s, make %s a directory: a link is replaced by a copy with: p=$(readlink -f %s) "
		    "&& rm %s && cp -a \"$p\" %s",
		    host, r->directory.path, r->directory.path, r->directory.path, r->directory.path);
	if (r->type == RESOURCE_DIRECTORY)
		return finding_text(&plan->findings,
				    "name another directory in cluster.yaml; or, where %s is Slurm's, on %s: chown -R "
				    "%s: %s",
				    r->directory.path, host, r->directory.owner, r->directory.path);
	if (r->type == RESOURCE_MOUNT)
		return finding_text(&plan->findings, "name another place in cluster.yaml; or, on %s: umount %s", host,
				    r->mount.where);
	if (r->type == RESOURCE_HOME)
		return finding_text(&plan->findings, "on %s: chown -R %s: %s, or move it away%s", host, r->home.user,
				    r->home.path, r->home.shared ? "; or start its file server" : "");
	if (r->type == RESOURCE_BLOCK)
		return finding_text(&plan->findings, "on %s: take reeve's lines out of %s by hand", host,
				    r->block.path);
	return resource_path(r) ? finding_text(&plan->findings, "on %s, move %s away", host, resource_path(r)) : NULL;
}

/* What a run would fail on is said before it: on a controller it stops the run, a compute host is left out; what is alone is set aside. */
static void add_error(struct plan *plan, size_t host, size_t k)
{
	const struct host_plan *h = &plan->hosts[host];
	const struct resource *r = &h->catalog->items[k];
	const struct inv_host *inv = &plan->cluster->inv->hosts[host];
	if (is_consequence(h, k))
		return;
	enum finding_weight weight = r->alone ? FINDING_WARNING : inv->controller ? FINDING_STOP : FINDING_HOST;
	struct finding *f =
	    finding_add(&plan->findings, weight, CODE_RESOURCE, inv->name, "%s: %s", r->id, h->observed[k].why);
	f->fix = way_out(plan, inv->name, r);
	f->origin = r->origin;
}

/* A compute host with something that cannot be examined is left out. */
static bool cannot_be_examined(struct plan *plan, const struct plan_options *options, size_t host)
{
	const struct host_plan *h = &plan->hosts[host];
	bool any = false;
	for (size_t k = 0; h->selected && k < h->catalog->len; k++)
		if (h->observed[k].state == OBSERVED_ERROR && plan_wants(options, h->catalog->items[k].module)) {
			add_error(plan, host, k);
			plan->set_aside += h->catalog->items[k].alone;
			any |= !h->catalog->items[k].alone;
		}
	return any && !plan->cluster->inv->hosts[host].controller;
}

/* It cannot be examined, and nobody but it suffers from that. */
bool plan_sets_aside(const struct host_plan *h, size_t k)
{
	return h->catalog->items[k].alone && h->observed[k].state == OBSERVED_ERROR;
}

static void count_changes(struct plan *plan, const struct plan_options *options)
{
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		struct host_plan *h = &plan->hosts[i];
		if (h->catalog && cannot_be_examined(plan, options, i))
			h->catalog = NULL;
		if (!h->catalog)
			continue;
		for (size_t k = 0; k < h->catalog->len; k++) {
			const struct resource *r = &h->catalog->items[k];
			const struct observed *o = &h->observed[k];
			if (!plan_wants(options, r->module) || o->state == OBSERVED_SAME || plan_sets_aside(h, k))
				continue;
			plan->slurm_conf_changes |= r->type == RESOURCE_FILE && r->role != ROLE_NONE;
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
	if (plan_wants(options, module_slurm->name)) {
		plan_edits(plan);
		plan_activation(plan);
		plan_find_drains(plan);
	}
	check_selection(plan);
	if (!findings_count(&plan->findings, FINDING_STOP))
		plan_steps(plan, options);
	return plan;
}
