/* reeve include and reeve accept: an apply with a decision about some hosts. */
#include "cli/commands.h"
#include "cli/operation.h"

static int apply_with(struct context *context, struct operation *o, struct inv_choice *decision)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	const struct apply_options options = operation_apply_options(o, context);
	int status = operation_hosts(o, context, decision);
	if (status >= 0)
		return status;
	o->options.lock = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
		apply(&o->run, &options, &result, &err);
	return operation_finish(context, o, &result, &err);
}

static int include(struct context *context, struct operation *o)
{
	return apply_with(context, o, &o->options.cluster.decisions.include);
}

static int accept_as_is(struct context *context, struct operation *o)
{
	return apply_with(context, o, &o->options.cluster.decisions.accept);
}

static int run_include(struct context *context)
{
	return operation_run(context, include);
}

static int run_accept(struct context *context)
{
	return operation_run(context, accept_as_is);
}

const struct command cmd_include = {
    .name = "include",
    .synopsis = "NODE...",
    .summary = "Return excluded nodes to service",
    .help = "The way back from `reeve exclude` and `reeve remove`: the nodes are measured\n"
	    "afresh, which is their new baseline, their daemons are configured and started,\n"
	    "they come into their partitions, are verified, and then resumed. It also lets a\n"
	    "node serve that its class excludes.\n"
	    "\n"
	    "Any other pending change is applied too, as with `reeve apply`,\n"
	    "whose exit statuses it has.",
    .operands_max = 64,
    .run = run_include,
};

const struct command cmd_accept = {
    .name = "accept",
    .synopsis = "NODE...",
    .summary = "Accept the current hardware of nodes as their baseline",
    .help = "What a node was when it was first applied is its baseline. A node that is less\n"
	    "now (a memory module died, a GPU is gone) is drained, and one that is more is\n"
	    "not used beyond its baseline, until it is repaired or accepted. This makes what\n"
	    "is measured now the baseline, configures the node so, and resumes it.\n"
	    "\n"
	    "Changed sockets, cores or GPUs reach only nodes without jobs: else it is refused,\n"
	    "with the list. Any other pending change is applied too, as with\n"
	    "`reeve apply`, whose exit statuses it has.",
    .operands_max = 64,
    .run = run_accept,
};
