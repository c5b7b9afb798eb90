/* reeve resume: nodes that Slurm or a person drained, let in again. */
#include "cli/commands.h"
#include "cli/operation.h"

static int resume(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	struct apply_options options = operation_apply_options(o, context);
	struct inv_choice nodes = {0};
	int status = operation_hosts(o, context, &nodes);
	if (status >= 0)
		return status;
	options.resume = &nodes;
	o->options.lock = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
		apply_resume(&o->run, &options, &result, &err);
	return operation_finish(context, o, &result, &err);
}

static int run(struct context *context)
{
	return operation_run(context, resume);
}

const struct command cmd_resume = {
    .name = "resume",
    .synopsis = "NODE...",
    .summary = "Resume nodes that Slurm or a person drained",
    .help = "Says who drained the nodes and why, looks whether slurmd answers there and is\n"
	    "registered as configured, and resumes them behind a reservation, so that no job\n"
	    "but a test job starts there first. A node on which that job does not run is\n"
	    "drained again. Nothing else that cluster.yaml wants is done.\n"
	    "\n"
	    "A node that is excluded is let in by `reeve include`, one that has less hardware\n"
	    "than its baseline by `reeve accept` or a repair.\n"
	    "\n"
	    "The exit status is 0 when all nodes serve, 3 when some do not, 1 when it failed.",
    .operands_max = 64,
    .run = run,
};
