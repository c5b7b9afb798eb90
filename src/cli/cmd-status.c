/* reeve status: the cluster as it is, on one screen. */
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/show-findings.h"
#include "cli/show-plan.h"
#include "hostlist/hostlist.h"
#include "report/table.h"
#include "run/examine.h"

enum { WATCH_MS = 2000, DIFFERING_SHOWN = 4 };

static void show_controllers(const struct operation *o, FILE *out)
{
	fprintf(out, "controllers:");
	for (size_t i = 0; i < o->inv->controller_count; i++) {
		const struct inv_host *h = &o->inv->hosts[o->inv->controllers[i]];
		const struct facts *f = o->run.facts[h->index];
		const char *state = !f ? "unreached" : f->roles[ROLE_CONTROLLER].unit.active;
		const struct live *live = o->run.live;
		for (size_t k = 0; live && k < live->controller_count; k++)
			if (streq(live->controllers[k].host, h->hostname) && !live->controllers[k].up)
				state = "does not answer";
		fprintf(out, "%s %s %s (%s)", i ? "," : "", h->name, state, i ? "backup" : "primary");
	}
	fputc('\n', out);
}

/* Nodes of a partition that are in the same state share a line, as sinfo has it. */
static void show_partitions(const struct operation *o, struct arena *arena, FILE *out, bool color)
{
	static const struct table_column columns[] = {
	    {"PARTITION", false}, {"AVAIL", false}, {"NODES", true}, {"STATE", false}, {"NODELIST", false}};
	struct table t = {.columns = columns, .count = 5, .arena = arena};
	const struct live *live = o->run.live;
	_cleanup_map_ struct map nodes = {0};
	for (size_t i = 0; i < live->node_count; i++)
		map_set(&nodes, live->nodes[i].name, &live->nodes[i]);
	for (size_t i = 0; i < live->partition_count; i++) {
		const struct slurm_partition_state *p = &live->partitions[i];
		const char *const *names;
		size_t count, shown = 0;
		if (!p->nodes || hostlist_expand(p->nodes, 65536, arena, &names, &count, NULL, NULL) < 0)
			count = 0;
		/* As many as there are nodes at most; in fact a handful. */
		struct {
			const char *state;
			VEC(const char *) names;
		} *by_state = arena_calloc(arena, count + 1, sizeof *by_state);
		for (size_t k = 0; k < count; k++) {
			const struct slurm_node_state *n = map_get(&nodes, names[k]);
			const char *state = n ? n->state_text : "UNKNOWN";
			size_t s = 0;
			while (s < shown && !streq(by_state[s].state, state))
				s++;
			if (s == shown)
				by_state[shown++].state = state;
			*vec_push_in(arena, &by_state[s].names) = names[k];
		}
		for (size_t s = 0; s < shown || (!shown && !s); s++) {
			const char *cells[] = {
			    arena_printf(arena, "%s%s", p->name, p->is_default ? "*" : ""),
			    p->state,
			    arena_printf(arena, "%zu", by_state[s].names.len),
			    shown ? by_state[s].state : "n/a",
			    shown ? hostlist_compress(by_state[s].names.items, by_state[s].names.len, arena) : "",
			};
			table_add(&t, cells);
		}
	}
	table_print(&t, out, report_width(out), color);
}

static void show_jobs(const struct live *live, FILE *out)
{
	size_t running = 0, pending = 0, other = 0;
	for (size_t i = 0; i < live->job_count; i++) {
		enum slurm_job_phase p = live->jobs[i].phase;
		running += p == SLURM_JOB_RUNNING;
		pending += p == SLURM_JOB_PENDING;
		other += p == SLURM_JOB_SUSPENDED || p == SLURM_JOB_COMPLETING || p == SLURM_JOB_UNKNOWN;
	}
	fprintf(out, "jobs: %zu running, %zu pending, %zu suspended or completing; reservations: %zu\n", running,
		pending, other, live->reservation_count);
}

/* Who excluded what, why, when and until; nodes that left together share a line. */
static void show_exclusions(const struct operation *o, struct arena *arena, FILE *out)
{
	const struct cluster *c = o->run.cluster;
	_cleanup_map_ struct map by_text = {0};
	struct group {
		const char *text;
		VEC(const char *) names;
	};
	VEC(struct group *) groups = {0};
	for (size_t i = 0; i < o->inv->host_count; i++) {
		const struct record_exclusion *x = c->hosts[i].excluded;
		if (!x)
			continue;
		const char *text = arena_printf(arena, "%s: %s (%s%s%.10s%s%s)",
						x->removed   ? "removed"
						: x->leaving ? "excluded when their jobs are over"
							     : "excluded",
						x->reason, x->who, *x->when ? ", " : "", x->when,
						x->until ? ", until " : "", x->until ? x->until : "");
		struct group *run = map_get(&by_text, text);
		if (!run) {
			run = arena_alloc(arena, sizeof *run);
			run->text = text;
			map_set(&by_text, text, run);
			*vec_push_in(arena, &groups) = run;
		}
		*vec_push_in(arena, &run->names) = o->inv->hosts[i].name;
	}
	for (size_t i = 0; i < groups.len; i++)
		fprintf(out, "%s %s\n",
			hostlist_compress(groups.items[i]->names.items, groups.items[i]->names.len, arena),
			groups.items[i]->text);
}

static json_t *exclusions_json(const struct operation *o)
{
	json_t *list = json_array();
	for (size_t i = 0; i < o->inv->host_count; i++) {
		const struct record_exclusion *x = o->run.cluster->hosts[i].excluded;
		if (x)
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:b}", "name",
							      o->inv->hosts[i].name, "reason", x->reason, "who", x->who,
							      "when", x->when, "until", x->until, "leaving", x->leaving,
							      "removed", x->removed));
	}
	return list;
}

/* Is there nothing that `reeve apply` would do? */
static bool in_order(const struct plan *plan)
{
	return !plan->changes && !plan->drains.len && !plan->waiting && !plan->step_count &&
	       !findings_count(&plan->findings, FINDING_STOP);
}

/* "slurm.conf on n2: content differs": what is not as the file says, and where. */
struct differing {
	const char *text;
	VEC(const char *) hosts;
};

static const char *short_name(const struct resource *r)
{
	const char *subject = strchr(r->id, ':') + 1;
	return str_starts(subject, "/etc/slurm/") ? subject + strlen("/etc/slurm/") : subject;
}

/* Of what is to be away, "missing" would be good news. */
static const char *short_why(const struct resource *r, const struct observed *o)
{
	return o->state == OBSERVED_MISSING && r->type != RESOURCE_ABSENT ? "missing" : *o->why ? o->why : "differs";
}

static void show_differing(const struct operation *o, FILE *out)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_map_ struct map by_text = {0};
	VEC(struct differing *) all = {0};
	for (size_t i = 0; i < o->inv->host_count; i++) {
		const struct catalog *c = o->run.catalogs[i];
		for (size_t k = 0; c && o->run.observed[i] && k < c->len; k++) {
			const struct observed *seen = &o->run.observed[i][k];
			if (seen->state == OBSERVED_SAME || str_starts(c->items[k].id, "file:/var/lib/reeve/"))
				continue;
			const char *key =
			    arena_printf(arena, "%s\n%s", short_name(&c->items[k]), short_why(&c->items[k], seen));
			struct differing *d = map_get(&by_text, key);
			if (!d) {
				d = arena_alloc(arena, sizeof *d);
				d->text = key;
				map_set(&by_text, key, d);
				*vec_push_in(arena, &all) = d;
			}
			*vec_push_in(arena, &d->hosts) = o->inv->hosts[i].name;
		}
	}
	fputs("out of sync:", out);
	for (size_t i = 0; i < all.len && i < DIFFERING_SHOWN; i++) {
		size_t len = strcspn(all.items[i]->text, "\n");
		fprintf(out, "%s %.*s on %s: %s", i ? ";" : "", (int)len, all.items[i]->text,
			hostlist_compress(all.items[i]->hosts.items, all.items[i]->hosts.len, arena),
			all.items[i]->text + len + 1);
	}
	if (all.len > DIFFERING_SHOWN)
		fprintf(out, "; and %zu more", all.len - DIFFERING_SHOWN);
	fputs(" (`reeve plan`)\n", out);
}

static void show_drift(const struct operation *o, FILE *out)
{
	const struct plan *plan = o->run.plan;
	if (plan->changes)
		show_differing(o, out);
	else if (in_order(plan))
		fprintf(out, "drift: none\n");
	else if (findings_count(&plan->findings, FINDING_STOP))
		fprintf(out, "drift: `reeve apply` would refuse, see below\n");
	else if (!plan->drains.len && !plan->waiting)
		fprintf(out, "drift: the daemons do not run with what the file says (`reeve plan` shows it)\n");
	else
		fprintf(out, "drift: nodes are not as they should be\n");
	show_plan_nodes(plan, out);
}

/* Drains, partitions and controllers are told by their causes. */
static bool is_told(const struct finding *f)
{
	static const enum finding_code codes[] = {CODE_NODE_STATE, CODE_PARTITION_STATE, CODE_CONTROLLER_DOWN};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (streq(f->code, finding_code_word(codes[i])))
			return true;
	return false;
}

/* Those of `from` that `to` does not have. */
static void add_findings(const struct findings *from, struct findings *to)
{
	for (size_t i = 0; i < from->len; i++) {
		const struct finding *f = &from->items[i];
		bool known = is_told(f);
		for (size_t k = 0; !known && k < to->len; k++)
			known = streq(f->code, to->items[k].code) && str_same(f->host, to->items[k].host) &&
				streq(f->what, to->items[k].what);
		if (!known)
			*vec_push_in(to->arena, to) = *f;
	}
}

/* A line a cause; doctor has the evidence and the fixes. */
static void show_causes(const struct context *context, const struct operation *o, const struct findings *causes,
			FILE *out, bool color)
{
	if (show_findings_brief(context, o, causes, FINDING_NOTE, out, color) &&
	    findings_count(causes, FINDING_WARNING))
		fprintf(out, "`reeve doctor` shows the evidence and what to do\n");
}

static void show(const struct context *context, const struct operation *o, FILE *out, bool color,
		 const struct findings *causes)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const struct live *live = o->run.live;
	const struct cluster_host *primary = cluster_primary(o->run.cluster);
	fprintf(out, "cluster %s, Slurm %s\n", o->inv->cluster.text,
		primary && primary->slurm_package ? primary->slurm_package : "not installed");
	show_controllers(o, out);
	if (live && live->up) {
		show_partitions(o, arena, out, color);
		show_jobs(live, out);
	} else {
		fprintf(out, "slurmctld does not answer: %s\n",
			live && live->why ? live->why : "it runs on no controller");
	}
	show_exclusions(o, arena, out);
	show_drift(o, out);
	show_causes(context, o, causes, out, color);
}

static json_t *as_json(const struct operation *o, const struct findings *drift, const struct findings *causes)
{
	const struct live *live = o->run.live;
	json_t *nodes = json_array(), *partitions = json_array(), *jobs = json_array(), *controllers = json_array();
	for (size_t i = 0; live && live->up && i < live->node_count; i++)
		json_array_append_new(
		    nodes, json_pack("{s:s, s:s, s:s?, s:I, s:i}", "name", live->nodes[i].name, "state",
				     live->nodes[i].state_text, "reason", live->nodes[i].reason, "memory_mib",
				     (json_int_t)live->nodes[i].memory_mib, "cpus", (int)live->nodes[i].cpus));
	for (size_t i = 0; live && live->up && i < live->partition_count; i++)
		json_array_append_new(partitions,
				      json_pack("{s:s, s:s, s:s?, s:b}", "name", live->partitions[i].name, "state",
						live->partitions[i].state, "nodes", live->partitions[i].nodes,
						"default", live->partitions[i].is_default));
	for (size_t i = 0; live && live->up && i < live->job_count; i++)
		json_array_append_new(jobs, json_pack("{s:s, s:s, s:s, s:s?}", "id", live->jobs[i].id, "state",
						      live->jobs[i].state, "user", live->jobs[i].user, "nodes",
						      live->jobs[i].nodes));
	for (size_t i = 0; live && i < live->controller_count; i++)
		json_array_append_new(controllers, json_pack("{s:s, s:b}", "host", live->controllers[i].host, "up",
							     live->controllers[i].up));
	const struct plan *plan = o->run.plan;
	const struct findings all = operation_findings(o, &plan->findings, o->run.arena);
	return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o, s:I, s:o, s:o, s:o, s:o}", "cluster",
			 o->inv->cluster.text, "up", live && live->up, "controllers", controllers, "nodes", nodes,
			 "partitions", partitions, "jobs", jobs, "exclusions", exclusions_json(o), "drift",
			 (json_int_t)plan->changes, "in_order", in_order(plan), "drains", show_plan_drains_json(plan),
			 "waiting", (json_int_t)plan->waiting, "live", operation_findings_json(o, drift), "findings",
			 operation_findings_json(o, &all), "causes", show_findings_json(o, causes), "unreached",
			 operation_unreached_json(o));
}

static int say(struct context *context, const struct operation *o, const struct findings *causes)
{
	const struct live *live = o->run.live;
	struct findings drift = {.arena = o->run.arena};
	show_plan_drift(o, &drift);
	if (context->json)
		operation_print_json(as_json(o, &drift, causes));
	else
		show(context, o, stdout, context->color, causes);
	fflush(stdout);
	return live && live->up ? operation_status(o) : EXIT_FAILED;
}

/* What is wrong, by its causes: the rows of doctor, and what the plan found. */
static int look_for_causes(struct operation *o, struct findings *ret, struct err *err)
{
	struct run *run = &o->run;
	struct findings live = {.arena = run->arena};
	*ret = (struct findings){.arena = run->arena};
	show_plan_drift(o, &live);
	struct findings all = operation_findings(o, &run->plan->findings, run->arena);
	add_findings(&all, ret);
	add_findings(&live, ret);
	return examine(run, NULL, ret, err);
}

/* What slurmctld says, again and again over the same connections; what is on the hosts stays as it was found. */
static int watch(struct context *context, struct operation *o)
{
	struct run *run = &o->run;
	struct err err = {0};
	bool screen = !context->json && report_can_redraw(stdout);
	report_still(o->report);
	while (fleet_pump(run->fleet, WATCH_MS, &err) == 0) {
		struct arena *kept = run->arena; /* each look has its own, or a day of them would fill the memory */
		run->arena = arena_new();
		struct findings causes = {.arena = run->arena};
		int rc = run_ask_live(run, &err);
		if (rc == 0)
			rc = look_for_causes(o, &causes, &err);
		if (rc == 0) {
			fputs(screen ? TERM_HOME : context->json ? "" : "\n", stdout);
			say(context, o, &causes);
			char now[21];
			clock_iso(clock_wall_ms(), now);
			if (!context->json)
				printf("looked at %.8s UTC\n", now + strlen("2026-11-22T"));
			fflush(stdout);
		}
		arena_free(run->arena);
		run->arena = kept;
		run->live = NULL;
		if (rc < 0)
			break;
	}
	return EXIT_DONE; /* Ctrl-C, which is how it is meant to end */
}

static int run(struct context *context)
{
	struct operation o;
	struct err err = {0};
	struct findings causes = {0};
	int status = operation_begin(&o, context, OPERATION_LOOKS);
	o.options.looks = true;
	if (status < 0 && (run_begin(&o.run, o.inv, &o.options, &err) < 0 || look_for_causes(&o, &causes, &err) < 0))
		status = context_fail(context, &err);
	if (status < 0) {
		report_hide(o.report);
		status = say(context, &o, &causes);
		if (context_option(context, "watch"))
			status = watch(context, &o);
	}
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"watch", 'w', NULL, "look again every two seconds, until Ctrl-C"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_status = {
    .name = "status",
    .synopsis = "[--watch]",
    .summary = "Show the cluster as it is",
    .help = "One screen: controllers, partitions and nodes with their states, jobs, and how\n"
	    "much on the hosts is not as cluster.yaml says.\n"
	    "\n"
	    "With --watch what slurmctld says is asked again every two seconds, over the same\n"
	    "connections; what was found on the hosts stays as it was at first.\n"
	    "\n"
	    "The exit status is that of `reeve plan`, and 1 when no controller answers.",
    .options = options,
    .operands_max = 0,
    .run = run,
};
