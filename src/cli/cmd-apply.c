/* reeve apply: do it, stage by stage, verify, report. */
#include "cli/commands.h"
#include "cli/operate.h"
#include "cli/show-plan.h"
#include "run/apply.h"

/* What is said when all is over; the report has shown the hosts. */
static int finish(struct context *context, struct operation *o, const struct apply_result *result,
		  const struct err *err)
{
	bool ended = err->code != ERR_NONE;
	if (ended)
		report_error(o->report, "%s", err->text);
	else if (result->stopped)
		report_error(o->report, "nothing more was done: see the reasons above");
	else if (!result->verified)
		report_error(o->report, "what was applied could not be verified");
	report_hide(o->report);
	if (!context->json)
		operation_print_findings(o, &result->findings, stderr, context->progress_color, true);
	json_t *extra = json_pack("{s:o, s:b, s:I, s:s}", "findings", operation_findings_json(o, &result->findings),
				  "verified", result->verified, "resumed", (json_int_t)result->resumed, "activation",
				  slurm_need_name(o->gathered.plan ? o->gathered.plan->need : SLURM_NEED_NOTHING));
	if (!context->json && !ended && !result->stopped && result->verified && !result->changed && !result->resumed)
		report_note(o->report, "nothing to change");
	report_end(o->report, extra);
	json_decref(extra);
	if (ended || result->stopped || !result->verified)
		return EXIT_FAILED;
	return result->left_behind ? EXIT_LEFT : EXIT_DONE;
}

static int apply_all(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct apply_result result = {0};
	o->options.lock = true;
	o->options.cluster = (struct cluster_options){
	    .replace = context_option(context, "replace") != NULL,
	    .new_key = context_option(context, "new-key") != NULL,
	    .key_from = context_option(context, "key-from"),
	};
	struct apply_options options = {
	    .verify_jobs = context_option(context, "verify") != NULL,
	    .who = o->who,
	    .command = operation_command(context, context->arena),
	};
	result.findings.arena = context->arena;
	if (gather(&o->gathered, o->inv, &o->options, &err) == 0)
		apply(&o->gathered, &options, &result, &err);
	return finish(context, o, &result, &err);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, true);
	if (status < 0)
		status = apply_all(context, &o);
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only what is these hosts' own: a hostlist, partition:NAME, all"},
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
