/*
 * What must hold when core is done: slurmctld answers, every node registered as configured, and a job ran on the nodes
 * that were idle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "slurm/state.h"

static const char *first_line(struct arena *arena, const char *text)
{
	const char *p = text;
	while (*p == '\n' || *p == ' ')
		p++;
	return str_printable(arena, p, strcspn(p, "\n"));
}

const char *core_node_fault(const struct slurm_node_state *n, const struct cluster_host *h, struct arena *arena)
{
	if (n->flags & SLURM_NODE_INVALID_REG)
		return arena_printf(arena, "registered otherwise than configured: %s",
				    n->reason ? n->reason : n->state_text);
	if (n->base == SLURM_NODE_UNKNOWN || !n->version)
		return "its slurmd has not registered";
	if (n->flags & SLURM_NODE_NO_RESPOND)
		return arena_printf(arena, "does not respond (%s)", n->state_text);
	if (n->base == SLURM_NODE_DOWN && !(n->flags & (SLURM_NODE_POWER | SLURM_NODE_REBOOT)))
		return arena_printf(arena, "is down: %s", n->reason ? n->reason : "no reason given");
	if (n->memory_mib != h->memory)
		return arena_printf(arena, "has RealMemory=%llu in slurmctld, %llu in slurm.conf",
				    (unsigned long long)n->memory_mib, (unsigned long long)h->memory);
	return NULL;
}

static const char *judge_registered(const struct check *check, int status, const char *out, const char *errors,
				    struct arena *arena)
{
	const struct verify_context *v = check->about;
	struct slurm_node_state *nodes;
	size_t count;
	struct err err = {0};
	if (status)
		return arena_printf(arena, "slurmctld does not answer: %s", first_line(arena, *errors ? errors : out));
	if (slurm_nodes_parse(out, strlen(out), arena, &nodes, &count, &err) < 0)
		return arena_strdup(arena, err.text);
	_cleanup_map_ struct map by_name = {0};
	for (size_t i = 0; i < count; i++)
		map_set(&by_name, nodes[i].name, &nodes[i]);
	_cleanup_strbuf_ struct strbuf bad = {0};
	size_t bad_count = 0;
	for (size_t i = 0; i < v->cluster->inv->host_count; i++) {
		const struct cluster_host *h = &v->cluster->hosts[i];
		if (!h->listed || !h->serves || !v->present[i])
			continue;
		const struct slurm_node_state *n = map_get(&by_name, h->inv->name);
		const char *why = n ? core_node_fault(n, h, arena) : "is unknown to slurmctld";
		if (why && ++bad_count <= 10)
			strbuf_addf(&bad, "%s%s %s", bad.len ? "; " : "", h->inv->name, why);
	}
	if (bad_count > 10)
		strbuf_addf(&bad, "; and %zu more", bad_count - 10);
	return bad_count ? str_printable(arena, bad.data, bad.len) : NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The job printed one line, its node's name, from each node. */
static const char *judge_job(const struct check *check, int status, const char *out, const char *errors,
			     struct arena *arena)
{
	const char *const *wanted = check->about;
	if (status)
		return arena_printf(arena, "the job failed: %s", first_line(arena, *errors ? errors : out));
	VEC(const char *) got = {0};
	char *rest = arena_strdup(arena, out);
	for (char *line; (line = str_next_line(&rest));)
		if (*line)
			*vec_push_in(arena, &got) = line;
	if (got.len)
		qsort(got.items, got.len, sizeof *got.items, compare);
	for (size_t i = 0; wanted[i]; i++)
		if (!got.len || !bsearch(&wanted[i], got.items, got.len, sizeof *got.items, compare))
			return arena_printf(arena, "the job did not run on %s", wanted[i]);
	return NULL;
}

/*
 * One job a set of nodes. Run as root, which Slurm allows unless DisableRootJobs is set; little memory is asked for,
 * and --immediate keeps it from waiting for what is not idle any more.
 */
static void add_jobs(const struct verify_context *v, struct checks *checks)
{
	struct arena *a = checks->arena;
	struct job_set *sets;
	size_t count = verify_job_sets(v, "core", a, &sets);
	for (size_t i = 0; i < count; i++) {
		const struct job_set *s = &sets[i];
		const char *argv[] = {
		    "srun",
		    "--quiet",
		    "--job-name=reeve-verify",
		    arena_printf(a, "--partition=%s", s->partition->name),
		    arena_printf(a, "--nodes=%zu", s->count),
		    "--ntasks-per-node=1",
		    arena_printf(a, "--nodelist=%s", s->hostlist),
		    "--time=1",
		    "--mem=16",
		    "--immediate=20",
		    "printenv",
		    "SLURMD_NODENAME",
		    NULL,
		};
		struct check *check = checks_add(checks, "core", arena_printf(a, "core:job:%s", s->label),
						 arena_printf(a, "a job runs on %zu node%s of partition %s", s->count,
							      s->count == 1 ? "" : "s", s->label),
						 v->controller);
		const char **copy = arena_calloc(a, ARRAY_LEN(argv), sizeof *copy);
		memcpy(copy, argv, sizeof argv);
		check->argv = copy;
		check->timeout_ms = 45000;
		check->wait_ms = 30000;
		check->judge = judge_job;
		check->about = s->names;
		check->origin = s->partition->at;
	}
}

void core_verify(const struct verify_context *v, struct checks *checks)
{
	if (v->idle) {
		add_jobs(v, checks);
		return;
	}
	struct check *check =
	    checks_add(checks, "core", "core:registered", "every node registered as configured", v->controller);
	check->argv = slurm_nodes_argv;
	check->wait_ms = 60000;
	check->judge = judge_registered;
	check->about = v;
	check->origin = v->cluster->inv->compute_at;
}
