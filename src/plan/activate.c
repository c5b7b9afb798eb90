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

#include "base/hash.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "plan/plan.h"
#include "slurm/gres.h"

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

/* Names, each once. */
struct name_set {
	struct slurm_names list;
	struct map seen;
};

static void join_names(struct arena *arena, struct name_set *to, const struct slurm_names *from)
{
	for (size_t i = 0; i < from->len; i++)
		if (!map_set(&to->seen, from->items[i], (void *)from->items[i]))
			*vec_push_in(arena, &to->list) = from->items[i];
}

struct texts {
	struct plan *plan;
	const char *slurm, *cgroup, *gres; /* wanted; of gres.conf NULL where none is */
	const char *topology;              /* wanted; NULL: none */
	struct slurm_conf *wanted;
	struct map seen; /* old text -> struct slurm_activation */
	/* Against each text that a controller had: jobs may stand on what any of them configured. */
	struct name_set removed, resized, reordered, partitions;
	struct map added_in; /* node -> in how many of the controllers' texts it is new, as a number */
	size_t served;       /* controllers that had one */
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

/* cgroup.conf is read when a daemon starts and, from 23.11, at reconfigure too (cgroup.conf(5)); slurmd restarts are
 * safe for jobs. */
static enum slurm_need cgroup_need(const struct texts *t, const char *old)
{
	return !old || streq(old, t->cgroup) ? SLURM_NEED_NOTHING : SLURM_NEED_RESTART_SLURMD;
}

static enum slurm_need gres_need(const struct texts *t, const char *old)
{
	return old && t->gres ? slurm_gres_need(t->plan->cluster->release, old, t->gres) : SLURM_NEED_NOTHING;
}

/* Read at start, SIGHUP and reconfigure by all daemons, in every release (topology.conf(5), DESCRIPTION). Where there was
 * none and is to be none, TopologyPlugin does not read it. */
static enum slurm_need topology_need(const struct texts *t, const char *old)
{
	return !t->topology || !old || streq(old, t->topology) ? SLURM_NEED_NOTHING : SLURM_NEED_RECONFIGURE;
}

static enum slurm_need need_of(struct texts *t, const struct facts *f, struct slurm_activation **ret_worst)
{
	enum slurm_need need = SLURM_NEED_NOTHING;
	const char *const olds[] = {f->in_force_slurm, facts_slurm(f)};
	for (size_t i = 0; i < 2; i++) {
		if (!olds[i] || streq(olds[i], t->slurm))
			continue;
		struct slurm_activation *a = difference(t, olds[i]);
		enum slurm_need n = a->need > SLURM_NEED_RECONFIGURE ? a->need : SLURM_NEED_RECONFIGURE;
		if (ret_worst) {
			if (!*ret_worst || (*ret_worst)->need < a->need)
				*ret_worst = a;
			join_names(t->plan->arena, &t->removed, &a->nodes_removed);
			join_names(t->plan->arena, &t->resized, &a->nodes_resized);
			join_names(t->plan->arena, &t->partitions, &a->partitions_removed);
		}
		need = slurm_need_join(need, n);
	}
	/* In force nowhere that we know of, and a daemon runs: it may have read anything. */
	if (!f->in_force_slurm && f->slurm_conf && need == SLURM_NEED_NOTHING)
		need = SLURM_NEED_RECONFIGURE;
	need = slurm_need_join(need, topology_need(t, f->in_force_topology));
	need = slurm_need_join(need, topology_need(t, f->topology_conf));
	need = slurm_need_join(need, cgroup_need(t, f->in_force_cgroup));
	need = slurm_need_join(need, cgroup_need(t, f->cgroup_conf));
	for (size_t i = 0; ret_worst && i < 2; i++) {
		struct slurm_names nodes = {0};
		const char *old = i ? f->gres_conf : f->in_force_gres;
		if (old && t->gres)
			slurm_gres_reordered(old, t->gres, t->plan->arena, &nodes);
		join_names(t->plan->arena, &t->reordered, &nodes);
	}
	need = slurm_need_join(need, gres_need(t, f->in_force_gres));
	return slurm_need_join(need, gres_need(t, f->gres_conf));
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

/*
 * Which of `wanted` (names to themselves) are in a hostlist, in its order; expanded once, in memory of the caller's own for this list.
 * What cannot be read is taken to name them all: `*ret_all`.
 */
static size_t named(const char *hostlist, const struct map *wanted, struct arena *arena, const char ***ret,
		    bool *ret_all)
{
	const char *const *names;
	size_t count, n = 0;
	*ret_all = false;
	if (!hostlist)
		return 0;
	if (hostlist_expand(hostlist, MOST_NAMES, arena, &names, &count, NULL, NULL) < 0) {
		*ret_all = true;
		return 0;
	}
	*ret = arena_calloc(arena, count, sizeof **ret);
	for (size_t i = 0; i < count; i++) {
		const char *name = map_get(wanted, names[i]);
		if (name)
			(*ret)[n++] = name;
	}
	return n;
}

static struct finding *refuse(struct plan *plan, enum finding_code code, const char *text)
{
	struct finding *f = finding_add(&plan->findings, FINDING_STOP, code, NULL, "%s", text);
	f->origin = plan->cluster->inv->compute_at;
	return f;
}

static void refuse_unknown(struct plan *plan, const char *what)
{
	refuse(plan, CODE_UNKNOWN_JOBS,
	       arena_printf(plan->arena,
			    "%s, and slurmctld does not answer, so that nobody knows which jobs that would hurt: %s",
			    what, plan->live && plan->live->why ? plan->live->why : "no controller runs"))
	    ->fix = "start slurmctld with the configuration it had (`systemctl start slurmctld` on a controller), "
		    "then apply again";
}

/* What jobs must not be in the way of. */
enum fate { FATE_REMOVED, FATE_RESIZED, FATE_REORDERED };

static const char *const fates[] = {
    [FATE_REMOVED] = "would be removed",
    [FATE_RESIZED] = "would get other sockets, cores or GRES",
    [FATE_REORDERED] = "would have its GPUs counted in another order",
};

struct node_check {
	struct plan *plan;
	const struct slurm_names *names;
	struct map wanted; /* the same, for look-up */
	enum fate fate;
};

/* A refusal for each of the names that `hostlist` holds; `rest` says who holds it. */
static void refuse_named(const struct node_check *c, const char *hostlist, const char *rest, const char *fix)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char **found = NULL;
	bool all;
	size_t n = named(hostlist, &c->wanted, arena, &found, &all);
	if (all) {
		found = c->names->items;
		n = c->names->len;
	}
	for (size_t i = 0; i < n; i++)
		refuse(c->plan, c->fate == FATE_REMOVED ? CODE_NODE_IN_USE : CODE_NODE_BUSY,
		       arena_printf(c->plan->arena, "node %s %s, and %s", found[i], fates[c->fate], rest))
		    ->fix = fix;
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
static void check_topology(struct plan *plan, const struct slurm_names *names)
{
	const struct inv_network *n = &plan->cluster->inv->network;
	_cleanup_map_ struct map removed = {0};
	for (size_t i = 0; i < names->len; i++)
		map_set(&removed, names->items[i], (void *)names->items[i]);
	refuse_below(plan, "switch", n->switches, n->switch_count, &removed);
	refuse_below(plan, "block", n->blocks, n->block_count, &removed);
}

/* Rule 1: what jobs, reservations or topology refer to is not removed, and what is busy is not resized. */
static void check_nodes(struct plan *plan, const struct slurm_names *names, enum fate fate)
{
	bool removed = fate == FATE_REMOVED;
	const struct live *live = plan->live;
	if (!names->len)
		return;
	if (plan->begun)
		return;
	if (!live || !live->up || live->brief) {
		refuse_unknown(plan, arena_printf(plan->arena, "%s %s", names->items[0], fates[fate]));
		return;
	}
	struct node_check c = {.plan = plan, .names = names, .fate = fate};
	for (size_t i = 0; i < names->len; i++)
		map_set(&c.wanted, names->items[i], (void *)names->items[i]);
	for (size_t k = 0; k < live->job_count; k++) {
		const struct slurm_job *j = &live->jobs[k];
		bool runs = slurm_job_holds_nodes(j);
		const char *nodes = runs ? j->nodes : removed && j->phase == SLURM_JOB_PENDING ? j->asked_nodes : NULL;
		if (!nodes)
			continue;
		refuse_named(
		    &c, nodes,
		    arena_printf(plan->arena, "job %s of %s %s it", j->id, j->user, runs ? "runs on" : "asks for"),
		    "wait for the job, or end it (scancel), then apply again; until then leave the node in "
		    "cluster.yaml as it was");
	}
	for (size_t k = 0; removed && k < live->reservation_count; k++)
		refuse_named(&c, live->reservations[k].nodes,
			     arena_printf(plan->arena, "the reservation %s holds it", live->reservations[k].name),
			     "scontrol delete reservation, or leave the node in cluster.yaml");
	map_free(&c.wanted);
}

static void check_partitions(struct plan *plan, const struct slurm_names *names)
{
	const struct live *live = plan->live;
	if (!names->len)
		return;
	if (plan->begun)
		return;
	if (!live || !live->up || live->brief) {
		refuse_unknown(plan, arena_printf(plan->arena, "partition %s would be removed", names->items[0]));
		return;
	}
	for (size_t i = 0; i < names->len; i++) {
		for (size_t k = 0; k < live->partition_count; k++)
			if (streq(live->partitions[k].name, names->items[i]))
				*vec_push_in(plan->arena, &plan->leaving) = names->items[i];
		for (size_t k = 0; k < live->job_count; k++) {
			const struct slurm_job *j = &live->jobs[k];
			if (j->phase != SLURM_JOB_ENDED && str_has_item(j->partitions, names->items[i], strncmp))
				refuse(plan, CODE_PARTITION_IN_USE,
				       arena_printf(plan->arena,
						    "partition %s would be removed, and job %s of %s is in it",
						    names->items[i], j->id, j->user))
				    ->fix = finding_text(
				    &plan->findings,
				    "scontrol update PartitionName=%s State=DRAIN, wait for its jobs, then "
				    "apply again",
				    names->items[i]);
		}
		for (size_t k = 0; k < live->reservation_count; k++)
			if (live->reservations[k].partition && streq(live->reservations[k].partition, names->items[i]))
				refuse(plan, CODE_PARTITION_IN_USE,
				       arena_printf(plan->arena,
						    "partition %s would be removed, and the reservation %s is on it",
						    names->items[i], live->reservations[k].name))
				    ->fix = finding_text(&plan->findings,
							 "scontrol delete ReservationName=%s, then apply again",
							 live->reservations[k].name);
	}
}

static void check_stop_all(struct plan *plan)
{
	const struct live *live = plan->live;
	if (plan->need != SLURM_NEED_STOP_ALL)
		return;
	if (plan->begun)
		return;
	if (!live || !live->up || live->brief) {
		refuse_unknown(plan, "every daemon would be stopped at once");
		return;
	}
	for (size_t i = 0; i < live->job_count; i++)
		if (live->jobs[i].phase != SLURM_JOB_ENDED) {
			refuse(
			    plan, CODE_JOBS_IN_THE_WAY,
			    arena_printf(
				plan->arena,
				"this change needs every daemon stopped at once, which job %s of %s would not survive",
				live->jobs[i].id, live->jobs[i].user))
			    ->fix = "wait until no job is left";
			return;
		}
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
	bool active = false;
	struct slurm_activation *worst = NULL;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->facts)
			continue;
		enum slurm_need need = need_of(&t, h->facts, h->inv->controller ? &worst : NULL);
		if (h->inv->controller) {
			active |= facts_unit_runs(&h->facts->slurmctld_unit);
			plan->need = slurm_need_join(plan->need, need);
			count_added(&t, h->facts);
		}
		/* What only slurmctld is restarted for, its slurmds read again. */
		if (h->serves && facts_unit_runs(&h->facts->slurmd_unit))
			plan->hosts[i].need = need == SLURM_NEED_RESTART_CTLD ? SLURM_NEED_RECONFIGURE : need;
	}
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
	if (worst && !c->fresh) {
		check_topology(plan, &t.removed.list);
		check_nodes(plan, &t.removed.list, FATE_REMOVED);
		check_nodes(plan, &t.resized.list, FATE_RESIZED);
		check_partitions(plan, &t.partitions.list);
	}
	if (!c->fresh)
		check_nodes(plan, &t.reordered.list, FATE_REORDERED);
	check_stop_all(plan);
	mark_joining(&t);
	map_free(&t.added_in);
	map_free(&t.seen);
	map_free(&t.removed.seen);
	map_free(&t.resized.seen);
	map_free(&t.reordered.seen);
	map_free(&t.partitions.seen);
}
