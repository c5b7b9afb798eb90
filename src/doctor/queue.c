/* Partitions, reservations and jobs that keep work from starting. */
#include "doctor/rows.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

enum { JOBS_SHOWN = 5, NODES_MOST = 65536 };

/* What cluster.yaml says itself is as it should be. */
static const char *wanted_state(const struct doctor *d, const char *partition)
{
	const struct inv_partition *p = inventory_partition(d->cluster->inv, partition);
	const char *state = p ? inventory_param(p->params, p->param_count, "State") : NULL;
	return state ? state : "UP";
}

static void partition_state(struct doctor *d)
{
	for (size_t i = 0; d->slurm.up && i < d->slurm.partition_count; i++) {
		const struct slurm_partition_state *p = &d->slurm.partitions[i];
		if (!p->state || streq(p->state, "UP") || !streq(wanted_state(d, p->name), "UP"))
			continue;
		doctor_add(d, SIZE_MAX, "partition %s is %s: %s", p->name, p->state,
			   streq(p->state, "INACTIVE") ? "it takes no jobs, and starts none"
			   : streq(p->state, "DRAIN")  ? "it takes no jobs"
						       : "its jobs wait")
		    ->fix = doctor_text(d, "scontrol update partitionname=%s state=up", p->name);
	}
}

static void no_node(struct doctor *d)
{
	_cleanup_map_ struct map nodes = {0};
	struct arena *arena = d->findings->arena;
	for (size_t i = 0; d->slurm.up && i < d->slurm.node_count; i++)
		map_set(&nodes, d->slurm.nodes[i].name, (void *)&d->slurm.nodes[i]);
	for (size_t i = 0; d->slurm.up && i < d->slurm.partition_count; i++) {
		const struct slurm_partition_state *p = &d->slurm.partitions[i];
		const char *const *names;
		size_t count = 0, usable = 0;
		if (!p->nodes || hostlist_expand(p->nodes, NODES_MOST, arena, &names, &count, NULL, NULL) < 0)
			continue;
		for (size_t k = 0; k < count; k++) {
			const struct slurm_node_state *n = map_get(&nodes, names[k]);
			usable += !n || slurm_node_is_usable(n);
		}
		if (count && !usable)
			doctor_add(d, SIZE_MAX, "no node of partition %s can take a job", p->name);
	}
}

static void no_default(struct doctor *d)
{
	for (size_t i = 0; i < d->slurm.partition_count; i++)
		if (d->slurm.partitions[i].is_default)
			return;
	if (d->slurm.up && d->slurm.partition_count)
		doctor_add(d, SIZE_MAX, "there is no default partition: sbatch without -p is refused")->fix =
		    "in cluster.yaml: default: true at one of the partitions";
}

static void reserved(struct doctor *d)
{
	for (size_t i = 0; d->slurm.up && i < d->slurm.reservation_count; i++) {
		const struct slurm_reservation *r = &d->slurm.reservations[i];
		const char *const *names;
		size_t count;
		if (!r->nodes || !r->state || !streq(r->state, "ACTIVE") ||
		    hostlist_expand(r->nodes, NODES_MOST, d->findings->arena, &names, &count, NULL, NULL) < 0 ||
		    count < d->slurm.node_count)
			continue;
		struct finding *f =
		    doctor_add(d, SIZE_MAX, "reservation %s holds every node: jobs outside it wait", r->name);
		f->evidence = doctor_text(d, "from %s to %s", r->start ? r->start : "?", r->end ? r->end : "?");
	}
}

/* Reasons that do not pass by waiting (squeue(1), JOB REASON CODES), and what they mean. */
static const struct {
	const char *reason, *meaning;
} never[] = {
    {"PartitionNodeLimit", "they ask for more nodes than the partition allows"},
    {"PartitionTimeLimit", "they ask for more time than the partition allows"},
    {"PartitionDown", "the partition is down"},
    {"PartitionInactive", "the partition is inactive"},
    {"BadConstraints", "no node has what they ask for"},
    {"DependencyNeverSatisfied", "what they wait for failed"},
    {"InvalidAccount", "their account is unknown"},
    {"InvalidQOS", "their QOS is unknown"},
    {"AccountNotAllowed", "the partition does not allow their account"},
    {"QOSNotAllowed", "the partition does not allow their QOS"},
    {"ReqNodeNotAvail", "nodes that they ask for by name are not available"},
    {"Nodes required for job are DOWN", "the nodes that they need are down, drained or reserved"},
    {"NodeDown", "a node that they need is down"},
};

struct waiting {
	struct strbuf ids;
	size_t count;
};

static void add_job(struct waiting *w, const struct slurm_job *job)
{
	if (w->count++ < JOBS_SHOWN)
		strbuf_addf(&w->ids, "%s%s", w->ids.len ? ", " : "", job->id);
}

static const char *jobs_text(const struct doctor *d, const struct waiting *w)
{
	return doctor_text(d, "%s %s%s", w->count == 1 ? "job" : "jobs", strbuf_str(&w->ids),
			   w->count > JOBS_SHOWN ? ", ..." : "");
}

static void stuck(struct doctor *d)
{
	struct waiting all[ARRAY_LEN(never)] = {0};
	for (size_t i = 0; d->slurm.up && i < d->slurm.job_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(never); k++)
			if (d->slurm.jobs[i].phase == SLURM_JOB_PENDING && d->slurm.jobs[i].reason &&
			    strstr(d->slurm.jobs[i].reason, never[k].reason)) {
				add_job(&all[k], &d->slurm.jobs[i]);
				break;
			}
	for (size_t k = 0; k < ARRAY_LEN(never); k++) {
		if (all[k].count)
			doctor_add(d, SIZE_MAX, "%zu pending job%s cannot start: %s", all[k].count,
				   all[k].count == 1 ? "" : "s", never[k].meaning)
			    ->evidence = doctor_text(d, "%s: %s", never[k].reason, jobs_text(d, &all[k]));
		strbuf_free(&all[k].ids);
	}
}

/* Slurm holds what it could not start on a node (job_mgr.c). */
static void held(struct doctor *d)
{
	struct waiting w = {0};
	for (size_t i = 0; d->slurm.up && i < d->slurm.job_count; i++)
		if (d->slurm.jobs[i].phase == SLURM_JOB_PENDING && d->slurm.jobs[i].reason &&
		    strstr(d->slurm.jobs[i].reason, "launch failed requeued held"))
			add_job(&w, &d->slurm.jobs[i]);
	if (w.count) {
		struct finding *f =
		    doctor_add(d, SIZE_MAX, "%zu job%s could not be started on a node, and Slurm holds %s", w.count,
			       w.count == 1 ? "" : "s", w.count == 1 ? "it" : "them");
		f->evidence = jobs_text(d, &w);
		f->fix = "see slurmd's log on the node, then scontrol release JOB";
	}
	strbuf_free(&w.ids);
}

static const struct diagnosis rows[] = {
    {CODE_PARTITION_STATE, FINDING_WARNING, NULL, NULL, partition_state},
    {CODE_PARTITION_UNUSABLE, FINDING_STOP, NULL, NULL, no_node},
    {CODE_NO_DEFAULT, FINDING_NOTE, NULL, NULL, no_default},
    {CODE_RESERVED, FINDING_NOTE, NULL, NULL, reserved},
    {CODE_JOBS_HELD, FINDING_WARNING, NULL, NULL, held},
    {CODE_JOBS_STUCK, FINDING_NOTE, NULL, NULL, stuck},
};

const struct diagnoses doctor_queue = {rows, ARRAY_LEN(rows)};
