/* reeve rotate-key: a new MUNGE key for the whole cluster. */
#include <string.h>

#include "cli/commands.h"
#include "cli/operation.h"
#include "hostlist/hostlist.h"
#include "run/rotate.h"

static const char *list_of(const struct operation *o, const struct names *names)
{
	return hostlist_compress(names->items, names->len, o->run.arena);
}

static const char *counted(const struct operation *o, const struct names *names)
{
	return arena_printf(o->run.arena, "%zu host%s", names->len, names->len == 1 ? "" : "s");
}

/* What was done, behind the summary. */
static void say_done(struct operation *o, const struct rotate_result *result)
{
	if (!result->apply.window_ms)
		return;
	report_close(o->report, "the %s was exchanged on %s; credentials between hosts failed for at most %.1f s",
		     result->said, counted(o, &result->hosts), result->apply.window_ms / 1000.0);
	if (result->left.len)
		report_close(o->report, "not on %s: `reeve apply` brings it there when %s back",
			     list_of(o, &result->left), result->left.len == 1 ? "it is" : "they are");
}

/* What would be done. */
static int look(struct context *context, struct operation *o, const struct rotate_result *result)
{
	struct findings all = operation_findings(o, &result->apply.findings, context->arena);
	report_hide(o->report);
	if (context->json) {
		operation_print_json(json_pack("{s:s, s:s, s:s, s:o}", "hosts", list_of(o, &result->hosts), "left",
					       list_of(o, &result->left), "cut", list_of(o, &result->cut), "findings",
					       operation_findings_json(o, &all)));
	} else {
		operation_print_findings(o, &all, stderr, context->progress_color, false);
		if (!result->apply.stopped)
			printf(
			    "a new %s would be put beside the old one on %s (%s), then take its place, and what uses "
			    "it would be restarted everywhere at once\n",
			    result->said, counted(o, &result->hosts), list_of(o, &result->hosts));
		if (!result->apply.stopped && result->left.len)
			printf("not on %s: `reeve apply` brings it there later\n", list_of(o, &result->left));
		if (!result->apply.stopped && result->cut.len)
			printf("%s would be cut off: jobs there may be lost\n", list_of(o, &result->cut));
	}
	return result->apply.stopped ? EXIT_FAILED : EXIT_CHANGES;
}

static int rotate_key(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct rotate_result result = {.apply = {.findings = {.arena = context->arena}}};
	const struct apply_options apply = operation_apply_options(o, context);
	struct rotate_options options = {
	    .role = ROLE_AUTH,
	    .file = context_option(context, "key-file"),
	    .look = context_option(context, "dry-run") != NULL,
	    .apply = &apply,
	};
	const char *without = context_option(context, "without");
	if (without) {
		options.without = context_select(context, o->inv, without, true);
		if (!options.without)
			return EXIT_MISUSED;
	}
	o->options.lock = !options.look;
	if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
		rotate(&o->run, &options, &result, &err);
	if (options.look)
		return err.code != ERR_NONE ? context_fail(context, &err) : look(context, o, &result);
	say_done(o, &result);
	return operation_finish(context, o, &result.apply, &err);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, context_option(context, "dry-run") ? OPERATION_LOOKS : 0);
	if (status < 0)
		status = rotate_key(context, &o);
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"key-file", 0, "FILE", "the new key, which only you may read; else a random one is made"},
    {"without", 0, "NODES", "go on although these may run jobs and cannot be reached"},
    {"dry-run", 0, NULL, "only say what would be done, and what speaks against it"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_rotate_key = {
    .name = "rotate-key",
    .synopsis = "[--key-file FILE] [--without NODES] [--dry-run]",
    .summary = "Replace the cluster's MUNGE key while jobs run",
    .help = "Puts a new key beside the old one on every host, records it, puts it in place,\n"
	    "and restarts all munged at once. Nothing of Slurm is restarted, and jobs run on.\n"
	    "Only between the first and the last of these restarts hosts do not accept each\n"
	    "other's credentials; how long that was is said. An sbatch, or the srun of a job's\n"
	    "next step, can fail in that time, and a job that starts may be requeued.\n"
	    "\n"
	    "A host that is off gets the key by `reeve apply` when it is back. One that cannot\n"
	    "be reached here and may run jobs, or is a controller, would be cut off from the\n"
	    "cluster: then nothing is done, unless --without names it. Nothing else that\n"
	    "cluster.yaml wants is done. A rotation that is cut off is completed by `reeve\n"
	    "apply`; before any host uses the new key it is taken back.\n"
	    "\n"
	    "The exit status is that of `reeve apply`; with --dry-run it is 2, and 1 where it\n"
	    "would be refused.",
    .options = options,
    .run = run,
};
