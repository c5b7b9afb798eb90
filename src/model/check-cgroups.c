/*
 * What `cgroup:` asks of nodes that cannot do it. task/cgroup fails to start without a controller that cgroup.conf has it
 * use, and slurmd ends (src/plugins/task/cgroup, "failure enabling"); without that plugin cgroup.conf constrains nothing.
 */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "model/cluster.h"

static const struct {
	const char *key;
	enum facts_cgroup_use use;
	const char *controller;
} needs[] = {{"ConstrainCores", CGROUP_USE_CORES, "cpuset"},
	     {"ConstrainRAMSpace", CGROUP_USE_MEMORY, "memory"},
	     {"ConstrainSwapSpace", CGROUP_USE_MEMORY, "memory"},
	     {"ConstrainDevices", CGROUP_USE_DEVICES, "devices"}};

/* As Slurm reads it (src/common/parse_config.c, s_p_handle_boolean). */
static bool is_yes(const char *value)
{
	return value && strchr("yYtTuU1", *value);
}

static const struct {
	enum facts_cgroup_use use;
	const char *what;
} confines[] = {{CGROUP_USE_TRACK, "processes of jobs are followed by cgroups"},
		{CGROUP_USE_CORES, "jobs are held to their cores"},
		{CGROUP_USE_MEMORY, "jobs are held to their memory"},
		{CGROUP_USE_DEVICES, "jobs are held to their devices"}};

static const char *list(const struct cluster *c, unsigned bits)
{
	const char *text = "";
	for (size_t i = 0; i < ARRAY_LEN(confines); i++)
		if (bits & confines[i].use)
			text = arena_printf(c->arena, "%s%s%s", text, *text ? "; " : "", confines[i].what);
	return text;
}

/*
 * What every node that serves can do, by the baseline: none goes below it by itself (baseline.c). Whoever joins and can do less is left out,
 * since the others would lose it; that is an operator's decision (`accept`), and said.
 */
void cluster_confine(struct cluster *c, const struct inv_choice *accept)
{
	unsigned before = CGROUP_USE_ALL, all = CGROUP_USE_ALL;
	bool any = false;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->serves || !h->last)
			continue;
		before &= h->last->cgroups;
		any = true;
	}
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		unsigned less = any && h->serves ? before & ~h->cgroups : 0;
		if (less && !cluster_decided(c, accept, i)) {
			struct finding *f =
			    cluster_blame_slurmd(c, h, CODE_CONFINEMENT,
						 "its kernel has not the cgroup controllers that the other nodes have; "
						 "with it none of these would hold any more: %s",
						 list(c, less));
			f->fix = finding_text(&c->findings,
					      "turn the controllers on there; or, to give that up on all nodes: reeve "
					      "accept %s",
					      h->inv->name);
			continue;
		}
		if (less)
			finding_add(&c->findings, FINDING_WARNING, CODE_CONFINEMENT, h->inv->name,
				    "with what it can do now, none of these holds on any node any more: %s",
				    list(c, less))
			    ->fix = "turn its cgroup controllers on again, or exclude it";
		if (h->serves)
			all &= h->cgroups;
	}
	c->cgroup_cores = all & CGROUP_USE_CORES;
	c->cgroup_memory = all & CGROUP_USE_MEMORY;
	c->cgroup_track = all & CGROUP_USE_TRACK;
	c->cgroup_devices = all & CGROUP_USE_DEVICES;
}

bool cluster_has_task_cgroup(const struct cluster *c)
{
	const char *plugins = inventory_param(c->inv->params, c->inv->param_count, "TaskPlugin");
	return plugins ? strstr(plugins, "cgroup") != NULL : c->cgroup_track;
}

void cluster_check_cgroups(struct cluster *c)
{
	const struct inventory *inv = c->inv;
	for (size_t i = 0; cluster_has_task_cgroup(c) && i < inv->cgroup_count; i++) {
		const struct inv_param *p = &inv->cgroup[i];
		size_t need = 0;
		while (need < ARRAY_LEN(needs) && !streq(needs[need].key, p->key))
			need++;
		for (size_t k = 0; need < ARRAY_LEN(needs) && is_yes(p->value) && k < inv->host_count; k++) {
			struct cluster_host *h = &c->hosts[k];
			if (!h->facts || !h->serves || facts_cgroup_use(h->facts) & needs[need].use)
				continue;
			struct finding *f = cluster_blame(
			    c, h, CODE_CGROUP,
			    "its kernel has no cgroup controller '%s': slurmd does not start there with %s=%s",
			    needs[need].controller, p->key, p->value);
			f->fix =
			    finding_text(&c->findings,
					 "leave %s out: reeve sets it where every node can; or turn the controller "
					 "on (Raspberry Pi: cgroup_enable=memory in cmdline.txt)",
					 p->key);
			f->origin = p->at;
		}
	}
}
