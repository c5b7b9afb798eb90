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
