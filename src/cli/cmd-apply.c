/* reeve apply: do it, stage by stage, verify, report. */
#include "cli/commands.h"
#include "cli/operate.h"

static int apply_all(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	struct apply_options options = operation_apply_options(o, context);
	options.verify_jobs = context_option(context, "verify") != NULL;
	o->options.lock = true;
	if (gather(&o->gathered, o->inv, &o->options, &err) == 0)
		apply(&o->gathered, &options, &result, &err);
	return operation_finish(context, o, &result, &err);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, OPERATION_MODULES);
	if (status < 0)
		status = apply_all(context, &o);
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only what is these hosts' own: a hostlist, partition:NAME, class:NAME, all"},
    {"verify", 0, NULL, "run the verification job also where nothing changed"},
    {"replace", 0, NULL, "replace a slurm.conf that reeve did not write"},
    {"key-from", 0, "HOST", "the MUNGE key of this host is the cluster's"},
    {"new-key", 0, NULL, "make a new MUNGE key; only while no Slurm daemon runs"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_apply = {
    .name = "apply",
    .synopsis = "[-l NODES] [--verify] [--replace] [--key-from HOST | --new-key] [MODULE...]",
    .summary = "Bring the cluster to what cluster.yaml says, and verify it",
    .help = "Installs what is missing, puts the same MUNGE key and configuration on every\n"
	    "host, tests the configuration before a daemon reads it, reloads or restarts what\n"
	    "the change needs and nothing else, and verifies the result: daemons run, every\n"
	    "host decodes a MUNGE credential of the primary's, every node registered as\n"
	    "configured; and, where anything changed, the primary decodes one of every host's\n"
	    "and a job ran on the nodes that were idle. Nodes that join a\n"
	    "cluster at work come up drained, and are resumed when they are verified.\n"
	    "\n"
	    "No job is hurt. What would hurt one is refused, with the list. A host that fails\n"
	    "or cannot be reached is left behind and named; run it again and it goes on from\n"
	    "there. With MODULE only what belongs to these modules is touched.\n"
	    "\n"
	    "The exit status is 0 when all is done and verified, 3 when that holds but hosts\n"
	    "were left behind, 1 when it failed or was refused.",
    .options = options,
    .operands_max = 16,
    .run = run,
};
