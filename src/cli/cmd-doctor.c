/* reeve doctor: what is wrong, why, and what to do. */
#include <string.h>

#include "base/vec.h"
#include "cli/commands.h"
#include "cli/show-findings.h"
#include "run/cure.h"
#include "run/examine.h"
#include "run/lock.h"

enum { FIX_ROUNDS = 5, SETTLE_MS = 2000 };

/* What the model found out of the facts, and the star of MUNGE credentials: the first rows. Of the chosen hosts. */
static void take(const struct operation *o, const bool *chosen, const struct findings *from, struct findings *to)
{
	for (size_t i = 0; i < from->len; i++) {
		const struct inv_host *h = from->items[i].host ? inventory_host(o->inv, from->items[i].host) : NULL;
		if (chosen && h && !chosen[h->index])
			continue;
		*vec_push_in(to->arena, to) = from->items[i];
	}
}

/* Does what is wrong concern compute hosts alone, so that the rest of the cluster serves? */
static bool is_of_nodes(const struct operation *o, const struct findings *findings)
{
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		const struct inv_host *h = f->host ? inventory_host(o->inv, f->host) : NULL;
		if (f->weight >= FINDING_WARNING && (!h || h->controller))
			return false;
	}
	return true;
}

static int status_of(const struct operation *o, const struct findings *findings)
{
	if (!findings_count(findings, FINDING_WARNING))
		return EXIT_DONE;
	return is_of_nodes(o, findings) ? EXIT_LEFT : EXIT_FAILED;
}

static size_t answered(const struct operation *o)
{
	size_t n = 0;
	for (size_t i = 0; i < o->inv->host_count; i++)
		n += roll_in(o->run.roll, i);
	return n;
}

static void show(const struct context *context, const struct operation *o, const struct findings *findings)
{
	size_t hosts = answered(o);
	size_t shown = show_findings(context, o, findings, FINDING_NOTE, stdout, context->color);
	if (!shown)
		printf("nothing wrong was found on %zu host%s\n", hosts, hosts == 1 ? "" : "s");
}

static json_t *as_json(const struct operation *o, const struct findings *findings)
{
	return json_pack("{s:s, s:b, s:I, s:o, s:o}", "cluster", o->inv->cluster.text, "healthy",
			 !findings_count(findings, FINDING_WARNING), "answered", (json_int_t)answered(o), "findings",
			 show_findings_json(o, findings), "unreached", operation_unreached_json(o));
}

/* One look: everything is asked, and judged. */
static int look(struct context *context, struct operation *o, const struct inv_choice *choice, struct findings *ret,
		struct err *err)
{
	struct run *run = &o->run;
	if (run_begin(run, o->inv, &o->options, err) < 0)
		return -1;
	bool *chosen = NULL;
	if (context->operand_count) {
		chosen = arena_calloc(run->arena, o->inv->host_count, sizeof *chosen);
		for (size_t i = 0; i < o->inv->host_count; i++)
			chosen[i] = cluster_chosen(run->cluster, choice, i);
	}
	*ret = (struct findings){.arena = run->arena};
	take(o, chosen, &run->cluster->findings, ret);
	take(o, chosen, &run->munge, ret);
	struct findings skipped = {.arena = run->arena};
	roll_tell(run->roll, &skipped);
	if (!run->locked)
		lock_tell(run, &skipped);
	take(o, chosen, &skipped, ret);
	return examine(run, chosen, ret, err);
}

/*
 * A cure shows in another look: what a cause explained may be gone, or stand on its own now. Each command is run once, and
 * slurmd has a moment to register, so that there are a few looks at most.
 */
static int fix(struct context *context, struct operation *o, const struct inv_choice *choice, struct cures *done,
	       struct findings *ret, struct err *err)
{
	for (int rounds = 0; rounds < FIX_ROUNDS; rounds++) {
		if (look(context, o, choice, ret, err) < 0)
			return -1;
		bool any = cure_any(ret, done), waits = done->len && findings_count(ret, FINDING_WARNING);
		if (!any && (!waits || rounds + 1 == FIX_ROUNDS))
			return 0;
		if ((any && cure_all(&o->run, ret, done, err) < 0) || fleet_pump(o->run.fleet, SETTLE_MS, err) < 0)
			return -1;
		o->run.done = true;
		run_end(&o->run);
	}
	return look(context, o, choice, ret, err);
}

static void show_cures(const struct cures *done, FILE *out, bool color)
{
	for (size_t i = 0; i < done->len; i++) {
		const struct cure *c = &done->items[i];
		fprintf(out, "%s%s%s: %s%s%s [%s]%s%s\n",
			!color      ? ""
			: c->failed ? "\033[1;31m"
				    : "\033[32m",
			c->failed ? "not fixed" : "fixed", color ? "\033[0m" : "", c->host ? c->host : "",
			c->host ? ": " : "", c->command, c->code, c->failed ? "\n    " : "",
			c->failed ? c->failed : "");
	}
}

static json_t *cures_json(const struct cures *done)
{
	json_t *list = json_array();
	for (size_t i = 0; i < done->len; i++)
		json_array_append_new(list, json_pack("{s:s?, s:s, s:s, s:s?}", "host", done->items[i].host, "code",
						      done->items[i].code, "command", done->items[i].command, "failed",
						      done->items[i].failed));
	return list;
}

static int doctor(struct context *context, struct operation *o)
{
	struct err err = {0};
	struct inv_choice choice = {0};
	struct findings findings = {0};
	struct cures done = {.arena = context->arena};
	bool fixes = context_option(context, "fix") != NULL;
	int status = context->operand_count ? operation_hosts(o, context, &choice) : -1;
	if (status >= 0)
		return status;
	o->options.lock = fixes;
	o->options.looks = true;
	if ((fixes ? fix(context, o, &choice, &done, &findings, &err) : look(context, o, &choice, &findings, &err)) < 0)
		return context_fail(context, &err);
	o->run.done = true;
	report_hide(o->report);
	if (context->json) {
		json_t *json = as_json(o, &findings);
		if (fixes)
			json_object_set_new(json, "fixed", cures_json(&done));
		operation_print_json(json);
	} else {
		show_cures(&done, stdout, context->color);
		show(context, o, &findings);
	}
	return status_of(o, &findings);
}

static int run(struct context *context)
{
	struct operation o;
	int status = operation_begin(&o, context, OPERATION_LOOKS);
	if (status < 0)
		status = doctor(context, &o);
	operation_end(&o);
	return status;
}

static const struct option_spec options[] = {
    {"fix", 0, NULL, "do what is safe, and say what was done"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_doctor = {
    .name = "doctor",
    .synopsis = "[--fix] [NODE...]",
    .summary = "Find what is wrong, and what to do about it",
    .help = "Asks every host, or these, about everything that is known to go wrong with Slurm\n"
	    "clusters, and prints for each cause: the hosts, the evidence, what follows from it,\n"
	    "and the fix. Nothing is changed, but with --fix: then what is safe is done, under\n"
	    "the cluster's lock. Daemons are started, dpkg's work is finished, nodes are resumed\n"
	    "that Slurm drained for a reason that is gone; what a person did is not undone.\n"
	    "\n"
	    "The exit status is 0 when nothing is wrong (notes may be printed), 3 when what is\n"
	    "wrong concerns compute nodes alone and the rest of the cluster serves, else 1.",
    .options = options,
    .operands_max = 64,
    .run = run,
};
