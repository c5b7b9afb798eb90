#include "plan/serving.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "plan/plan.h"

enum serving serving_of(const struct slurm_node_state *n)
{
	const unsigned out = SLURM_NODE_DRAIN | SLURM_NODE_INVALID_REG | SLURM_NODE_FAIL | SLURM_NODE_BLOCKED;
	if (n->flags & out)
		return SERVING_NOT;
	if (n->flags & (SLURM_NODE_POWER | SLURM_NODE_REBOOT))
		return SERVING_ASLEEP;
	if (n->flags & SLURM_NODE_NO_RESPOND)
		return SERVING_NOT;
	if (n->base == SLURM_NODE_ALLOCATED || n->base == SLURM_NODE_MIXED)
		return SERVING_BUSY;
	if (n->base != SLURM_NODE_IDLE)
		return SERVING_NOT;
	return n->cpus_allocated || n->flags & SLURM_NODE_COMPLETING ? SERVING_BUSY : SERVING_IDLE;
}

/* slurmctld drains a node for a job that it ran with these (its agent.c, job_mgr.c, node_mgr.c, proc_req.c). */
static bool is_of_a_job(const char *reason)
{
	static const char *const reasons[] = {"Prolog error", "Epilog error", "Kill task failed", "Duplicate jobid",
					      "batch job complete failure"};
	for (size_t i = 0; reason && i < ARRAY_LEN(reasons); i++)
		if (str_starts(reason, reasons[i]))
			return true;
	return false;
}

/* Nodes that are out for the same reason, by the same hand. */
struct group {
	const char *state, *reason, *by;
	const char *since; /* of the first of them */
	struct names names;
};

struct groups {
	struct group *items;
	size_t len, cap;
};

static const char *state_of(const struct slurm_node_state *n)
{
	if (n->flags & SLURM_NODE_DRAIN)
		return "drained";
	if (n->base == SLURM_NODE_DOWN)
		return "down";
	if (n->flags & SLURM_NODE_NO_RESPOND)
		return "not responding";
	return n->state_text;
}

enum serving serving_since(const struct slurm_node_state *before, const struct slurm_node_state *after,
			   struct arena *arena, const char **ret_why, bool *ret_by_job)
{
	*ret_why = NULL;
	*ret_by_job = false;
	if (!after) {
		*ret_why = "slurmctld does not know it any more";
		return SERVING_NOT;
	}
	enum serving s = serving_of(after);
	if (s != SERVING_NOT)
		return s;
	bool was_drained = before && before->flags & SLURM_NODE_DRAIN;
	*ret_by_job = after->flags & SLURM_NODE_DRAIN && !was_drained && is_of_a_job(after->reason);
	*ret_why = arena_printf(
	    arena, "%s: %s",
	    *ret_by_job ? "the test job got it drained"
			: arena_printf(arena, "it became %s while the test job was to run", state_of(after)),
	    after->reason ? after->reason : after->state_text);
	return s;
}

/* "root@2026-11-22T22:04:08" */
static const char *who_of(const struct slurm_node_state *n, struct arena *arena, const char **ret_since)
{
	const char *at = n->reason_by ? strchr(n->reason_by, '@') : NULL;
	*ret_since = at ? at + 1 : NULL;
	return at ? arena_strndup(arena, n->reason_by, (size_t)(at - n->reason_by)) : NULL;
}

static void add(struct groups *groups, const struct slurm_node_state *n, struct arena *arena)
{
	const char *since, *by = who_of(n, arena, &since), *state = state_of(n);
	size_t i = 0;
	while (i < groups->len && !(streq(groups->items[i].state, state) &&
				    str_same(groups->items[i].reason, n->reason) && str_same(groups->items[i].by, by)))
		i++;
	if (i == groups->len)
		*vec_push_in(arena, groups) =
		    (struct group){.state = state, .reason = n->reason, .by = by, .since = since};
	struct group *g = &groups->items[i];
	if (since && (!g->since || strcmp(since, g->since) < 0))
		g->since = since;
	*vec_push_in(arena, &g->names) = n->name;
}

static void say(const struct group *g, struct findings *f)
{
	const char *list = hostlist_compress(g->names.items, g->names.len, f->arena);
	struct finding *x =
	    finding_add(f, FINDING_WARNING, CODE_NOT_SERVING, NULL, "%s %s %s: %s%s%s%s%s%s", list,
			g->names.len == 1 ? "is" : "are", g->state, g->reason ? g->reason : "no reason was given",
			g->by ? " (" : "", g->by ? g->by : "", g->since ? ", since " : "", g->since ? g->since : "",
			g->by ? ")" : "");
	x->fix = finding_text(f, "fix the cause, then: reeve resume %s", list);
}

/* The model said why it is kept from jobs (plan/drains.c). */
static bool is_told(const struct slurm_node_state *n, const struct cluster_host *h)
{
	return (h->change == CHANGE_SHRANK || h->unexpected) && n->reason && str_starts(n->reason, PLAN_REASON);
}

struct serving_count serving_judge(const struct cluster *c, const struct live *live, const bool *told,
				   const bool *wrong, struct findings *f)
{
	struct serving_count count = {0};
	struct groups groups = {0};
	for (size_t i = 0; live && live->up && i < live->node_count; i++) {
		const struct slurm_node_state *n = &live->nodes[i];
		const struct inv_host *host = inventory_host(c->inv, n->name);
		const struct cluster_host *h = host ? &c->hosts[host->index] : NULL;
		if (!h || !h->listed || !h->serves || h->excluded)
			continue;
		enum serving s = wrong && wrong[host->index] ? SERVING_NOT : serving_of(n);
		count.nodes++;
		count.idle += s == SERVING_IDLE;
		count.busy += s == SERVING_BUSY;
		count.asleep += s == SERVING_ASLEEP;
		count.out += s == SERVING_NOT;
		if (s == SERVING_NOT && !(told && told[host->index]) && !is_told(n, h))
			add(&groups, n, f->arena);
	}
	for (size_t i = 0; i < groups.len; i++)
		say(&groups.items[i], f);
	return count;
}

const char *serving_text(const struct serving_count *count, struct arena *arena)
{
	const struct {
		size_t n;
		const char *what;
	} parts[] = {{count->idle, "idle"},
		     {count->busy, "running jobs"},
		     {count->asleep, "powered down or rebooting"},
		     {count->out, "not in service"}};
	const char *text = arena_printf(arena, "%zu node%s", count->nodes, count->nodes == 1 ? "" : "s");
	bool first = true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!parts[i].n)
			continue;
		text = arena_printf(arena, "%s%s %zu %s", text, first ? ":" : ",", parts[i].n, parts[i].what);
		first = false;
	}
	return text;
}
