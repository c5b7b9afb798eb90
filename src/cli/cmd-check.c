/* reeve check: cluster.yaml, offline. */
#include <jansson.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "modules/module.h"
#include "report/json.h"

static json_t *finding_json(const struct diag *d)
{
	static const char *const severities[] = {
	    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
	char code[16];
	snprintf(code, sizeof code, "RV%04u", d->code);
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s?}", "severity", severities[d->severity], "code", code, "line",
			 (json_int_t)d->at.line, "column", (json_int_t)d->at.column, "message", d->message, "hint",
			 d->hint);
}

static void print_json(const char *file, const struct inventory *inv, const struct diags *diags, const char *error)
{
	json_t *findings = json_array();
	for (size_t i = 0; i < diags->len; i++)
		json_array_append_new(findings, finding_json(&diags->items[i]));
	json_t *all = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:s?}", "file", file, "ok", inv != NULL, "hosts",
				(json_int_t)(inv ? inv->host_count : 0), "partitions",
				(json_int_t)(inv ? inv->partition_count : 0), "errors", (json_int_t)diags->errors,
				"warnings", (json_int_t)diags->warnings, "findings", findings, "error", error);
	json_print(all, JSON_INDENT(2), stdout);
}

/* Names of one kind, a line each: for completion, and for scripts. */
static int list_names(const struct context *context, const struct inventory *inv, const char *kind)
{
	if (streq(kind, "hosts"))
		for (size_t i = 0; i < inv->host_count; i++)
			puts(inv->hosts[i].name);
	else if (streq(kind, "partitions"))
		for (size_t i = 0; i < inv->partition_count; i++)
			puts(inv->partitions[i].name);
	else if (streq(kind, "classes"))
		for (size_t i = 0; i < inv->class_count; i++)
			puts(inv->classes[i].name);
	else
		return context_misused(context, "'%s' cannot be listed: --list takes hosts, partitions or classes",
				       kind);
	return EXIT_DONE;
}

static int run(struct context *context)
{
	if (context->operand_count && context_option(context, "file"))
		return context_misused(context, "the file is given twice: '%s' and '%s'",
				       context_option(context, "file"), context->operands[0]);
	const char *file = context->operand_count ? context->operands[0] : context_file(context);
	if (!file)
		return EXIT_FAILED;
	struct diags diags;
	struct err err = {0};
	const struct inventory *inv = inventory_load(file, module_sections, &diags, context->arena, &err);
	const char *kind = context_option(context, "list");
	if (kind && inv) {
		diags_free(&diags);
		return list_names(context, inv, kind);
	}
	if (context->json)
		print_json(file, inv, &diags, inv ? NULL : err.text);
	else
		diags_print(&diags, stderr, context->progress_color);
	if (inv && !context->json)
		printf("%s: ok, %zu host%s, %zu partition%s\n", file, inv->host_count, inv->host_count == 1 ? "" : "s",
		       inv->partition_count, inv->partition_count == 1 ? "" : "s");
	else if (!inv && !context->json)
		context_fail(context, &err);
	diags_free(&diags);
	return inv ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_spec options[] = {
    {"list", 0, "KIND", "print the names of its hosts, partitions or classes instead"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_check = {
    .name = "check",
    .synopsis = "[--list KIND] [--json] [FILE]",
    .summary = "Check cluster.yaml, without asking any host",
    .help = "Reads the cluster's file and prints every finding with its place, the line it\n"
	    "is on, and what may have been meant. No host is contacted. Parameters of Slurm\n"
	    "are checked against the release that 'slurm_version' names.\n"
	    "\n"
	    "Findings go to standard error. The exit status is 0 when there is no error,\n"
	    "warnings or not, and 1 when there is one.",
    .options = options,
    .operands_max = 1,
    .run = run,
};
