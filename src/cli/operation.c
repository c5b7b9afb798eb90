#include "cli/operation.h"

#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/term.h"
#include "base/vec.h"
#include "cli/target.h"
#include "doctor/group.h"
#include "hostlist/hostlist.h"
#include "modules/module.h"
#include "report/json.h"

void operation_print_modules(FILE *out)
{
	fprintf(out, "Modules:\n");
	for (const struct module *const *m = modules; *m; m++)
		fprintf(out, "  %-11s  %s\n", (*m)->name, (*m)->summary);
}

static const char *operator_name(struct arena *arena)
{
	char host[256] = "unknown";
	const struct passwd *p = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	gethostname(host, sizeof host - 1);
	return arena_printf(arena, "%s@%s", sudo && *sudo ? sudo : p ? p->pw_name : "unknown", host);
}

const char *operation_command(const struct context *context, struct arena *arena)
{
	const char *text = arena_printf(arena, "reeve%s %s", context->lab ? " --lab" : "", context->command->name);
	for (size_t i = 0; i < context->operand_count; i++)
		text = arena_printf(arena, "%s %s", text, context->operands[i]);
	static const char *const options[] = {"limit", "replace", "new-key", "key-from", "verify",   "reason",
					      "until", "now",     "requeue", "purge",    "key-file", "without"};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *value = context_option(context, options[i]);
		if (value)
			text = arena_printf(arena, "%s --%s%s%s", text, options[i], *value ? " " : "", value);
	}
	return text;
}

const char *operation_when(const struct context *context)
{
	char now[21];
	clock_iso(clock_wall_ms(), now);
	return arena_strdup(context->arena, now);
}

static int choose_modules(struct operation *o, struct context *context)
{
	const char **names = arena_calloc(context->arena, context->operand_count + 1, sizeof *names);
	for (size_t i = 0; i < context->operand_count; i++) {
		names[i] = context->operands[i];
		if (!module_named(names[i]))
			return context_misused(context, "there is no module '%s'", names[i]);
		if (!inventory_has_module(o->inv, names[i]))
			return context_misused(context, "the module '%s' is not enabled in %s", names[i], o->inv->file);
	}
	o->options.plan.modules = context->operand_count ? names : NULL;
	return -1;
}

int operation_begin(struct operation *o, struct context *context, unsigned kind)
{
	*o = (struct operation){.inv = context_inventory(context)};
	if (!o->inv)
		return EXIT_FAILED;
	o->who = operator_name(context->arena);
	o->options.holder = o->who;
	o->options.command = arena_printf(context->arena, "`%s`, process %ld",
					  operation_command(context, context->arena), (long)getpid());
	o->options.interrupt = context_interrupt();
	int status = target_options(context, o->inv, &o->options.fleet);
	if (status >= 0)
		return status;
	o->options.by_name = context->lab;
	o->options.cluster = (struct cluster_options){
	    .secrets = modules_secrets(o->inv, context->arena),
	    .replace = context_option(context, "replace") != NULL,
	    .new_key = context_option(context, "new-key") != NULL,
	    .key_from = context_option(context, "key-from"),
	    /* An exclusion ends by the operator's calendar: "2026-12-24". */
	    .decisions = {.today = arena_strndup(context->arena, operation_when(context), strlen("2026-12-24"))},
	};
	const char *limit = context_option(context, "limit");
	if (limit) {
		o->options.plan.selected = context_select(context, o->inv, limit, true);
		if (!o->options.plan.selected)
			return EXIT_MISUSED;
	}
	status = kind & OPERATION_MODULES ? choose_modules(o, context) : -1;
	if (status >= 0)
		return status;
	struct report_options report = {
	    .out = stdout,
	    .progress = stderr,
	    .json = context->json && !(kind & OPERATION_LOOKS),
	    .live = !context->json && report_can_redraw(stderr),
	    .color = context->progress_color,
	    .out_color = context->color,
	    .verbose = context->verbose,
	};
	o->report = report_new(&report);
	o->options.report = o->report;
	return -1;
}

int operation_run(struct context *context, int (*act)(struct context *context, struct operation *o))
{
	struct operation o;
	if (!context->operand_count)
		return context_misused(context, "which nodes?");
	int status = operation_begin(&o, context, 0);
	if (status < 0)
		status = act(context, &o);
	operation_end(&o);
	return status;
}

int operation_hosts(struct operation *o, struct context *context, struct inv_choice *ret)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	for (size_t i = 0; i < context->operand_count; i++)
		strbuf_addf(&all, "%s%s", i ? "," : "", context->operands[i]);
	const struct inv_choice *choice = context_select(context, o->inv, strbuf_str(&all), true);
	if (!choice)
		return EXIT_MISUSED;
	*ret = *choice;
	return -1;
}

struct apply_options operation_apply_options(const struct operation *o, const struct context *context)
{
	return (struct apply_options){.who = o->who, .command = operation_command(context, context->arena)};
}

static json_t *proofs_json(const struct operation *o, const struct apply_result *result)
{
	json_t *list = json_array();
	for (size_t i = 0; i < result->proofs.len; i++) {
		const struct proof *p = &result->proofs.items[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "partition", p->partition->name, "user",
						      p->user, "nodes",
						      hostlist_compress(p->names.items, p->names.len, o->run.arena)));
	}
	return list;
}

/* The last words: what the nodes are, or what was proven about them, and what to type next. */
static void say_verdict(const struct operation *o, const struct apply_result *result, bool quiet)
{
	const char *nodes = result->nodes ? result->nodes : "";
	if (quiet && !result->only_verified)
		report_close(o->report, "nothing to change%s%s", *nodes ? "; " : "", nodes);
	else if (*nodes && !result->verdict)
		report_close(o->report, "%s", nodes);
	if (result->verdict)
		report_close(o->report, "%s", result->verdict);
	if (result->try_this)
		report_close(o->report, "try: %s", result->try_this);
}

/* Where the run stands, and what to type now, comes after all that explains it. */
static bool is_last_word(const struct finding *f)
{
	return streq(f->code, finding_code_word(CODE_CUT_OFF)) || streq(f->code, finding_code_word(CODE_STOPPED));
}

/* What is said of a run, its last words apart. An index that is a cause's is that of the same finding in the shorter list. */
static void part(const struct findings *all, bool quiet, struct findings *first, struct findings *last)
{
	size_t *place = arena_calloc(all->arena, all->len + 1, sizeof *place);
	for (size_t i = 0; i < all->len; i++) {
		struct finding *f = &all->items[i];
		if (is_last_word(f)) {
			*vec_push_in(all->arena, last) = *f;
		} else if (!(quiet && f->lasting)) {
			*vec_push_in(all->arena, first) = *f;
			place[i + 1] = first->len;
		}
	}
	for (size_t i = 0; i < first->len; i++)
		first->items[i].cause = place[first->items[i].cause];
}

int operation_finish(struct context *context, struct operation *o, const struct apply_result *result,
		     const struct err *err)
{
	bool ended = err->code != ERR_NONE, refused = o->run.refused.len;
	if (refused)
		report_error(o->report, "nothing was done: see the reason above");
	else if (ended)
		report_error(o->report, "%s", err->text);
	else if (result->stopped)
		report_error(o->report, "nothing more was done: see the reasons above");
	else if (!result->verified)
		report_error(o->report, "what was applied could not be verified");
	report_hide(o->report);
	struct findings all = operation_findings(o, refused ? &o->run.refused : &result->findings, context->arena);
	bool quiet = !ended && !result->stopped && result->verified && !result->changed && !result->resumed &&
		     !operation_skipped(o) && !result->unmade && !(o->run.plan && o->run.plan->drains.len);
	struct findings first = {.arena = context->arena}, last = {.arena = context->arena};
	part(&all, quiet, &first, &last);
	if (!context->json)
		operation_print_findings(o, &first, stderr, context->progress_color, true);
	json_t *extra =
	    json_pack("{s:o, s:b, s:I, s:I, s:o, s:s?, s:s}", "findings", operation_findings_json(o, &all), "verified",
		      result->verified, "resumed", (json_int_t)result->resumed, "not_serving",
		      (json_int_t)result->not_serving, "proven", proofs_json(o, result), "nodes", result->nodes,
		      "activation", slurm_need_name(o->run.plan ? o->run.plan->need : SLURM_NEED_NOTHING));
	if (result->window_ms)
		json_object_set_new(extra, "window_ms", json_integer(result->window_ms));
	if (!ended && !result->stopped)
		say_verdict(o, result, quiet);
	report_end(o->report, extra);
	json_decref(extra);
	if (!context->json)
		operation_print_findings(o, &last, stderr, context->progress_color, true);
	if (ended)
		return context_failed(err);
	if (result->stopped || !result->verified)
		return EXIT_FAILED;
	return operation_skipped(o) || result->faulty || result->not_serving || result->unmade ? EXIT_LEFT : EXIT_DONE;
}

bool operation_pause(const struct operation *o, unsigned ms)
{
	const volatile sig_atomic_t *cancel = &o->options.interrupt->cancel;
	for (unsigned gone = 0; gone < ms && !*cancel; gone += 100)
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	return !*cancel;
}

void operation_end(struct operation *o)
{
	if (o->run.inv)
		run_end(&o->run);
	report_free(o->report);
}

static const char *color_of(enum finding_weight weight, bool color)
{
	static const char *const colors[] = {TERM_CYAN, TERM_MAGENTA, TERM_RED, TERM_BOLD_RED};
	return color ? colors[weight] : "";
}

/* A cause with its evidence, and what follows from it. */
static void print_group(const struct operation *o, const struct doctor_group *g, FILE *out, bool color)
{
	const struct finding *f = g->first;
	fprintf(out, "%s%s%s: ", color_of(f->weight, color), finding_weight_name(f->weight), color ? TERM_PLAIN : "");
	fprintf(out, "%s%s%s [%s]\n", g->hosts ? g->hosts : "", g->hosts ? ": " : "", g->what, f->code);
	if (f->origin.line)
		fprintf(out, "    at %s:%u:%u\n", o->inv->file, f->origin.line, f->origin.column);
	for (size_t i = 0; i < g->evidence_count; i++)
		fprintf(out, "    %s\n", g->evidence[i]);
	if (g->left_out)
		fprintf(out, "    and %zu more line%s\n", g->left_out, g->left_out == 1 ? "" : "s");
	for (size_t i = 0; i < g->effect_count; i++) {
		const struct doctor_group *e = &g->effects[i];
		bool other = e->hosts && !str_same(e->hosts, g->hosts);
		fprintf(out, "    therefore: %s%s%s [%s]\n", other ? e->hosts : "", other ? ": " : "", e->what,
			e->first->code);
	}
	if (g->fix)
		fprintf(out, "    fix: %s\n", g->fix);
}

void operation_print_findings(const struct operation *o, const struct findings *findings, FILE *out, bool color,
			      bool notes)
{
	const struct doctor_group *groups;
	size_t count = doctor_group(findings, notes ? FINDING_NOTE : FINDING_WARNING, findings->arena, &groups);
	for (size_t i = 0; i < count; i++)
		print_group(o, &groups[i], out, color);
}

json_t *operation_findings_json(const struct operation *o, const struct findings *findings)
{
	json_t *list = json_array();
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		json_t *x = json_pack("{s:s, s:s, s:s?, s:s, s:s?}", "weight", finding_weight_name(f->weight), "code",
				      f->code, "host", f->host, "what", f->what, "fix", f->fix);
		if (f->evidence)
			json_object_set_new(x, "evidence", json_string(f->evidence));
		if (f->cause)
			json_object_set_new(x, "because",
					    json_pack("{s:s, s:s?}", "code", findings->items[f->cause - 1].code, "host",
						      findings->items[f->cause - 1].host));
		if (f->origin.line)
			json_object_set_new(x, "at",
					    json_pack("{s:s, s:i, s:i}", "file", o->inv->file, "line",
						      (int)f->origin.line, "column", (int)f->origin.column));
		json_array_append_new(list, x);
	}
	return list;
}

struct findings operation_findings(const struct operation *o, const struct findings *others, struct arena *arena)
{
	struct findings all = {.arena = arena};
	for (size_t i = 0; i < others->len; i++)
		*vec_push_in(arena, &all) = others->items[i];
	if (o->run.roll)
		roll_tell(o->run.roll, &all);
	return all;
}

size_t operation_skipped(const struct operation *o)
{
	return o->run.roll ? roll_skipped(o->run.roll) : 0;
}

int operation_status(const struct operation *o)
{
	const struct plan *p = o->run.plan;
	if (findings_count(&p->findings, FINDING_STOP))
		return EXIT_FAILED;
	if (p->changes || p->step_count || p->waiting)
		return EXIT_CHANGES;
	return operation_skipped(o) || p->set_aside ? EXIT_LEFT : EXIT_DONE;
}

json_t *operation_unreached_json(const struct operation *o)
{
	json_t *list = json_array();
	const struct roll *roll = o->run.roll;
	for (size_t i = 0; i < o->inv->host_count; i++)
		if (roll_state(roll, i) == ROLL_ABSENT && roll_why(roll, i))
			json_array_append_new(
			    list, json_pack("{s:s, s:s}", "name", o->inv->hosts[i].name, "error", roll_why(roll, i)));
	return list;
}

void operation_print_json(json_t *json)
{
	json_print(json, JSON_COMPACT, stdout);
}
