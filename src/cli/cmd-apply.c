/* reeve apply: do it, stage by stage, verify, report. */
#include "base/clock.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/operation.h"

enum { PAUSE_MS = 2000 };

static int apply_all(struct context *context, struct operation *o, bool wait, bool *ret_again)
{
	struct err err = {0};
	struct apply_result result = {.findings = {.arena = context->arena}};
	struct apply_options options = operation_apply_options(o, context);
	options.verify_jobs = context_option(context, "verify") != NULL;
	o->options.lock = true;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
		apply(&o->run, &options, &result, &err);
	*ret_again = wait && o->run.refused.len;
	if (!*ret_again)
		return operation_finish(context, o, &result, &err);
	report_note(o->report, "waiting for the end of another run: %s", err.text);
	return operation_pause(o, PAUSE_MS) ? EXIT_DONE : context_failed(&(struct err){.code = ERR_CANCELLED});
}

/* -1, or an exit status where the option is wrong. Without the option nobody waits. */
static int read_wait(const struct context *context, uint64_t *ret_ms)
{
	const char *text = context_option(context, "wait");
	*ret_ms = 0;
	if (text && str_to_u64(text, 1, 86400, ret_ms) < 0)
		return context_misused(context, "--wait takes 1 to 86400 seconds, not '%s'", text);
	*ret_ms *= 1000;
	return -1;
}

/* Each try is a run of its own: what the other one did is known to a new look only. */
static int run(struct context *context)
{
	uint64_t wait_ms, began_ms = clock_ms();
	int status = read_wait(context, &wait_ms);
	bool again = status < 0;
	while (again) {
		struct operation o;
		again = false;
		status = operation_begin(&o, context, OPERATION_MODULES);
		if (status < 0)
			status = apply_all(context, &o, clock_ms() - began_ms < wait_ms, &again);
		again &= status == EXIT_DONE;
		operation_end(&o);
		if (again)
			context_forget_inventory(context);
	}
	return status;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only what is these hosts' own: a hostlist, partition:NAME, class:NAME, all"},
    {"wait", 0, "SECONDS", "if another run is in progress, wait up to SECONDS for it to end"},
    {"verify", 0, NULL, "run the verification job also where nothing changed"},
    {"replace", 0, NULL, "replace a slurm.conf that reeve did not write"},
    {"key-from", 0, "HOST", "the MUNGE key of this host is the cluster's"},
    {"new-key", 0, NULL, "make a new MUNGE key; only while no Slurm daemon runs"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_apply = {
    .name = "apply",
    .synopsis = "[-l NODES] [--verify] [--wait SECONDS] [--replace] [--key-from HOST | --new-key] [MODULE...]",
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
	    "or cannot be reached is skipped and named; run it again and it goes on from\n"
	    "there. With MODULE only what belongs to these modules is touched.\n"
	    "\n"
	    "The exit status is 0 when all is done and verified, 3 when that holds but hosts\n"
	    "were skipped or software could not be made, 1 when it failed or was refused.\n"
	    "Ctrl-C ends it with 130, after the section in which a daemon is stopped; a second\n"
	    "one ends it at once.",
    .help_table = operation_print_modules,
    .options = options,
    .operands_max = 16,
    .run = run,
};
