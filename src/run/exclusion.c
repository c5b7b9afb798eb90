#include "run/exclusion.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/module.h"
#include "run/lock.h"
#include "run/round.h"

enum { LOOK_MS = 2000, COMMAND_MS = 60000, PURGE_MS = 600000, MOST_SHOWN = 8, MOST_NAMES = 65536 };

struct leaver {
	struct run *run;
	const struct exclusion_options *options;
	struct apply_result *result;
	struct map nodes;     /* names of those that leave */
	struct names drained; /* by this run */
	const char *reason;
	bool again; /* the lock was given back */
};

static bool leaves(const struct run *run, size_t host)
{
	return cluster_decided(run->cluster, &run->options->cluster.decisions.exclude, host);
}

/* One command to slurmctld, on the controller that answered. A finding that stops where it fails. */
static int tell(struct leaver *l, const char *const *argv, struct err *err)
{
	struct run *run = l->run;
	size_t at = run->live ? run->live->controller : run->inv->controllers[0];
	if (!roll_in(run->roll, at)) {
		finding_add(&l->result->findings, FINDING_STOP, CODE_SLURMCTLD, run->inv->hosts[at].name,
			    "`%s %s` could not be run: the host was lost", argv[0], argv[1]);
		return 0;
	}
	struct round_answer answer;
	int rc = round_run(run, at, argv, 65536, COMMAND_MS, &answer, err);
	if (rc == 0 && answer.failure)
		finding_add(&l->result->findings, FINDING_STOP, CODE_SLURMCTLD, run->inv->hosts[at].name,
			    "`%s %s` failed: %s", argv[0], argv[1], answer.failure)
		    ->fix = "nodes that were drained stay so: the same command goes on, `reeve include` goes back";
	return rc;
}

static bool stopped(const struct leaver *l)
{
	l->result->stopped = findings_count(&l->result->findings, FINDING_STOP) > 0;
	return l->result->stopped;
}

static void take_findings(struct leaver *l)
{
	const struct findings *from = &l->run->plan->findings;
	for (size_t i = 0; i < from->len; i++)
		*vec_push_in(l->run->arena, &l->result->findings) = from->items[i];
}

static int update(struct leaver *l, const char *title, const char *state, const char *reason, struct err *err)
{
	struct run *run = l->run;
	if (!l->drained.len)
		return 0;
	const char *list = hostlist_compress(l->drained.items, l->drained.len, run->arena);
	const char *const argv[] = {"scontrol", "update", arena_printf(run->arena, "NodeName=%s", list),
				    state,      reason,   NULL};
	if (run->options->report)
		report_phase(run->options->report, title);
	return tell(l, argv, err);
}

/* Those that slurmctld knows and that nobody drained: what others did keeps its reason. */
static int drain(struct leaver *l, struct err *err)
{
	struct run *run = l->run;
	for (size_t i = 0; i < run->live->node_count; i++) {
		const struct slurm_node_state *n = &run->live->nodes[i];
		if (map_get(&l->nodes, n->name) && !(n->flags & SLURM_NODE_DRAIN))
			*vec_push_in(run->arena, &l->drained) = n->name;
	}
	return update(l, "drain", "State=DRAIN", arena_printf(run->arena, "Reason=%s", l->reason), err);
}

/* Only what this run drained. */
static int undo(struct leaver *l, struct err *err)
{
	return update(l, "resume what was drained", "State=RESUME", NULL, err);
}

static bool holds_one(const struct leaver *l, const struct slurm_job *job)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	const char *const *names;
	size_t count;
	if (!slurm_job_holds_nodes(job) || !job->nodes)
		return false;
	if (hostlist_expand(job->nodes, MOST_NAMES, scratch, &names, &count, NULL, NULL) < 0)
		return true; /* unknown is busy */
	for (size_t i = 0; i < count; i++)
		if (map_get(&l->nodes, names[i]))
			return true;
	return false;
}

/* The jobs that hold one of the nodes. In the arena of this look. */
static size_t find_jobs(const struct leaver *l, const struct slurm_job ***ret)
{
	const struct live *live = l->run->live;
	const struct slurm_job **jobs = arena_calloc(l->run->arena, live->job_count, sizeof *jobs);
	size_t n = 0;
	for (size_t i = 0; i < live->job_count; i++)
		if (holds_one(l, &live->jobs[i]))
			jobs[n++] = &live->jobs[i];
	*ret = jobs;
	return n;
}

static const char *list_jobs(struct arena *arena, const struct slurm_job *const *jobs, size_t count)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < count && i < MOST_SHOWN; i++)
		strbuf_addf(&text, "%s%s of %s on %s", i ? ", " : "", jobs[i]->id, jobs[i]->user, jobs[i]->nodes);
	if (count > MOST_SHOWN)
		strbuf_addf(&text, ", and %zu more", count - MOST_SHOWN);
	return arena_strndup(arena, strbuf_str(&text), text.len);
}

static int end_jobs(struct leaver *l, const struct slurm_job *const *jobs, size_t count, struct err *err)
{
	bool requeue = l->options->jobs == EXCLUSION_REQUEUE;
	const char **argv = arena_calloc(l->run->arena, count + 3, sizeof *argv);
	_cleanup_strbuf_ struct strbuf ids = {0};
	size_t n = 0;
	argv[n++] = requeue ? "scontrol" : "scancel";
	if (requeue)
		argv[n++] = "requeue";
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(&ids, "%s%s", ids.len ? "," : "", jobs[i]->id);
		if (!requeue)
			argv[n++] = jobs[i]->id;
	}
	if (requeue)
		argv[n++] = arena_strndup(l->run->arena, strbuf_str(&ids), ids.len);
	if (l->run->options->report)
		report_note(l->run->options->report, "%s: %s", requeue ? "to be requeued" : "to be cancelled",
			    list_jobs(l->run->arena, jobs, count));
	return tell(l, argv, err);
}

/* What was said last, so that only news are said. */
struct waiting {
	char *shown;
	bool told; /* the jobs were cancelled or requeued */
};

static void show_wait(const struct leaver *l, struct waiting *w, const char *text)
{
	if (w->shown && streq(text, w->shown))
		return;
	free(w->shown);
	w->shown = xstrdup(text);
	if (!l->run->options->report)
		return;
	report_phase(l->run->options->report, "wait for the jobs");
	report_note(l->run->options->report, "%s", text);
}

/* Somebody let one in again while it was waited for: the record says who, or an administrator did. */
static bool let_in(const struct leaver *l)
{
	const struct live *live = l->run->live;
	for (size_t i = 0; i < live->node_count; i++)
		if (map_get(&l->nodes, live->nodes[i].name) && !(live->nodes[i].flags & SLURM_NODE_DRAIN))
			return true;
	return false;
}

/* 1: there are jobs still, or nobody knows; 0: there is none, or there is a finding, or it has to be begun anew. */
static int look(struct leaver *l, struct waiting *w, struct err *err)
{
	struct run *run = l->run;
	const struct slurm_job **jobs;
	if (run_ask_live(run, err) < 0)
		return -1;
	if (l->again && roll_controller(run->roll) == SIZE_MAX)
		return 0;
	if (!run->live || !run->live->up) {
		show_wait(l, w, "slurmctld does not answer: waiting for it");
		return 1;
	}
	if (l->again && let_in(l))
		return 0;
	size_t count = find_jobs(l, &jobs);
	if (!count)
		return 0;
	const char *list = list_jobs(run->arena, jobs, count);
	if (l->options->jobs == EXCLUSION_REFUSE) {
		finding_add(&l->result->findings, FINDING_STOP, CODE_NODE_IN_USE, NULL, "jobs run there: %s", list)
		    ->fix = "wait for them, or `reeve exclude` first, which does";
		return 0;
	}
	if (!w->told && l->options->jobs != EXCLUSION_WAIT && end_jobs(l, jobs, count, err) < 0)
		return -1;
	w->told = true;
	show_wait(
	    l, w,
	    arena_printf(run->arena,
			 "waiting for %zu job%s: %s; Ctrl-C leaves the nodes draining, and the same command goes on",
			 count, count == 1 ? "" : "s", list));
	return !stopped(l);
}

/* Each look has memory of its own: jobs may last for days. */
static int look_once(struct leaver *l, struct waiting *w, struct err *err)
{
	struct run *run = l->run;
	struct arena *kept = run->arena;
	run->arena = arena_new();
	int more = look(l, w, err);
	arena_free(run->arena);
	run->arena = kept;
	run->live = NULL;
	return more;
}

static int wait_for_jobs(struct leaver *l, struct err *err)
{
	struct run *run = l->run;
	struct waiting w = {0};
	int more = look_once(l, &w, err);
	if (more > 0) {
		l->again = true;
		if (lock_release(run, true, err) < 0)
			more = -1;
	}
	while (more > 0) {
		more = fleet_pump(run->fleet, LOOK_MS, err) < 0 ? -1 : 1;
		if (more > 0)
			more = look_once(l, &w, err);
	}
	free(w.shown);
	return more < 0 ? -1 : run_ask_live(run, err);
}

static int plan_end(struct leaver *l, struct err *err)
{
	struct cluster_options options = l->run->options->cluster;
	options.decisions.exclusion.leaving = false;
	return run_replan(l->run, &options, err);
}

/* The exclusion that a host has now, also where an earlier run began it. */
static const char *reason_of(const struct leaver *l)
{
	for (size_t i = 0; i < l->run->inv->host_count; i++)
		if (leaves(l->run, i) && l->run->cluster->hosts[i].excluded)
			return plan_exclusion_reason(l->run->cluster->hosts[i].excluded, l->run->arena);
	return "";
}

/* `*ret_packages`: each behind a blank. */
static const char *const *purge_command(struct run *run, const char **ret_packages)
{
	static const char *const words[] = {
	    "env",   "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=120",
	    "purge", "--allow-change-held-packages"};
	struct names argv = {0};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		*vec_push_in(run->arena, &argv) = words[i];
	*ret_packages = "";
	for (size_t i = 0; modules[i]; i++)
		for (const char *const *p = modules[i]->packages; p && *p; p++) {
			*vec_push_in(run->arena, &argv) = *p;
			*ret_packages = arena_printf(run->arena, "%s %s", *ret_packages, *p);
		}
	*vec_push_in(run->arena, &argv) = NULL;
	return argv.items;
}

struct purging {
	struct leaver *leaver;
	const char *packages;
};

static void judge_purge(void *data, size_t host, const struct fleet_request *request)
{
	const struct purging *p = data;
	struct findings *findings = &p->leaver->result->findings;
	const struct run *run = p->leaver->run;
	const char *why = round_failure(request, run->arena);
	if (why)
		finding_add(findings, FINDING_WARNING, CODE_PURGE, run->inv->hosts[host].name,
			    "its packages could not be removed: %s", why)
		    ->fix = finding_text(findings, "on it: apt-get purge%s", p->packages);
}

/* Packages are the host's own: one that is not there keeps them, and is named. */
static int purge(struct leaver *l, struct err *err)
{
	struct run *run = l->run;
	struct purging purging = {.leaver = l};
	struct round round = {.run = run};
	bool *hosts = arena_calloc(run->arena, run->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < run->inv->host_count; i++)
		hosts[i] = leaves(run, i) && cluster_is_out(&run->cluster->hosts[i]);
	round_add_all(&round, hosts, round_command(purge_command(run, &purging.packages), NULL, 65536, PURGE_MS));
	if (run->options->report)
		report_phase(run->options->report, "remove the packages");
	return round_ask(&round, PURGE_MS + 10000, judge_purge, &purging, err);
}

/* Before anything is touched: nobody knows of jobs where slurmctld does not answer. */
static void check_live(struct leaver *l)
{
	const struct run *run = l->run;
	if (run->live && run->live->up)
		return;
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (leaves(run, i) && run->cluster->hosts[i].last)
			finding_add(&l->result->findings, FINDING_STOP, CODE_UNKNOWN_JOBS, run->inv->hosts[i].name,
				    "slurmctld does not answer, so its jobs are unknown: %s",
				    run->live && run->live->why ? run->live->why : "no controller runs")
			    ->fix = "`reeve apply`, or `systemctl start slurmctld` on a controller";
}

static int drain_and_wait(struct leaver *l, struct err *err)
{
	struct run *run = l->run;
	l->reason = reason_of(l);
	if (run_ask_live(run, err) < 0)
		return -1;
	check_live(l);
	if (stopped(l) || !run->live || !run->live->up)
		return 0;
	if (drain(l, err) < 0)
		return -1;
	if (stopped(l))
		return 0;
	if (l->options->jobs != EXCLUSION_REFUSE && apply_record(run, l->options->apply, false, l->result, err) < 0)
		return -1;
	return wait_for_jobs(l, err);
}

static int leave_now(struct leaver *l, struct err *err)
{
	struct run *run = l->run;
	struct apply_result *ret = l->result;
	const struct exclusion_options *options = l->options;
	bool refuse = options->jobs == EXCLUSION_REFUSE;
	int rc = plan_end(l, err);
	/* From here on a run that is cut off is completed by the next, and not taken back. */
	if (rc == 0 && !refuse && !findings_count(&run->plan->findings, FINDING_STOP))
		rc = apply_record(run, options->apply, false, ret, err);
	if (rc == 0)
		rc = apply(run, options->apply, ret, err);
	if (rc == 0 && !ret->stopped && options->purge)
		rc = purge(l, err);
	return rc;
}

int exclusion_run(struct run *run, const struct exclusion_options *options, struct apply_result *ret, bool *ret_again,
		  struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = run->arena}};
	struct leaver l = {.run = run, .options = options, .result = ret};
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (leaves(run, i))
			map_set(&l.nodes, run->inv->hosts[i].name, (void *)run->inv->hosts[i].name);
	take_findings(&l);
	int rc = 0;
	if (!stopped(&l))
		rc = drain_and_wait(&l, err);
	*ret_again = rc == 0 && !ret->stopped && l.again;
	if (rc == 0 && !ret->stopped && !l.again)
		rc = leave_now(&l, err);
	if (rc == 0 && options->jobs == EXCLUSION_REFUSE && ret->stopped)
		rc = undo(&l, err);
	map_free(&l.nodes);
	return rc;
}
