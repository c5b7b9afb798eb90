/* reeve remove: nodes that leave the cluster for good. */
#include "cli/commands.h"
#include "cli/operation.h"
#include "run/exclusion.h"

static int remove_nodes(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	struct apply_options apply = operation_apply_options(o, context);
	const struct exclusion_options options = {
	    .jobs = EXCLUSION_REFUSE, .purge = context_option(context, "purge") != NULL, .apply = &apply};
	struct cluster_decisions *d = &o->options.cluster.decisions;
	bool again; /* nothing is waited for */
	int status = operation_hosts(o, context, &d->exclude);
	if (status >= 0)
		return status;
	d->exclusion = (struct record_exclusion){
	    .who = o->who, .reason = "removed", .when = operation_when(context), .leaving = true, .removed = true};
	o->options.lock = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0 &&
	    exclusion_run(&o->run, &options, &result, &again, &err) == 0 && !result.stopped)
		report_note(o->report, "take them out of %s now: until then they are left out as it is", o->inv->file);
	return operation_finish(context, o, &result, &err);
}

static int run(struct context *context)
{
	return operation_run(context, remove_nodes);
}

static const struct option_spec options[] = {
    {"purge", 0, NULL, "remove the packages of Slurm and MUNGE, too"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_remove = {
    .name = "remove",
    .synopsis = "[--purge] NODE...",
    .summary = "Take nodes out of the cluster for good",
    .help = "Drains the nodes, takes them out of slurm.conf, and stops and disables their\n"
	    "daemons. It is refused, with the list, while a job runs on one of them, a pending\n"
	    "job asks for one by name, or a reservation or the topology holds one; then what\n"
	    "was drained is resumed. `reeve exclude` waits for jobs; a node that is excluded\n"
	    "can be removed afterwards.\n"
	    "\n"
	    "cluster.yaml is yours: take the nodes out of it when this is done. `reeve include`\n"
	    "takes a node back that is still in it.",
    .options = options,
    .operands_max = 64,
    .run = run,
};
