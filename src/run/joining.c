/*
 * Nodes that are let in: those that joined a cluster at work, and those whose drain has no cause any more, or that the
 * operator names.
 *
 * Between "resumed" and "proven" no user's job may get there: on a node with a broken prolog it would be put back into the
 * queue and held. A reservation of a few minutes keeps the nodes for our own jobs; when one ran, it is taken away; where none
 * did, the node is drained again first. A run that is cut off leaves a reservation that ends by itself.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"
#include "run/round.h"
#include "run/verify.h"

enum { PAUSE_MS = 200, JOIN_MS = 15000, COMMAND_MS = 30000 };

#define RESERVED_MINUTES "10"

int verify_tell(struct verifier *v, const char *const *argv, const char **ret_why, struct err *err)
{
	struct round_answer answer;
	int rc = round_run(v->run, v->context.controller, argv, 65536, COMMAND_MS, &answer, err);
	*ret_why = answer.failure;
	return rc;
}

const char *verify_job_reason(const char *why, struct arena *arena)
{
	return plan_reason(arena_printf(arena, PLAN_REASON "test job: %s", why), arena);
}

/* By the operator's word whatever the reason, but for what reeve itself keeps out. */
static bool is_named(const struct verifier *v, const struct slurm_node_state *n, size_t host)
{
	const struct cluster_host *h = &v->run->cluster->hosts[host];
	return v->resume && cluster_decided(v->run->cluster, v->resume, host) && h->serves && !h->excluded &&
	       h->change != CHANGE_SHRANK && !h->unexpected &&
	       (n->flags & SLURM_NODE_DRAIN || n->base == SLURM_NODE_DOWN);
}

static void find(struct verifier *v, struct joining *j)
{
	struct run *run = v->run;
	const char **names = arena_calloc(run->arena, run->inv->host_count, sizeof *names);
	for (size_t i = 0; run->live && run->live->up && i < run->live->node_count; i++) {
		const struct slurm_node_state *n = &run->live->nodes[i];
		const struct inv_host *host = inventory_host(run->inv, n->name);
		if (!host || !v->present[host->index])
			continue;
		bool named = is_named(v, n, host->index);
		const struct cluster_host *h = &run->cluster->hosts[host->index];
		if (!named && !(plan_node_waits(n, h) && !core_node_fault(n, h, run->arena)))
			continue;
		j->hosts[host->index] = true;
		names[j->count++] = host->name;
		if (named && run->options->report)
			report_note(run->options->report, "%s was %s: %s%s%s%s", n->name,
				    n->flags & SLURM_NODE_DRAIN ? "drained" : "down",
				    n->reason ? n->reason : "no reason was given", n->reason_by ? " (" : "",
				    n->reason_by ? n->reason_by : "", n->reason_by ? ")" : "");
	}
	j->list = j->count ? hostlist_compress(names, j->count, run->arena) : NULL;
}

static int reserve(struct verifier *v, struct joining *j, struct err *err)
{
	struct arena *arena = v->run->arena;
	struct verify_user user = {0};
	if (verify_find_user(v, j->hosts, &user, err) < 0)
		return -1;
	const char *name = arena_printf(arena, "reeve-%llu", (unsigned long long)v->run->cluster->epoch);
	const char *const argv[] = {
	    "scontrol",
	    "create",
	    "reservation",
	    arena_printf(arena, "ReservationName=%s", name),
	    "StartTime=now",
	    arena_printf(arena, "Duration=%s", RESERVED_MINUTES),
	    arena_printf(arena, "Users=root%s%s", user.name ? "," : "", user.name ? user.name : ""),
	    arena_printf(arena, "Nodes=%s", j->list),
	    "Flags=IGNORE_JOBS,OVERLAP",
	    NULL};
	const char *why;
	if (verify_tell(v, argv, &why, err) < 0)
		return -1;
	if (why)
		finding_add(&v->result->findings, FINDING_NOTE, CODE_RESUME, NULL,
			    "%s could not be reserved for the test job, so that others' jobs may start there first: %s",
			    j->list, why);
	j->reservation = why ? NULL : name;
	return 0;
}

/* Of the nodes that were resumed, one that a job cannot run on yet. */
static bool still_wait(const struct verifier *v, const struct joining *j)
{
	const struct run *run = v->run;
	for (size_t i = 0; run->live && run->live->up && i < run->live->node_count; i++) {
		const struct inv_host *h = inventory_host(run->inv, run->live->nodes[i].name);
		if (h && j->hosts[h->index] && !slurm_node_is_usable(&run->live->nodes[i]))
			return true;
	}
	return false;
}

static int update(struct verifier *v, const char *list, const char *state, const char *reason, struct err *err)
{
	const char *const argv[] = {"scontrol", "update", arena_printf(v->run->arena, "NodeName=%s", list),
				    state,      reason,   NULL};
	const char *why;
	if (verify_tell(v, argv, &why, err) < 0)
		return -1;
	if (why)
		verify_failed(v, CODE_RESUME, "%s could not be changed to %s: %s", list, state, why)->fix =
		    "apply again, or by hand: scontrol update NodeName=... State=RESUME";
	return 0;
}

int verify_open(struct verifier *v, struct joining *ret, struct err *err)
{
	*ret = (struct joining){.hosts = arena_calloc(v->run->arena, v->run->inv->host_count, sizeof *ret->hosts)};
	find(v, ret);
	if (!ret->count)
		return 0;
	verify_phase(v, arena_printf(v->run->arena, "verify: let %s in", ret->list));
	if (reserve(v, ret, err) < 0 || update(v, ret->list, "State=RESUME", NULL, err) < 0)
		return -1;
	v->result->resumed = ret->count;
	uint64_t until = clock_ms() + JOIN_MS;
	/* At least once: what was asked before is the state before. */
	do
		if (fleet_pump(v->run->fleet, PAUSE_MS, err) < 0 || run_ask_live(v->run, err) < 0)
			return -1;
	while (still_wait(v, ret) && clock_ms() < until);
	return 0;
}

/* Those that a job should have run on and did not. */
static int drain_again(struct verifier *v, const struct joining *j, struct err *err)
{
	const struct inventory *inv = v->run->inv;
	for (size_t i = 0; i < inv->host_count; i++) {
		if (!j->hosts[i] || (v->present[i] && !v->unproven[i]))
			continue;
		v->result->resumed--;
		const char *reason = verify_job_reason(v->why[i] ? v->why[i] : "it did not run", v->run->arena);
		if (update(v, inv->hosts[i].name, "State=DRAIN", arena_printf(v->run->arena, "Reason=%s", reason),
			   err) < 0)
			return -1;
	}
	return 0;
}

int verify_close(struct verifier *v, const struct joining *j, struct err *err)
{
	struct run *run = v->run;
	if (!j->count)
		return 0;
	if (drain_again(v, j, err) < 0)
		return -1;
	const char *const argv[] = {"scontrol", "delete",
				    arena_printf(run->arena, "ReservationName=%s", j->reservation), NULL};
	const char *why = NULL;
	if (j->reservation && verify_tell(v, argv, &why, err) < 0)
		return -1;
	if (why)
		finding_add(&v->result->findings, FINDING_WARNING, CODE_RESUME, NULL,
			    "the reservation %s could not be deleted: %s", j->reservation, why)
		    ->fix = "it ends by itself after " RESERVED_MINUTES " minutes";
	const char **names = arena_calloc(run->arena, run->inv->host_count, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (j->hosts[i] && v->present[i] && !v->unproven[i])
			names[n++] = run->inv->hosts[i].name;
	if (n && run->options->report)
		report_note(run->options->report, "%s: verified, resumed", hostlist_compress(names, n, run->arena));
	return 0;
}
