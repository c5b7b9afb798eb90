/*
 * What must hold when core is done: slurmctld answers, every node registered as configured, every slurmd answers, and a job
 * like a user's ran on the nodes that were idle: it asks for no memory and no time, so that it meets the defaults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"
#include "slurm/srun.h"
#include "slurm/state.h"

const char *core_node_fault(const struct slurm_node_state *n, const struct cluster_host *h, struct arena *arena)
{
	if (n->flags & SLURM_NODE_INVALID_REG)
		return arena_printf(arena, "registered with other values than configured: %s",
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

static const char *judge_registered(const struct check *check, size_t host, const struct slurm_node_state *node,
				    struct arena *arena)
{
	const struct verify_context *v = check->about;
	if (!node)
		return "is unknown to slurmctld";
	struct slurm_node_state as = *node;
	/* That it is down is what the operator ends; whether it registered is still to be seen. */
	if (v->let_in && v->let_in[host] && as.base == SLURM_NODE_DOWN)
		as.base = SLURM_NODE_IDLE;
	return core_node_fault(&as, &v->cluster->hosts[host], arena);
}

static bool is_wanted(const struct verify_context *v, size_t host)
{
	const struct cluster_host *h = &v->cluster->hosts[host];
	return h->listed && h->serves && v->present[host];
}

static void add_registered(const struct verify_context *v, struct checks *checks)
{
	bool *hosts = arena_calloc(checks->arena, v->cluster->inv->host_count, sizeof *hosts);
	for (size_t i = 0; i < v->cluster->inv->host_count; i++)
		hosts[i] = is_wanted(v, i);
	struct check *check =
	    checks_add(checks, "core", "core:registered", "every node registered as configured", CHECK_LIVE, hosts);
	check->wait_ms = 60000;
	check->judge_node = judge_registered;
	check->about = v;
	check->origin = v->cluster->inv->compute_at;
}

static enum check_verdict judge_slurmd(const struct check *check, const struct check_answer *answer,
				       struct arena *arena, const char **ret_why)
{
	(void)check;
	if (!answer->status)
		return CHECK_HOLDS;
	*ret_why = answer->status < 0
		       ? "slurmd does not answer"
		       : arena_printf(arena, "slurmd does not answer: %s", slurm_srun_error(answer->errors, arena));
	return CHECK_FAILED;
}

const char *const *core_ask_slurmd(const struct inventory *inv, size_t host, struct arena *arena)
{
	static const char *const plain[] = {"scontrol", "show", "slurmd", NULL};
	const char *how = inventory_param(inv->params, inv->param_count, "CommunicationParameters");
	if (!str_has_item(how, "NoInAddrAny", strncasecmp))
		return plain;
	const char **argv = arena_calloc(arena, ARRAY_LEN(plain) + 2, sizeof *argv);
	argv[0] = "env";
	argv[1] = arena_printf(arena, "SLURMD_NODENAME=%s", inv->hosts[host].name);
	memcpy(argv + 2, plain, sizeof plain);
	return argv;
}

/*
 * slurmctld takes a slurmd that hangs for a good one until SlurmdTimeout is over. A job finds out; where none can be run,
 * because the node is busy, slurmd is asked. So is one whose process is stopped: that costs the others nothing.
 */
static void add_answers(const struct verify_context *v, struct checks *checks)
{
	size_t count = v->cluster->inv->host_count;
	bool *hosts = arena_calloc(checks->arena, count, sizeof *hosts), any = false;
	const char *const **argv_of = arena_calloc(checks->arena, count, sizeof *argv_of);
	for (size_t i = 0; i < count; i++) {
		const struct facts *f = v->cluster->hosts[i].facts;
		hosts[i] = is_wanted(v, i) && ((f && f->roles[ROLE_NODE].unit.stopped) || (v->busy && v->busy[i]) ||
					       (v->let_in && v->let_in[i]));
		argv_of[i] = core_ask_slurmd(v->cluster->inv, i, checks->arena);
		any |= hosts[i];
	}
	if (!any)
		return;
	struct check *check =
	    checks_add(checks, "core", "core:slurmd", "slurmd answers on every node", CHECK_RUN, hosts);
	check->argv_of = argv_of;
	check->timeout_ms = 12000;
	check->judge = judge_slurmd;
	check->fix = "look at its process and its log; a restart of slurmd leaves the jobs of its node alone";
	check->origin = v->cluster->inv->compute_at;
}

void core_verify(const struct verify_context *v, struct checks *checks)
{
	add_registered(v, checks);
	add_answers(v, checks);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The job printed one line, its node's name, from each node. */
static enum check_verdict judge_job(const struct check *check, const struct check_answer *answer, struct arena *arena,
				    const char **ret_why)
{
	const char *const *wanted = check->about;
	enum check_verdict end = verify_job_end(answer, arena, ret_why);
	if (end != CHECK_HOLDS)
		return end;
	VEC(const char *) got = {0};
	char *rest = arena_strdup(arena, answer->out);
	for (char *line; (line = str_next_line(&rest));)
		if (*line)
			*vec_push_in(arena, &got) = line;
	if (got.len)
		qsort(got.items, got.len, sizeof *got.items, compare);
	for (size_t i = 0; wanted[i]; i++)
		if (!got.len || !bsearch(&wanted[i], got.items, got.len, sizeof *got.items, compare)) {
			*ret_why = arena_printf(arena, "the job did not run on %s", wanted[i]);
			return CHECK_FAILED;
		}
	return CHECK_HOLDS;
}

/* As root, which Slurm allows unless DisableRootJobs is set, or as a user of the cluster. */
void core_prove(const struct verify_context *v, const struct job_set *s, struct checks *checks)
{
	static const char *const command[] = {"printenv", "SLURMD_NODENAME", NULL};
	struct arena *a = checks->arena;
	struct check *check = checks_add_for_all(
	    checks, v, "core", arena_printf(a, "core:job:%s:%s", s->label, s->user ? s->user : "root"),
	    arena_printf(a, "a job ran on %s (partition %s)", s->hostlist, s->label));
	check->argv = verify_job_argv(v, s, command, a);
	check->timeout_ms = 45000;
	check->judge = judge_job;
	check->about = s->names;
	check->origin = s->partition->at;
}
