#include "cli/show-plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "report/diff.h"

/* Hosts on which the same resource differs in the same way. */
struct group {
	const struct resource *resource;
	const struct observed *observed;
	VEC(const char *) hosts;
};

struct groups {
	struct group **items;
	size_t len, cap;
};

static bool in_force_copy(const struct resource *r)
{
	return strstr(r->id, "/var/lib/reeve/in-force") != NULL;
}

static void group(const struct operation *o, struct arena *arena, struct groups *ret)
{
	const struct plan *plan = o->run.plan;
	_cleanup_map_ struct map by_key = {0};
	for (size_t i = 0; i < o->inv->host_count; i++) {
		const struct host_plan *h = &plan->hosts[i];
		for (size_t k = 0; h->catalog && h->selected && k < h->catalog->len; k++) {
			const struct resource *r = &h->catalog->items[k];
			const struct observed *x = &h->observed[k];
			if (x->state == OBSERVED_SAME || !plan_wants(&o->options.plan, r->module) || in_force_copy(r))
				continue;
			const char *key =
			    arena_printf(arena, "%s\n%s\n%s\n%s", r->id, x->why, x->digest ? x->digest : "",
					 r->type == RESOURCE_FILE && r->file.digest ? r->file.digest->hex : "");
			struct group *g = map_get(&by_key, key);
			if (!g) {
				g = arena_alloc(arena, sizeof *g);
				g->resource = r;
				g->observed = x;
				map_set(&by_key, key, g);
				*vec_push_in(arena, ret) = g;
			}
			*vec_push_in(arena, &g->hosts) = o->inv->hosts[i].name;
		}
	}
}

static const char *hosts_of(const struct group *g, struct arena *arena)
{
	return hostlist_compress(g->hosts.items, g->hosts.len, arena);
}

static void show_group(const struct operation *o, const struct group *g, struct arena *arena, FILE *out, bool color)
{
	static const char signs[] = {
	    [OBSERVED_SAME] = ' ', [OBSERVED_DIFFERS] = '~', [OBSERVED_MISSING] = '+', [OBSERVED_ERROR] = '!'};
	const struct resource *r = g->resource;
	bool goes = r->type == RESOURCE_ABSENT && g->observed->state == OBSERVED_MISSING;
	fprintf(out, "  %s%c%s %s  (%s: %s)\n", color ? TERM_YELLOW : "", goes ? '-' : signs[g->observed->state],
		color ? TERM_PLAIN : "", r->id, stage_name(r->stage), hosts_of(g, arena));
	if (*g->observed->why)
		fprintf(out, "      %s\n", g->observed->why);
	if (r->type != RESOURCE_FILE || r->file.secret || !r->file.content ||
	    (g->observed->state == OBSERVED_DIFFERS && !g->observed->content))
		return;
	/* A new file is shown whole only on request: its text is what cluster.yaml says, in other words. */
	if (g->observed->state == OBSERVED_MISSING && !o->options.content)
		return;
	_cleanup_strbuf_ struct strbuf diff = {0};
	const char *wanted = arena_strndup(arena, r->file.content, r->file.size);
	diff_unified(&diff, r->file.path, g->observed->content, wanted, color);
	char *rest = diff.data;
	for (char *line; rest && (line = str_next_line(&rest));)
		fprintf(out, "      %s\n", line);
}

static void show_activation(const struct plan *plan, FILE *out)
{
	const struct slurm_activation *a = plan->activation;
	if (!a || plan->need == SLURM_NEED_NOTHING)
		return;
	fprintf(out, "activation: %s\n", slurm_need_text(plan->need));
	for (size_t i = 0; i < a->len; i++) {
		const struct slurm_reason *r = &a->reasons[i];
		fprintf(out, "  %s: %s -> %s\n      %s\n", r->subject, r->old_value ? r->old_value : "(none)",
			r->new_value ? r->new_value : "(none)", r->why);
	}
}

static void show_steps(const struct plan *plan, struct arena *arena, FILE *out)
{
	if (!plan->step_count)
		return;
	fprintf(out, "steps:\n");
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *s = &plan->steps[i];
		const char **names = arena_calloc(arena, s->len, sizeof *names);
		for (size_t k = 0; k < s->len; k++)
			names[k] = plan->cluster->inv->hosts[s->items[k].host].name;
		fprintf(out, "  %zu. %s%s%s\n", i + 1, s->title, s->len ? ": " : "",
			s->len ? hostlist_compress(names, s->len, arena) : "");
	}
}

void show_plan_nodes(const struct plan *plan, FILE *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	for (size_t i = 0; i < plan->drains.len; i++) {
		const struct plan_drain *d = &plan->drains.items[i];
		fprintf(out, "to be drained: %s: %s\n", hostlist_compress(d->names.items, d->names.len, arena),
			d->reason);
	}
	if (plan->waiting)
		fprintf(out, "%zu node%s drained in an earlier run: to be verified and resumed\n", plan->waiting,
			plan->waiting == 1 ? "" : "s");
}

json_t *show_plan_drains_json(const struct plan *plan)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	json_t *drains = json_array();
	for (size_t i = 0; i < plan->drains.len; i++) {
		const struct plan_drain *d = &plan->drains.items[i];
		json_array_append_new(drains, json_pack("{s:s, s:s}", "nodes",
							hostlist_compress(d->names.items, d->names.len, arena),
							"reason", d->reason));
	}
	return drains;
}

static const char *unknown_jobs(const struct plan *plan)
{
	if (plan->cluster->fresh)
		return "none, this is a first installation";
	return cluster_primary(plan->cluster) ? "unknown: slurmctld does not answer"
					      : "unknown: no controller was reached";
}

static void show_jobs(const struct plan *plan, FILE *out)
{
	const struct live *live = plan->live;
	if (!live || !live->up) {
		fprintf(out, "jobs: %s\n", unknown_jobs(plan));
		return;
	}
	size_t holding = 0, pending = 0;
	for (size_t i = 0; i < live->job_count; i++) {
		holding += slurm_job_holds_nodes(&live->jobs[i]);
		pending += live->jobs[i].phase == SLURM_JOB_PENDING;
	}
	fprintf(out, "jobs: %zu running, %zu pending; touched: none", holding, pending);
	if (plan->waiting_jobs)
		fprintf(out, "; %zu pending could not run any more", plan->waiting_jobs);
	fprintf(out, "\n");
}

/* What becomes of slurmctld meanwhile; NULL: nothing that anybody would notice. */
static const char *slurmctld_text(const struct plan *plan)
{
	switch (plan->need) {
	case SLURM_NEED_RESTART_CTLD:
	case SLURM_NEED_RESTART_BOTH:
		return "restarts: for some seconds no job is submitted or started";
	case SLURM_NEED_NODES:
		return "is stopped while the slurmds restart, then started again";
	case SLURM_NEED_STOP_ALL:
		return "and every slurmd are stopped, then started again";
	case SLURM_NEED_START:
		return "is started";
	default:
		return NULL;
	}
}

static void show_total(const struct plan *plan, FILE *out)
{
	const char *text = slurmctld_text(plan);
	size_t hosts = 0;
	for (size_t i = 0; i < plan->cluster->inv->host_count; i++)
		hosts += plan->hosts[i].changes > 0;
	if (text && plan->step_count)
		fprintf(out, "slurmctld %s\n", text);
	if (plan->changes)
		fprintf(out, "total: %zu change%s on %zu host%s\n", plan->changes, plan->changes == 1 ? "" : "s", hosts,
			hosts == 1 ? "" : "s");
}

static bool is_leaving(const struct plan *plan, const char *partition)
{
	for (size_t i = 0; plan && i < plan->leaving.len; i++)
		if (streq(plan->leaving.items[i], partition))
			return true;
	return false;
}

void show_plan_drift(const struct operation *o, struct findings *ret)
{
	const struct live *live = o->run.live;
	for (size_t i = 0; live && live->up && i < live->node_count; i++) {
		const struct slurm_node_state *n = &live->nodes[i];
		if ((n->flags & (SLURM_NODE_DRAIN | SLURM_NODE_FAIL)) || (n->base == SLURM_NODE_DOWN && n->reason))
			finding_add(ret, FINDING_NOTE, CODE_NODE_STATE,
				    inventory_host(o->inv, n->name) ? inventory_host(o->inv, n->name)->name : NULL,
				    "node %s is %s: %s%s%s", n->name, n->state_text,
				    n->reason ? n->reason : "no reason given", n->reason_by ? ", by " : "",
				    n->reason_by ? n->reason_by : "");
	}
	for (size_t i = 0; live && live->up && i < live->partition_count; i++) {
		const struct slurm_partition_state *p = &live->partitions[i];
		if (!streq(p->state, "UP"))
			finding_add(ret, FINDING_NOTE, CODE_PARTITION_STATE, NULL, "partition %s is %s", p->name,
				    p->state);
		if (!inventory_partition(o->inv, p->name) && !is_leaving(o->run.plan, p->name))
			finding_add(ret, FINDING_NOTE, CODE_PARTITION_LIVE, NULL, "partition %s is not in %s", p->name,
				    o->inv->file);
	}
	for (size_t i = 0; live && live->up && i < live->controller_count; i++)
		if (!live->controllers[i].up)
			finding_add(ret, FINDING_WARNING, CODE_CONTROLLER_DOWN, NULL,
				    "the controller %s does not answer", live->controllers[i].host)
			    ->fix = "systemctl status slurmctld on that host";
}

void show_plan(const struct operation *o, FILE *out, bool color)
{
	const struct plan *plan = o->run.plan;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct groups groups = {0};
	struct findings drift = {.arena = arena};
	size_t looked_at = 0;
	for (size_t i = 0; i < o->inv->host_count; i++)
		looked_at += plan->hosts[i].catalog && plan->hosts[i].selected;
	group(o, arena, &groups);
	if (!plan->changes && !plan->step_count && !plan->waiting && !findings_count(&plan->findings, FINDING_STOP))
		fprintf(out, "nothing to change on %zu host%s\n", looked_at, looked_at == 1 ? "" : "s");
	for (size_t i = 0; i < groups.len; i++)
		show_group(o, groups.items[i], arena, out, color);
	show_activation(plan, out);
	show_steps(plan, arena, out);
	show_plan_nodes(plan, out);
	show_jobs(plan, out);
	show_total(plan, out);
	show_plan_drift(o, &drift);
	if (drift.len) {
		fprintf(out, "the live cluster differs from the file (left as it is):\n");
		operation_print_findings(o, &drift, out, color, true);
	}
	const struct findings all = operation_findings(o, &plan->findings, arena);
	operation_print_findings(o, &all, out, color, true);
}

json_t *show_plan_json(const struct operation *o)
{
	const struct plan *plan = o->run.plan;
	_cleanup_arena_ struct arena *arena = arena_new();
	struct groups groups = {0};
	struct findings drift = {.arena = arena};
	const struct findings all = operation_findings(o, &plan->findings, arena);
	group(o, arena, &groups);
	show_plan_drift(o, &drift);
	json_t *changes = json_array(), *reasons = json_array(), *steps = json_array();
	for (size_t i = 0; i < groups.len; i++) {
		const struct group *g = groups.items[i];
		json_array_append_new(changes,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", g->resource->id, "module",
						g->resource->module, "stage", stage_name(g->resource->stage), "state",
						observed_state_name(g->observed->state), "why", g->observed->why,
						"hosts", hosts_of(g, arena)));
	}
	for (size_t i = 0; plan->activation && i < plan->activation->len; i++) {
		const struct slurm_reason *r = &plan->activation->reasons[i];
		json_array_append_new(reasons, json_pack("{s:s, s:s?, s:s?, s:s}", "subject", r->subject, "old",
							 r->old_value, "new", r->new_value, "why", r->why));
	}
	for (size_t i = 0; i < plan->step_count; i++)
		json_array_append_new(steps, json_string(plan->steps[i].title));
	return json_pack("{s:s, s:I, s:I, s:o, s:s, s:o, s:o, s:o, s:[], s:I, s:o, s:o, s:o}", "cluster",
			 o->inv->cluster.text, "changes_total", (json_int_t)plan->changes, "waiting",
			 (json_int_t)plan->waiting, "changes", changes, "activation", slurm_need_name(plan->need),
			 "reasons", reasons, "steps", steps, "drains", show_plan_drains_json(plan), "jobs_touched",
			 "jobs_waiting", (json_int_t)plan->waiting_jobs, "drift", operation_findings_json(o, &drift),
			 "findings", operation_findings_json(o, &all), "unreached", operation_unreached_json(o));
}
