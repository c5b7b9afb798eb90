/*
 * The text of slurm.conf: what modules own of it, core's first (module.h, params), what the operator wrote, nodes and partitions.
 * What the operator wrote under `slurm:` replaces a default of ours; what reeve must write
 * itself he cannot (slurm_param_owned). Equal nodes share a line, so that a hundred Pis are one.
 *
 * Defaults that are not Slurm's own, and why:
 *	SelectType, SelectTypeParameters  22.05 has select/linear, whole nodes; cores and memory as resources is what
 *	    people expect.
 *	DefMemPerCPU  see memory.c.
 *	ProctrackType, TaskPlugin  cgroups where every node can, else what works without (read-only cgroups kill slurmd).
 *	GresTypes, AccountingStorageTRES  where a node has GPUs; what the operator wrote stays, with ours behind it.
 *	ReturnToService=1  a node that was down because it did not answer comes back by itself (default 0: never).
 *	ReconfigFlags=KeepPartState  a reconfigure must not undo what an administrator did to a partition.
 *	SlurmctldTimeout=60  the backup takes over after a minute, not two.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "model/gpus.h"
#include "model/network.h"
#include "modules/core/core.h"
#include "slurm/action.h"

/* What the operator wrote for a parameter; NULL: nothing. */
static const char *operator_value(const struct inventory *inv, const char *key)
{
	return inventory_param(inv->params, inv->param_count, key);
}

/* A value with blanks needs quotes; one that holds quotes is not in cluster.yaml. */
static void put_pair(struct strbuf *out, const char *key, const char *value)
{
	const char *quote = strpbrk(value, " \t") ? "\"" : "";
	strbuf_addf(out, "%s=%s%s%s", key, quote, value, quote);
}

/* The class's, and those of the network beside them. */
static const char *features_of(const struct cluster *c, const struct cluster_host *h)
{
	_cleanup_strbuf_ struct strbuf s = {0};
	char *rest = arena_strdup(c->arena, network_features(c, h));
	for (size_t i = 0; h->class && i < h->class->feature_count; i++)
		strbuf_addf(&s, "%s%s", i ? "," : "", h->class->features[i]);
	for (char *word; rest && (word = str_next(&rest, ","));) {
		bool there = false;
		for (size_t i = 0; h->class && i < h->class->feature_count; i++)
			there |= streq(h->class->features[i], word);
		if (!there)
			strbuf_addf(&s, "%s%s", s.len ? "," : "", word);
	}
	return s.len ? arena_strndup(c->arena, s.data, s.len) : NULL;
}

static const char *gres_of(const struct cluster *c, const struct cluster_host *h)
{
	const char *gpus = gpus_gres(&h->gpus, c->arena), *bandwidth = network_gres(c, h);
	return gpus && bandwidth ? arena_printf(c->arena, "%s,%s", gpus, bandwidth) : gpus ? gpus : bandwidth;
}

/* What a NodeName line says but for names and addresses: nodes with the same text share a line. */
static const char *node_shape(const struct cluster *c, const struct cluster_host *h)
{
	const struct facts_hardware *hw = &h->hardware;
	_cleanup_strbuf_ struct strbuf s = {0};
	strbuf_addf(&s, "CPUs=%u ", hw->cpus);
	if (hw->boards > 1)
		strbuf_addf(&s, "Boards=%u SocketsPerBoard=%u ", hw->boards, hw->sockets / hw->boards);
	else
		strbuf_addf(&s, "Sockets=%u ", hw->sockets);
	strbuf_addf(&s, "CoresPerSocket=%u ThreadsPerCore=%u RealMemory=%llu ", hw->cores, hw->threads,
		    (unsigned long long)h->memory);
	if (h->scratch && !(h->class && inventory_param(h->class->params, h->class->param_count, "TmpDisk")))
		strbuf_addf(&s, "TmpDisk=%llu ", (unsigned long long)h->scratch);
	const char *features = features_of(c, h), *gres = gres_of(c, h);
	if (features)
		strbuf_addf(&s, "Features=%s ", features);
	for (size_t i = 0; h->class && i < h->class->param_count; i++) {
		const struct inv_param *p = &h->class->params[i];
		bool join = gres && strcasecmp(p->key, "Gres") == 0;
		put_pair(&s, p->key, join ? arena_printf(c->arena, "%s,%s", p->value, gres) : p->value);
		strbuf_addc(&s, ' ');
		if (join)
			gres = NULL;
	}
	if (gres)
		strbuf_addf(&s, "Gres=%s ", gres);
	strbuf_adds(&s, "State=UNKNOWN");
	return arena_strndup(c->arena, s.data, s.len);
}

/*
 * A list of texts as a hostlist if that gives them back in this order, else with commas: NodeAddr is paired with
 * NodeName by place (slurm.conf(5)), so the order may not change.
 */
static const char *in_order(struct arena *arena, const char *const *texts, size_t count)
{
	const char *short_form = hostlist_compress(texts, count, arena);
	const char *const *back;
	size_t back_count;
	if (hostlist_expand(short_form, count, arena, &back, &back_count, NULL, NULL) == 0 && back_count == count) {
		size_t i = 0;
		while (i < count && streq(back[i], texts[i]))
			i++;
		if (i == count)
			return short_form;
	}
	_cleanup_strbuf_ struct strbuf s = {0};
	for (size_t i = 0; i < count; i++)
		strbuf_addf(&s, "%s%s", i ? "," : "", texts[i]);
	return arena_strndup(arena, strbuf_str(&s), s.len);
}

struct group {
	const char *shape;
	VEC(const struct cluster_host *) hosts;
};

static int by_name(const void *a, const void *b)
{
	return hostlist_compare((*(const struct cluster_host *const *)a)->inv->name,
				(*(const struct cluster_host *const *)b)->inv->name);
}

static void put_nodes(struct strbuf *out, const struct cluster *c)
{
	_cleanup_map_ struct map by_shape = {0};
	VEC(struct group *) groups = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->listed)
			continue;
		const char *shape = node_shape(c, h);
		struct group *g = map_get(&by_shape, shape);
		if (!g) {
			g = arena_alloc(c->arena, sizeof *g);
			g->shape = shape;
			map_set(&by_shape, shape, g);
			*vec_push_in(c->arena, &groups) = g;
		}
		*vec_push_in(c->arena, &g->hosts) = h;
	}
	for (size_t i = 0; i < groups.len; i++) {
		struct group *g = groups.items[i];
		size_t n = g->hosts.len;
		qsort(g->hosts.items, n, sizeof *g->hosts.items, by_name);
		const char **names = arena_calloc(c->arena, n, sizeof *names),
			   **addresses = arena_calloc(c->arena, n, sizeof *names),
			   **hostnames = arena_calloc(c->arena, n, sizeof *names);
		bool other_address = false, other_hostname = false;
		for (size_t k = 0; k < n; k++) {
			const struct inv_host *h = g->hosts.items[k]->inv;
			names[k] = h->name;
			addresses[k] = h->slurm_address;
			hostnames[k] = h->hostname;
			other_address |= !streq(addresses[k], names[k]);
			other_hostname |= !streq(hostnames[k], names[k]);
		}
		strbuf_addf(out, "NodeName=%s ", in_order(c->arena, names, n));
		if (other_address)
			strbuf_addf(out, "NodeAddr=%s ", in_order(c->arena, addresses, n));
		if (other_hostname)
			strbuf_addf(out, "NodeHostname=%s ", in_order(c->arena, hostnames, n));
		strbuf_addf(out, "%s\n", g->shape);
	}
}

static void put_partitions(struct strbuf *out, const struct cluster *c)
{
	uint64_t global = core_memory_default(c);
	for (size_t i = 0; i < c->inv->partition_count; i++) {
		const struct inv_partition *p = c->partitions[i].inv;
		size_t n = c->partitions[i].node_count;
		const char **names = arena_calloc(c->arena, n, sizeof *names);
		for (size_t k = 0; k < n; k++)
			names[k] = c->inv->hosts[c->partitions[i].nodes[k]].name;
		strbuf_addf(out, "PartitionName=%s", p->name);
		if (n)
			strbuf_addf(out, " Nodes=%s", hostlist_compress(names, n, c->arena));
		if (p->is_default)
			strbuf_adds(out, " Default=YES");
		bool state = false;
		for (size_t k = 0; k < p->param_count; k++) {
			strbuf_addc(out, ' ');
			put_pair(out, p->params[k].key, p->params[k].value);
			state |= strcasecmp(p->params[k].key, "State") == 0;
		}
		uint64_t memory = core_memory_of_partition(c, &c->partitions[i], global);
		if (memory)
			strbuf_addf(out, " DefMemPerCPU=%llu", (unsigned long long)memory);
		strbuf_adds(out, state ? "\n" : " State=UP\n");
	}
}

/* With select/linear cores are no resource, and Slurm takes none of cons_tres's parameters. */
bool core_whole_nodes(const struct inventory *inv)
{
	const char *value = operator_value(inv, "SelectType");
	return value && strcasecmp(value, "select/linear") == 0;
}

static const char *const gres_params[] = {"GresTypes", "AccountingStorageTRES"};

static void add_controllers(const struct inventory *inv, struct module_params *p)
{
	for (size_t i = 0; i < inv->controller_count; i++) {
		const struct inv_host *h = &inv->hosts[inv->controllers[i]];
		const char *address = h->slurm_address;
		params_add(p, "SlurmctldHost",
			   streq(address, h->hostname) ? h->hostname
						       : arena_printf(p->arena, "%s(%s)", h->hostname, address));
	}
}

static void add_memory(const struct cluster *c, struct module_params *p)
{
	uint64_t memory = core_memory_default(c);
	if (memory)
		params_add(p, "DefMemPerCPU", arena_printf(p->arena, "%llu", (unsigned long long)memory));
}

void core_params(const struct cluster *c, struct module_params *p)
{
	const struct inventory *inv = c->inv;
	params_add(p, "ClusterName", inv->cluster.text);
	add_controllers(inv, p);
	params_add(p, "AuthType", "auth/munge");
	params_add(p, "CredType", "cred/munge");
	params_add(p, "SlurmUser", core_roles[ROLE_CONTROLLER].user);
	params_add(p, "StateSaveLocation", inv->state.text);
	params_default(p, inv, "SlurmdSpoolDir", CORE_SPOOL);
	params_add(p, "SlurmctldPidFile", "/run/slurmctld/slurmctld.pid");
	params_add(p, "SlurmdPidFile", "/run/slurmd/slurmd.pid");
	params_default(p, inv, "SlurmctldLogFile", CORE_LOGS "/slurmctld.log");
	params_default(p, inv, "SlurmdLogFile", CORE_LOGS "/slurmd.log");
	params_default(p, inv, "ProctrackType", c->cgroup_track ? "proctrack/cgroup" : "proctrack/linuxproc");
	params_default(p, inv, "TaskPlugin", c->cgroup_track ? "task/affinity,task/cgroup" : "task/affinity");
	params_default(p, inv, "SelectType", "select/cons_tres");
	if (!core_whole_nodes(inv))
		params_default(p, inv, "SelectTypeParameters", "CR_Core_Memory");
	add_memory(c, p);
	params_default(p, inv, "ReturnToService", "1");
	params_default(p, inv, "ReconfigFlags", "KeepPartState");
	params_default(p, inv, "SlurmctldTimeout", "60");
	params_default(p, inv, "SlurmdTimeout", "300");
	params_fallback(p, inv, "MpiDefault", "none");
	if (inv->network.topology != INV_TOPOLOGY_NONE)
		params_add(p, "TopologyPlugin",
			   inv->network.topology == INV_TOPOLOGY_TREE ? "topology/tree" : "topology/block");
	for (size_t i = 0; i < ARRAY_LEN(gres_params); i++) {
		const char *value = core_gres_param(c, gres_params[i], NULL);
		if (value)
			params_default(p, inv, gres_params[i], value);
	}
}

/* Each has a line of its own; they were checked when they were read. */
static void put_actions(struct strbuf *out, const struct cluster *c, const char *value)
{
	char *rest = arena_strdup(c->arena, value);
	struct slurm_action action;
	while (slurm_action_next(&rest, c->arena, &action) == 1)
		strbuf_addf(out, "PowerAction=%s Location=%s Program=\"%s\"\n", action.name,
			    action.on_nodes ? "slurmd" : "slurmctld", action.program);
}

static char *make_slurm_conf(const struct cluster *c)
{
	const struct inventory *inv = c->inv;
	const struct module_params params = modules_params(modules, c);
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out,
		    CLUSTER_CONF_MARK " from cluster.yaml: change it there and run `reeve apply`.\n"
				      "# Without reeve: the same bytes on every host, then `scontrol reconfigure`.\n");
	for (size_t i = 0; i < params.len; i++) {
		put_pair(&out, params.items[i].key, params.items[i].value);
		strbuf_addc(&out, '\n');
	}
	for (size_t i = 0; i < inv->param_count; i++) {
		const struct inv_param *p = &inv->params[i];
		if (streq(p->key, "PowerAction")) {
			put_actions(&out, c, p->value);
			continue;
		}
		put_pair(&out, p->key, core_gres_param(c, p->key, p->value));
		strbuf_addc(&out, '\n');
	}
	put_nodes(&out, c);
	put_partitions(&out, c);
	return arena_strndup(c->arena, out.data, out.len);
}

const char *core_slurm_conf(const struct cluster *cluster)
{
	struct cluster_texts *texts = cluster->texts;
	if (!texts->slurm_conf)
		texts->slurm_conf = make_slurm_conf(cluster);
	return texts->slurm_conf;
}

/* slurmd makes a control group for itself when it starts, even where nothing else wants one, and ends where it cannot. The word is
 * known from 23.02 on (cgroup.conf(5)). */
static bool without_cgroups(const struct cluster *c)
{
	enum { FIRST_DISABLED = 2302 };
	static const char *const users[] = {"ProctrackType", "TaskPlugin", "JobAcctGatherType", "PrologFlags"};
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		const char *value = operator_value(c->inv, users[i]);
		if (value && (strstr(value, "cgroup") || strcasestr(value, "contain")))
			return false;
	}
	return !c->cgroup_track && c->release >= FIRST_DISABLED;
}

/* What is constrained unless the operator says otherwise; "": nothing is written, which is "no". */
static const char *make_cgroup_conf(const struct cluster *c)
{
	const struct inventory *inv = c->inv;
	bool devices = cluster_has_task_cgroup(c) && c->cgroup_devices && core_gres_has_files(c);
	const char *const ours[][2] = {
	    {"CgroupPlugin", without_cgroups(c) ? "disabled" : ""},
	    {"ConstrainCores", c->cgroup_track && c->cgroup_cores ? "yes" : "no"},
	    {"ConstrainRAMSpace", c->cgroup_track && c->cgroup_memory ? "yes" : "no"},
	    {"ConstrainDevices", devices ? "yes" : ""},
	};
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, CLUSTER_CONF_MARK "; the same on every host.\n");
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (*ours[i][1] && !inventory_param(inv->cgroup, inv->cgroup_count, ours[i][0]))
			strbuf_addf(&out, "%s=%s\n", ours[i][0], ours[i][1]);
	for (size_t i = 0; i < inv->cgroup_count; i++) {
		put_pair(&out, inv->cgroup[i].key, inv->cgroup[i].value);
		strbuf_addc(&out, '\n');
	}
	return arena_strndup(c->arena, out.data, out.len);
}

const char *core_cgroup_conf(const struct cluster *cluster)
{
	struct cluster_texts *texts = cluster->texts;
	if (!texts->cgroup_conf)
		texts->cgroup_conf = make_cgroup_conf(cluster);
	return texts->cgroup_conf;
}
