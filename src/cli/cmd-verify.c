/* reeve verify: that what is there works, by jobs like a user's. */
#include "cli/commands.h"
#include "cli/operation.h"

static int verify(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	struct apply_options options = operation_apply_options(o, context);
	options.verify_jobs = true;
	o->options.lock = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
		apply_prove(&o->run, &options, &result, &err);
	return operation_finish(context, o, &result, &err);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, OPERATION_MODULES);
	if (status < 0)
		status = verify(context, &o);
	operation_end(&o);
	return status;
}

const struct command cmd_verify = {
    .name = "verify",
    .synopsis = "[MODULE...]",
    .summary = "Verify by jobs that what is there works",
    .help = "Does what `reeve apply` does last, and nothing of what it does before: looks whether\n"
	    "the daemons run and every node is registered as configured, and runs a job like a\n"
	    "user's in each partition, on nodes that are free. With modules, what these prove:\n"
	    "`reeve verify mpi` compiles a program there, runs it over the nodes, and says how\n"
	    "quick messages are.\n"
	    "\n"
	    "Nothing is changed but the state of nodes on which a job failed: they are drained.\n"
	    "\n"
	    "The exit status is 0 when every compute host that should serve does, 3 when some do\n"
	    "not, and 1 when it failed.",
    .help_table = operation_print_modules,
    .operands_max = 16,
    .run = run,
};
