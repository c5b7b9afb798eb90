/*
 * What a change demands of jobs, and which of them are in its way. The demands come from the activation table and from
 * the configurations in force (activate.c); they are judged against what slurmctld says when the plan is made, and once
 * more before the first daemon is told anything (run/canary.c), for a job may have begun since.
 *
 * Jobs are named by number, and grouped: what stands in the way of one change for one reason is one finding.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "plan/plan.h"

enum { MOST_NAMES = 65536, MOST_IDS = 20 };

void plan_demand_add(struct plan *plan, enum plan_demand_kind kind, const char *what, const struct names *nodes)
{
	struct plan_demand *d = NULL;
	for (size_t i = 0; i < plan->demands.len && !d; i++)
		if (plan->demands.items[i].kind == kind && streq(plan->demands.items[i].what, what))
			d = &plan->demands.items[i];
	if (!d) {
		d = vec_push_in(plan->arena, &plan->demands);
		*d = (struct plan_demand){.kind = kind, .what = what};
	}
	_cleanup_map_ struct map seen = {0};
	for (size_t i = 0; i < d->nodes.len; i++)
		map_set(&seen, d->nodes.items[i], d);
	for (size_t i = 0; nodes && i < nodes->len; i++)
		if (!map_set(&seen, nodes->items[i], d))
			*vec_push_in(plan->arena, &d->nodes) = nodes->items[i];
}

struct judge {
	const struct plan *plan;
	const struct live *live;
	struct findings *out;
	struct arena *arena;
};

static struct finding *refuse(struct judge *j, enum finding_code code, const char *text)
{
	struct finding *f = finding_add(j->out, FINDING_STOP, code, NULL, "%s", text);
	f->origin = j->plan->cluster->inv->compute_at;
	return f;
}

/* "7, 8, 12_3 and 30 more" */
static const char *ids_list(const struct judge *j, const struct names *ids)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < ids->len && i < MOST_IDS; i++)
		strbuf_addf(&out, "%s%s", i ? ", " : "", ids->items[i]);
	if (ids->len > MOST_IDS)
		strbuf_addf(&out, " and %zu more", ids->len - MOST_IDS);
	return arena_strdup(j->arena, strbuf_str(&out));
}

/* "jobs 7, 8" */
static const char *ids_text(const struct judge *j, const char *noun, const struct names *ids)
{
	return arena_printf(j->arena, "%s%s %s", noun, ids->len == 1 ? "" : "s", ids_list(j, ids));
}

static const char *names_text(const struct judge *j, const struct names *names)
{
	return hostlist_compress(names->items, names->len, j->arena);
}

/* Whose jobs, reservations or requests hold some of the nodes that a demand is about, and which nodes. */
struct holders {
	struct names ids, nodes;
	struct map seen; /* nodes */
};

static void holders_free(struct holders *h)
{
	map_free(&h->seen);
}
#define _cleanup_holders_ __attribute__((cleanup(holders_free)))

/* `concerned` NULL: every node. A list that cannot be read is taken to name them all. */
static void hold(const struct judge *j, struct holders *to, const char *id, const char *hostlist,
		 const struct map *concerned, const struct names *all)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *const *names;
	size_t count, found = 0;
	if (!hostlist && concerned)
		return;
	if (!hostlist) {
		*vec_push_in(j->arena, &to->ids) = id;
		return;
	}
	if (hostlist_expand(hostlist, MOST_NAMES, arena, &names, &count, NULL, NULL) < 0) {
		names = all->items;
		count = all->len;
	}
	for (size_t i = 0; i < count; i++) {
		if (concerned && !map_has(concerned, names[i]))
			continue;
		found++;
		const char *name = arena_strdup(j->arena, names[i]);
		if (!map_set(&to->seen, name, to))
			*vec_push_in(j->arena, &to->nodes) = name;
	}
	if (found || !concerned)
		*vec_push_in(j->arena, &to->ids) = id;
}

static void hold_jobs(const struct judge *j, const struct map *concerned, const struct names *all, bool pending,
		      struct holders *to)
{
	for (size_t i = 0; i < j->live->job_count; i++) {
		const struct slurm_job *job = &j->live->jobs[i];
		if (pending ? job->phase == SLURM_JOB_PENDING : slurm_job_holds_nodes(job))
			hold(j, to, job->id, pending ? job->asked_nodes : job->nodes, concerned, all);
	}
}

static void judge_idle(struct judge *j, const struct plan_demand *d, const struct map *concerned)
{
	_cleanup_holders_ struct holders by = {0};
	hold_jobs(j, d->nodes.len ? concerned : NULL, &d->nodes, false, &by);
	if (!by.ids.len)
		return;
	const char *on = by.nodes.len ? names_text(j, &by.nodes) : "a node";
	const char *what =
	    d->nodes.len ? arena_printf(j->arena, "%s of node %s", d->what, names_text(j, &d->nodes)) : d->what;
	refuse(j, CODE_NODE_BUSY,
	       arena_printf(j->arena, "%s can change only while no job runs there, and %s run%s on %s", what,
			    ids_text(j, "job", &by.ids), by.ids.len == 1 ? "s" : "", on))
	    ->fix = arena_printf(j->arena,
				 "wait for the jobs, or end them (scancel), then apply again; to keep new ones away: "
				 "scontrol update NodeName=%s State=DRAIN Reason=...; nothing was changed",
				 on);
}

static void judge_gone(struct judge *j, const struct plan_demand *d, const struct map *concerned)
{
	const char *gone = arena_printf(j->arena, "node %s would be removed", names_text(j, &d->nodes));
	const char *fix = "leave the node in cluster.yaml, and in service, until then; nothing was changed";
	_cleanup_holders_ struct holders run = {0}, wait = {0}, kept = {0};
	hold_jobs(j, concerned, &d->nodes, false, &run);
	hold_jobs(j, concerned, &d->nodes, true, &wait);
	for (size_t i = 0; i < j->live->reservation_count; i++)
		hold(j, &kept, j->live->reservations[i].name, j->live->reservations[i].nodes, concerned, &d->nodes);
	if (run.ids.len)
		refuse(j, CODE_NODE_IN_USE,
		       arena_printf(j->arena, "%s, and %s run%s on %s", gone, ids_text(j, "job", &run.ids),
				    run.ids.len == 1 ? "s" : "", names_text(j, &run.nodes)))
		    ->fix =
		    arena_printf(j->arena, "wait for the jobs, or end them (scancel), then do this again; %s", fix);
	if (wait.ids.len)
		refuse(j, CODE_NODE_IN_USE,
		       arena_printf(j->arena, "%s, and %s ask%s for %s", gone, ids_text(j, "pending job", &wait.ids),
				    wait.ids.len == 1 ? "s" : "", names_text(j, &wait.nodes)))
		    ->fix = arena_printf(
		    j->arena,
		    "scontrol update JobId=... ReqNodeList=..., or end them (scancel), then do this again; %s", fix);
	if (kept.ids.len)
		refuse(j, CODE_NODE_IN_USE,
		       arena_printf(j->arena, "%s, and %s hold%s %s", gone, ids_text(j, "reservation", &kept.ids),
				    kept.ids.len == 1 ? "s" : "", names_text(j, &kept.nodes)))
		    ->fix = "scontrol delete ReservationName=..., or leave the node in cluster.yaml";
}

static void judge_no_jobs(struct judge *j, const struct plan_demand *d)
{
	struct names ids = {0};
	for (size_t i = 0; i < j->live->job_count; i++)
		if (j->live->jobs[i].phase != SLURM_JOB_ENDED)
			*vec_push_in(j->arena, &ids) = j->live->jobs[i].id;
	if (ids.len)
		refuse(j, CODE_JOBS_IN_THE_WAY,
		       arena_printf(j->arena,
				    "%s can change only while there is no job, running or pending; there %s %s",
				    d->what, ids.len == 1 ? "is" : "are", ids_text(j, "job", &ids)))
		    ->fix = "wait until no job is left, then apply again; nothing was changed";
}

static void judge_partition(struct judge *j, const char *name)
{
	struct names jobs = {0}, kept = {0};
	for (size_t i = 0; i < j->live->job_count; i++)
		if (j->live->jobs[i].phase != SLURM_JOB_ENDED &&
		    str_has_item(j->live->jobs[i].partitions, name, strncmp))
			*vec_push_in(j->arena, &jobs) = j->live->jobs[i].id;
	for (size_t i = 0; i < j->live->reservation_count; i++)
		if (j->live->reservations[i].partition && streq(j->live->reservations[i].partition, name))
			*vec_push_in(j->arena, &kept) = j->live->reservations[i].name;
	if (jobs.len)
		refuse(j, CODE_PARTITION_IN_USE,
		       arena_printf(j->arena, "partition %s would be removed, and %s %s in it", name,
				    ids_text(j, "job", &jobs), jobs.len == 1 ? "is" : "are"))
		    ->fix =
		    arena_printf(j->arena,
				 "have it in cluster.yaml; or scontrol update PartitionName=%s State=DRAIN, wait for "
				 "its jobs, then apply again",
				 name);
	if (kept.len)
		refuse(j, CODE_PARTITION_IN_USE,
		       arena_printf(j->arena, "partition %s would be removed, and %s %s on it", name,
				    ids_text(j, "reservation", &kept), kept.len == 1 ? "is" : "are"))
		    ->fix =
		    arena_printf(j->arena, "scontrol delete ReservationName=%s, then apply again", kept.items[0]);
}

static const char *demand_text(const struct judge *j, const struct plan_demand *d)
{
	switch (d->kind) {
	case DEMAND_PARTITION:
		return arena_printf(j->arena, "partition %s would be removed", d->what);
	case DEMAND_GONE:
		return arena_printf(j->arena, "node %s would be removed", names_text(j, &d->nodes));
	default:
		return arena_printf(j->arena, "%s would change", d->what);
	}
}

void plan_judge_demands(const struct plan *plan, const struct live *live, struct findings *ret)
{
	struct judge j = {.plan = plan, .live = live, .out = ret, .arena = plan->arena};
	if (plan->demands.len && (!live || !live->up || live->brief)) {
		refuse(&j, CODE_UNKNOWN_JOBS,
		       arena_printf(j.arena,
				    "%s, and slurmctld does not answer: unknown which jobs that would hurt (%s)",
				    demand_text(&j, &plan->demands.items[0]),
				    live && live->why ? live->why : "no controller runs"))
		    ->fix = "start slurmctld with the configuration it had (`systemctl start slurmctld` on a "
			    "controller), then apply again";
		return;
	}
	for (size_t i = 0; i < plan->demands.len; i++) {
		const struct plan_demand *d = &plan->demands.items[i];
		_cleanup_map_ struct map concerned = {0};
		for (size_t k = 0; k < d->nodes.len; k++)
			map_set(&concerned, d->nodes.items[k], j.arena);
		switch (d->kind) {
		case DEMAND_IDLE:
			judge_idle(&j, d, &concerned);
			break;
		case DEMAND_GONE:
			judge_gone(&j, d, &concerned);
			break;
		case DEMAND_NO_JOBS:
			judge_no_jobs(&j, d);
			break;
		case DEMAND_PARTITION:
			judge_partition(&j, d->what);
			break;
		}
	}
}

/* What no job is lost to, and its owner will want to know. */
void plan_warn_pending(struct plan *plan, const struct slurm_conf *old, const struct slurm_conf *wanted)
{
	struct judge j = {.plan = plan, .live = plan->live, .out = &plan->findings, .arena = plan->arena};
	struct slurm_waits waits;
	if (!old || !plan->live || !plan->live->up ||
	    slurm_pending_waits(old, wanted, plan->live->pending, plan->live->pending_count, plan->arena, &waits,
				NULL) < 0)
		return;
	for (enum slurm_wait_cause cause = SLURM_WAIT_TIME; cause < SLURM_WAIT_CAUSES; cause++) {
		const struct names *ids = &waits.by_cause[cause];
		if (!ids->len)
			continue;
		plan->waiting_jobs += ids->len;
		finding_add(j.out, FINDING_WARNING, CODE_PENDING, NULL, "%zu pending job%s %s and will wait: %s",
			    ids->len, ids->len == 1 ? "" : "s", slurm_wait_text(cause), ids_list(&j, ids))
		    ->fix = "scontrol update JobId=..., or leave what it asks for in cluster.yaml";
	}
}
