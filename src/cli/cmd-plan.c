/* reeve plan: what apply would do. */
#include "cli/commands.h"
#include "cli/show-findings.h"
#include "cli/show-plan.h"
#include "plan/serving.h"
#include "run/examine.h"

/* Hosts whose node does not serve, or with a port that is closed; NULL: none. */
static const bool *hosts_in_question(const struct operation *o)
{
	const struct live *live = o->run.live;
	bool *hosts = arena_calloc(o->run.arena, o->inv->host_count, sizeof *hosts), any = false;
	for (size_t i = 0; live && live->up && i < live->node_count; i++) {
		const struct inv_host *h = inventory_host(o->inv, live->nodes[i].name);
		if (h && o->run.cluster->hosts[h->index].serves && serving_of(&live->nodes[i]) == SERVING_NOT)
			any = hosts[h->index] = true;
	}
	for (size_t i = 0; i < o->run.ports.len; i++)
		any = hosts[inventory_host(o->inv, o->run.ports.items[i].host)->index] = true;
	return any ? hosts : NULL;
}

/* Why they do not: an apply may well find the same. Another round, but only where something is wrong. */
static int look_for_causes(struct operation *o, struct findings *ret, struct err *err)
{
	const bool *hosts = hosts_in_question(o);
	*ret = (struct findings){.arena = o->run.arena};
	return hosts ? examine(&o->run, hosts, ret, err) : 0;
}

static int plan(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct findings causes;
	o->options.content = true;
	o->options.wires = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) < 0 || look_for_causes(o, &causes, &err) < 0)
		return context_fail(context, &err);
	report_hide(o->report);
	if (context->json) {
		json_t *json = show_plan_json(o);
		json_object_set_new(json, "causes", show_findings_json(o, &causes));
		operation_print_json(json);
	} else {
		show_plan(o, stdout, context->color);
		show_findings(context, o, &causes, FINDING_WARNING, stdout, context->color);
	}
	return operation_status(o);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, OPERATION_MODULES | OPERATION_LOOKS);
	if (status < 0)
		status = plan(context, &o);
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only these hosts: a hostlist, partition:NAME, class:NAME, all"},
    {"replace", 0, NULL, "as for apply: a slurm.conf that reeve did not write may be replaced"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_plan = {
    .name = "plan",
    .synopsis = "[-l NODES] [--replace] [--json] [MODULE...]",
    .summary = "Show what apply would do",
    .help = "Asks every host what it is and what is there, and prints what 'reeve apply'\n"
	    "would change, grouped over hosts that are alike; which daemons would be reloaded\n"
	    "or restarted, and why; the jobs that this touches (none); and where the\n"
	    "running cluster differs from the file because somebody changed it by hand.\n"
	    "\n"
	    "Takes no lock and records nothing. The exit status is 0 when there is nothing to\n"
	    "do, 2 when there are changes, 1 when apply would refuse, 3 when hosts are skipped\n"
	    "and the others need nothing.",
    .help_table = operation_print_modules,
    .options = options,
    .operands_max = 16,
    .run = run,
};
