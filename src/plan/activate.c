/*
 * What has to be done so that the new slurm.conf is in force, and what speaks against it.
 *
 * What daemons run with now is known from two texts on each host: the copy that the last run left in
 * /var/lib/reeve/in-force when the activation had succeeded, and the file in /etc/slurm, which somebody may have
 * changed since and a daemon may have read. The need is the larger of both. The controllers' texts decide for the
 * cluster; another host's own texts decide for its slurmd alone, so that one edited file or one host that was left
 * behind does not restart a whole cluster.
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "plan/plan.h"
#include "slurm/gres.h"
#include "slurm/effective.h"

enum { MOST_NAMES = 65536 };

static struct slurm_conf *parse(struct plan *plan, const char *text)
{
	struct slurm_conf *conf;
	/* What cannot be parsed was not written by us; it is replaced, and the daemons are told. */
	return text && slurm_conf_parse(text, strlen(text), plan->arena, &conf, NULL) == 0 ? conf : NULL;
}

static const char *wanted_conf(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		if (!plan->hosts[i].catalog)
			continue;
		const struct resource *r = catalog_find(plan->hosts[i].catalog, path);
		if (r)
			return r->file.content;
	}
	return NULL;
}

struct texts {
	struct plan *plan;
	const char *slurm, *cgroup, *gres; /* wanted; of gres.conf NULL where none is */
	const char *topology;              /* wanted; NULL: none */
	struct slurm_conf *wanted;
	struct map seen;          /* old text -> struct slurm_activation */
	struct map gres_seen;     /* old text of gres.conf -> its need, as a number, and one */
	struct slurm_units nodes; /* of `wanted` */
	struct map live;          /* node -> what slurmctld says of it, where it answers */
	struct map added_in;      /* node -> in how many of the controllers' texts it is new, as a number */
	size_t served;            /* controllers that had one */
};

/* The difference between one old text and the wanted one; each distinct text is looked at once. */
static struct slurm_activation *difference(struct texts *t, const char *old)
{
	struct slurm_activation *a = map_get(&t->seen, old);
	struct slurm_conf *conf;
	if (a)
		return a;
	conf = parse(t->plan, old);
	struct err err = {0};
	if (!conf || slurm_activation_of(t->plan->cluster->release, conf, t->wanted, t->plan->arena, &a, &err) < 0) {
		a = arena_alloc(t->plan->arena, sizeof *a);
		a->need = SLURM_NEED_RESTART_BOTH;
	}
	map_set(&t->seen, old, a);
	return a;
}

/* slurmd restarts are safe for jobs, but for what the table has of them. */
static enum slurm_need cgroup_need(const struct texts *t, const char *old)
{
	return !old || streq(old, t->cgroup) ? SLURM_NEED_NOTHING : SLURM_NEED_RESTART_SLURMD;
}

static enum slurm_need gres_need(struct texts *t, const char *old)
{
	if (!old || !t->gres)
		return SLURM_NEED_NOTHING;
	uintptr_t known = (uintptr_t)map_get(&t->gres_seen, old);
	if (!known) {
		known = 1 + (uintptr_t)slurm_gres_need(t->plan->cluster->release, old, t->gres);
		map_set(&t->gres_seen, old, (void *)known);
	}
	return (enum slurm_need)(known - 1);
}

/* Read at start, SIGHUP and reconfigure by all daemons, in every release (topology.conf(5), DESCRIPTION). Where there was
 * none and is to be none, TopologyPlugin does not read it. */
static enum slurm_need topology_need(const struct texts *t, const char *old)
{
	return !t->topology || !old || streq(old, t->topology) ? SLURM_NEED_NOTHING : SLURM_NEED_RECONFIGURE;
}

static bool live_is_known(const struct texts *t)
{
	return t->plan->live && t->plan->live->up;
}

/* Where slurmctld has a node as it is wanted, an old text of it says nothing of the jobs there. */
static bool lives_as_wanted(const struct texts *t, const char *name, const char *key)
{
	const struct slurm_node_state *n = map_get(&t->live, name);
	const struct slurm_unit *unit = slurm_units_get(&t->nodes, name);
	if (!n || !unit)
		return false;
	if (effective_is_processors(key)) {
		const char *text =
		    arena_printf(t->plan->arena, "NodeName=n CPUs=%u Sockets=%u CoresPerSocket=%u ThreadsPerCore=%u\n",
				 n->cpus, n->sockets, n->cores, n->threads);
		const struct slurm_conf *conf = n->sockets ? parse(t->plan, text) : NULL;
		return conf && effective_same_cores(&conf->nodes.items[0], unit->line);
	}
	if (strcasecmp(key, "Gres") != 0)
		return false;
	const char *wanted = effective_get(unit->line, "Gres"), *has = n->gres;
	/* "gpu:2(S:0-1)" */
	return wanted && has && strncmp(has, wanted, strlen(wanted)) == 0 &&
	       (!has[strlen(wanted)] || has[strlen(wanted)] == '(');
}

/* Jobs may stand on what any of the controllers' texts configured, and on nothing that slurmctld does not have. */
static void demand_nodes(struct texts *t, enum plan_demand_kind kind, const char *key, const struct names *nodes)
{
	struct names concerned = {0};
	for (size_t i = 0; i < nodes->len; i++) {
		const char *name = nodes->items[i];
		bool there = !live_is_known(t) || map_has(&t->live, name);
		if (there && !(kind == DEMAND_IDLE && lives_as_wanted(t, name, key)))
			*vec_push_in(t->plan->arena, &concerned) = name;
	}
	if (concerned.len)
		plan_demand_add(t->plan, kind, key, &concerned);
}

static void demand_of(struct texts *t, const struct slurm_activation *a)
{
	for (size_t i = 0; i < a->len; i++) {
		const struct slurm_reason *r = &a->reasons[i];
		t->plan->slurmd_reads |= r->slurmd;
		t->plan->gres |= strcasecmp(r->key, "Gres") == 0 || strcasecmp(r->key, "GresTypes") == 0;
		t->plan->apart |= r->apart;
		if (r->condition == SLURM_NO_JOBS)
			plan_demand_add(t->plan, DEMAND_NO_JOBS, r->key, NULL);
		else if (r->condition == SLURM_IDLE_NODES && r->nodes)
			demand_nodes(t, DEMAND_IDLE, r->key, r->nodes);
		else if (r->condition == SLURM_IDLE_NODES)
			plan_demand_add(t->plan, DEMAND_IDLE, r->key, NULL);
	}
	demand_nodes(t, DEMAND_GONE, "", &a->nodes_removed);
	for (size_t i = 0; i < a->partitions_removed.len; i++)
		plan_demand_add(t->plan, DEMAND_PARTITION, a->partitions_removed.items[i], NULL);
}

/* The first key of cgroup.conf whose change jobs do not live through; NULL: none. */
static const char *cgroup_harm(const struct texts *t, const char *old)
{
	const struct slurm_conf *a = old ? parse(t->plan, old) : NULL, *b = parse(t->plan, t->cgroup);
	const struct slurm_conf *const sides[] = {a, b}, *const others[] = {b, a};
	for (size_t s = 0; a && b && s < 2; s++)
		for (size_t i = 0; i < sides[s]->globals.len; i++) {
			const struct slurm_pair *p = &sides[s]->globals.items[i];
			if (slurm_effect_of_cgroup_key(t->plan->cluster->release, p->key).condition == SLURM_WITH_JOBS)
				continue;
			const char *other = NULL;
			for (size_t k = 0; k < others[s]->globals.len; k++)
				if (strcasecmp(others[s]->globals.items[k].key, p->key) == 0)
					other = others[s]->globals.items[k].value;
			if (!other || strcasecmp(other, p->value) != 0)
				return p->key;
		}
	return NULL;
}

/* A text counts that is not the wanted one. */
static const char *other_than(const char *text, const char *wanted)
{
	return text && wanted && !streq(text, wanted) ? text : NULL;
}

/* No daemon starts with a file that names no cluster (emptied, cut short), so that none runs with it. */
static bool can_be_in_force(struct plan *plan, const char *text)
{
	const struct slurm_conf *conf = parse(plan, text);
	return conf && slurm_conf_get(conf, "ClusterName");
}

static enum slurm_need need_of(struct texts *t, const struct facts *f, struct slurm_activation **ret_worst)
{
	enum slurm_need need = SLURM_NEED_NOTHING;
	const char *olds[] = {other_than(f->in_force_slurm, t->slurm), other_than(facts_slurm(f), t->slurm)};
	if (f->in_force_slurm && olds[1] && !can_be_in_force(t->plan, olds[1])) {
		need = SLURM_NEED_RECONFIGURE;
		olds[1] = NULL;
	}
	const char *const groups[] = {other_than(f->in_force_cgroup, t->cgroup), other_than(f->cgroup_conf, t->cgroup)};
	const char *const gres[] = {other_than(f->in_force_gres, t->gres), other_than(f->gres_conf, t->gres)};
	for (size_t i = 0; i < 2; i++) {
		if (olds[i]) {
			struct slurm_activation *a = difference(t, olds[i]);
			enum slurm_need n = a->need > SLURM_NEED_RECONFIGURE ? a->need : SLURM_NEED_RECONFIGURE;
			if (ret_worst && (!*ret_worst || (*ret_worst)->need < a->need))
				*ret_worst = a;
			if (ret_worst)
				demand_of(t, a);
			need = slurm_need_join(need, n);
		}
		const char *harm = ret_worst && groups[i] ? cgroup_harm(t, groups[i]) : NULL;
		if (harm)
			plan_demand_add(t->plan, DEMAND_IDLE, harm, NULL);
		t->plan->slurmd_reads |= ret_worst && (groups[i] || gres[i]);
		t->plan->gres |= gres[i] != NULL;
		need = slurm_need_join(need, cgroup_need(t, groups[i]));
		need = slurm_need_join(need, gres_need(t, gres[i]));
		struct names nodes = {0};
		if (ret_worst && gres[i])
			slurm_gres_reordered(gres[i], t->gres, t->plan->arena, &nodes);
		demand_nodes(t, DEMAND_IDLE, "the order of GPUs", &nodes);
	}
	/* In force nowhere that we know of, and a daemon runs: it may have read anything. */
	if (!f->in_force_slurm && f->slurm_conf && need == SLURM_NEED_NOTHING)
		need = SLURM_NEED_RECONFIGURE;
	need = slurm_need_join(need, topology_need(t, f->in_force_topology));
	return slurm_need_join(need, topology_need(t, f->topology_conf));
}

/*
 * What a host's slurmd runs with is the copy in force; where there is none, the file. A file that somebody edited since
 * is that host's alone, and its slurmd has not read it.
 */
static const char *own_harm(struct texts *t, const struct facts *f)
{
	const char *old = other_than(f->in_force_slurm ? f->in_force_slurm : facts_slurm(f), t->slurm);
	const struct slurm_activation *a = old ? difference(t, old) : NULL;
	for (size_t i = 0; a && i < a->len; i++)
		if (a->reasons[i].slurmd && !a->reasons[i].nodes && a->reasons[i].condition != SLURM_WITH_JOBS)
			return a->reasons[i].key;
	return cgroup_harm(t, other_than(f->in_force_cgroup ? f->in_force_cgroup : f->cgroup_conf, t->cgroup));
}

bool plan_runs_a_job(const struct plan *plan, const char *node)
{
	const struct live *live = plan->live;
	if (!live || !live->up || live->brief)
		return true;
	for (size_t i = 0; i < live->job_count; i++) {
		_cleanup_arena_ struct arena *arena = arena_new();
		const char *const *names;
		size_t count;
		if (!slurm_job_holds_nodes(&live->jobs[i]) || !live->jobs[i].nodes)
			continue;
		if (hostlist_expand(live->jobs[i].nodes, MOST_NAMES, arena, &names, &count, NULL, NULL) < 0)
			return true;
		for (size_t k = 0; k < count; k++)
			if (streq(names[k], node))
				return true;
	}
	return false;
}

void plan_hold(struct plan *plan, size_t host, const char *what)
{
	const struct inv_host *h = &plan->cluster->inv->hosts[host];
	plan->hosts[host].held = what;
	struct finding *f = finding_add(
	    &plan->findings, FINDING_HOST, CODE_NODE_BUSY, h->name,
	    "%s differs there from what the cluster has, and can change only while no job runs there", what);
	f->fix = "apply again when its jobs are over; until then it is left as it is";
	f->origin = h->at;
}

/* A host that missed a change, and got a job since: what the others have would hurt it. The cluster's own demands come
 * first; where they hold, or stop the run, nothing is left to do here. */
static void hold_hosts(struct texts *t)
{
	struct plan *plan = t->plan;
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		const struct cluster_host *h = &plan->cluster->hosts[i];
		const char *harm =
		    h->facts && h->serves && !h->inv->controller && facts_unit_runs(&h->facts->roles[ROLE_NODE].unit)
			? own_harm(t, h->facts)
			: NULL;
		if (!harm || !plan_runs_a_job(plan, h->inv->name))
			continue;
		plan_hold(plan, i, harm);
	}
}

/*
 * A node joins that no controller has had in force. The copy in force is written last, so that a run that was cut off
 * leaves its nodes joining; where there is none yet, the file counts.
 */
static void count_added(struct texts *t, const struct facts *f)
{
	const char *old = f->in_force_slurm ? f->in_force_slurm : facts_slurm(f);
	if (!old)
		return;
	t->served++;
	if (streq(old, t->slurm))
		return;
	const struct slurm_activation *a = difference(t, old);
	for (size_t i = 0; i < a->nodes_added.len; i++) {
		uintptr_t n = (uintptr_t)map_get(&t->added_in, a->nodes_added.items[i]);
		map_set(&t->added_in, a->nodes_added.items[i], (void *)(n + 1));
	}
}

static void mark_joining(const struct texts *t)
{
	struct plan *plan = t->plan;
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++) {
		struct host_plan *h = &plan->hosts[i];
		uintptr_t n = (uintptr_t)map_get(&t->added_in, plan->cluster->hosts[i].inv->name);
		h->joins = n && n == t->served && h->catalog && h->selected && !plan->cluster->fresh &&
			   plan->cluster->hosts[i].serves;
	}
}

static struct finding *refuse(struct plan *plan, enum finding_code code, const char *text)
{
	struct finding *f = finding_add(&plan->findings, FINDING_STOP, code, NULL, "%s", text);
	f->origin = plan->cluster->inv->compute_at;
	return f;
}

static void refuse_below(struct plan *plan, const char *kind, const struct inv_switch *items, size_t count,
			 const struct map *removed)
{
	const struct inventory *inv = plan->cluster->inv;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < items[i].node_count; k++) {
			const char *name = inv->hosts[items[i].nodes[k]].name;
			if (!map_has(removed, name))
				continue;
			struct finding *f = refuse(
			    plan, CODE_NODE_IN_USE,
			    arena_printf(plan->arena, "node %s would be removed, and the %s '%s' of 'network' has it",
					 name, kind, items[i].name));
			f->fix = arena_printf(plan->arena, "take it out of %s '%s', then do this again", kind,
					      items[i].name);
			f->origin = items[i].at;
		}
}

/* What the operator declared; what was discovered follows the nodes. */
static void check_topology(struct plan *plan, const struct names *names)
{
	const struct inv_network *n = &plan->cluster->inv->network;
	_cleanup_map_ struct map removed = {0};
	for (size_t i = 0; i < names->len; i++)
		map_set(&removed, names->items[i], (void *)names->items[i]);
	refuse_below(plan, "switch", n->switches, n->switch_count, &removed);
	refuse_below(plan, "block", n->blocks, n->block_count, &removed);
}

static void check_topology_of(struct plan *plan)
{
	for (size_t i = 0; i < plan->demands.len; i++)
		if (plan->demands.items[i].kind == DEMAND_GONE)
			check_topology(plan, &plan->demands.items[i].nodes);
}

static bool is_demanded(const struct plan *plan, const char *partition)
{
	for (size_t i = 0; i < plan->demands.len; i++)
		if (plan->demands.items[i].kind == DEMAND_PARTITION && streq(plan->demands.items[i].what, partition))
			return true;
	return false;
}

/*
 * A slurmctld that reads its configuration keeps no partition that is not in it, and ends the jobs of those that somebody made
 * with scontrol(1) (src/slurmctld/partition_mgr.c, load_all_part_state, 22.05 and 24.11). Without jobs it is said, and it goes.
 */
static void demand_made_partitions(struct plan *plan)
{
	const struct live *live = plan->live;
	for (size_t i = 0; live && live->up && i < live->partition_count; i++) {
		const char *name = live->partitions[i].name;
		if (inventory_partition(plan->cluster->inv, name) || is_demanded(plan, name))
			continue;
		plan_demand_add(plan, DEMAND_PARTITION, name, NULL);
		finding_add(&plan->findings, FINDING_WARNING, CODE_PARTITION_LIVE, NULL,
			    "partition %s is not in %s: slurmctld forgets it when it reads its configuration again",
			    name, plan->cluster->inv->file)
		    ->fix = "put it into cluster.yaml if it is to stay";
	}
}

static bool is_told(const struct plan *plan)
{
	return plan->need != SLURM_NEED_NOTHING && plan->need != SLURM_NEED_START;
}

static void close_partitions(struct plan *plan)
{
	const struct live *live = plan->live;
	for (size_t i = 0; i < plan->demands.len; i++)
		for (size_t k = 0; live && plan->demands.items[i].kind == DEMAND_PARTITION && k < live->partition_count;
		     k++)
			if (streq(live->partitions[k].name, plan->demands.items[i].what))
				*vec_push_in(plan->arena, &plan->leaving) = plan->demands.items[i].what;
}

static void read_live(struct texts *t)
{
	for (size_t i = 0; live_is_known(t) && i < t->plan->live->node_count; i++)
		map_set(&t->live, t->plan->live->nodes[i].name, &t->plan->live->nodes[i]);
	if (slurm_conf_nodes(t->wanted, t->plan->arena, &t->nodes, NULL) < 0)
		t->nodes = (struct slurm_units){0};
}

/* What the first controller that has one runs with. */
static const struct slurm_conf *serving_conf(const struct texts *t)
{
	const struct cluster *c = t->plan->cluster;
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct facts *f = c->hosts[c->inv->controllers[i]].facts;
		const char *text = f ? (f->in_force_slurm ? f->in_force_slurm : facts_slurm(f)) : NULL;
		if (text)
			return parse(t->plan, text);
	}
	return NULL;
}

void plan_activation(struct plan *plan)
{
	const struct cluster *c = plan->cluster;
	struct texts t = {
	    .plan = plan,
	    .slurm = wanted_conf(plan, "file:/etc/slurm/slurm.conf"),
	    .cgroup = wanted_conf(plan, "file:/etc/slurm/cgroup.conf"),
	    .gres = wanted_conf(plan, "file:/etc/slurm/gres.conf"),
	    .topology = wanted_conf(plan, "file:/etc/slurm/topology.conf"),
	};
	t.wanted = parse(plan, t.slurm);
	if (!t.slurm || !t.cgroup)
		return;
	if (!t.wanted) {
		refuse(plan, CODE_CANDIDATE, "the new slurm.conf cannot be parsed")->fix = "this is a defect of reeve";
		return;
	}
	read_live(&t);
	bool active = false;
	struct slurm_activation *worst = NULL;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->facts || !plan->hosts[i].catalog)
			continue;
		enum slurm_need need = need_of(&t, h->facts, h->inv->controller ? &worst : NULL);
		if (h->inv->controller) {
			active |= facts_unit_runs(&h->facts->roles[ROLE_CONTROLLER].unit);
			plan->need = slurm_need_join(plan->need, need);
			count_added(&t, h->facts);
		}
		/* What only slurmctld is restarted for, its slurmds read again. */
		if (h->serves && facts_unit_runs(&h->facts->roles[ROLE_NODE].unit))
			plan->hosts[i].need = need == SLURM_NEED_RESTART_CTLD ? SLURM_NEED_RECONFIGURE : need;
	}
	plan_slurmd_files(plan);
	/* Also where no slurmctld runs: what is removed or resized was configured once, and its jobs may still be
	 * there. */
	plan->activation = worst;
	if (!worst) {
		plan->activation = arena_alloc(plan->arena, sizeof *plan->activation);
		plan->activation->need = plan->need;
	}
	if (!active) {
		/* No slurmctld has run since that could have taken a job. */
		const char *begun = c->record ? c->record->begun : NULL;
		plan->begun = begun && streq(begun, digest_of(t.slurm, strlen(t.slurm)).hex);
		plan->need = SLURM_NEED_START;
	}
	if (c->fresh)
		plan->demands.len = 0;
	check_topology_of(plan);
	/* What was begun was judged when it began. */
	if (!plan->begun) {
		if (is_told(plan))
			demand_made_partitions(plan);
		close_partitions(plan);
		plan_judge_demands(plan, plan->live, &plan->findings);
		if (!plan->demands.len && !c->fresh)
			hold_hosts(&t);
		plan_keep_quiet(plan);
	}
	plan_warn_pending(plan, serving_conf(&t), t.wanted);
	if (is_told(plan))
		plan_flaws(plan, serving_conf(&t));
	mark_joining(&t);
	if (is_told(plan) && (plan->slurmd_reads || plan->need == SLURM_NEED_NODES) && !plan->apart)
		plan->canary = plan_canary(plan);
	map_free(&t.added_in);
	map_free(&t.seen);
	map_free(&t.gres_seen);
	map_free(&t.live);
	slurm_units_free(&t.nodes);
}
