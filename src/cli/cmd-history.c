/* reeve history: which configurations were applied, by whom, and what each one changed. */
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/operation.h"
#include "cli/target.h"
#include "report/diff.h"
#include "report/table.h"
#include "run/history.h"

/* A text of a generation and of the one before it; NULL: it has none of that name. */
struct change {
	const char *name, *before, *after;
};

struct look {
	const struct inventory *inv;
	struct history history;
	uint64_t number; /* of the generation that is asked for; 0: all of them */
	const struct record_generation *generation;
	const struct record_generation *before; /* whose texts it is compared with; NULL: none has any */
	VEC(struct change) changes;
	bool incomplete; /* nobody has some text */
	struct arena *arena;
};

/* `*ret` NULL: it has no such text, or (`*ret_lost`) nobody has it any more. */
static int read_text(struct look *l, const struct record_generation *g, const char *name, const char **ret,
		     bool *ret_lost, struct err *err)
{
	*ret = NULL;
	if (!generation_digest(g, name))
		return 0;
	if (history_text(&l->history, g, name, ret, err) < 0)
		return -1;
	*ret_lost |= !*ret;
	return 0;
}

static int compare_text(struct look *l, const char *name, struct err *err)
{
	struct change c = {.name = name};
	bool lost = false;
	if (str_same(generation_digest(l->before, name), generation_digest(l->generation, name)))
		return 0;
	if (read_text(l, l->before, name, &c.before, &lost, err) < 0 ||
	    read_text(l, l->generation, name, &c.after, &lost, err) < 0)
		return -1;
	l->incomplete |= lost;
	if (!lost)
		*vec_push_in(l->arena, &l->changes) = c;
	return 0;
}

/* What the operator wrote comes first, then what was made of it. */
static int compare(struct look *l, struct err *err)
{
	const struct record_generation *both[] = {l->generation, l->before};
	if (compare_text(l, GENERATION_YAML, err) < 0)
		return -1;
	for (size_t k = 0; k < ARRAY_LEN(both); k++)
		for (size_t i = 0; i < both[k]->text_count; i++) {
			const char *name = both[k]->texts[i].name;
			bool seen = streq(name, GENERATION_YAML) || (k && generation_digest(both[0], name));
			if (!seen && compare_text(l, name, err) < 0)
				return -1;
		}
	return 0;
}

static int visit(void *data, struct fleet *fleet, struct report *report, struct err *err)
{
	struct look *l = data;
	(void)report;
	if (history_begin(&l->history, l->inv, fleet, l->arena, err) < 0)
		return -1;
	l->generation = generation_find(l->history.record, l->number);
	l->before = l->generation ? generation_find(l->history.record, l->number - 1) : NULL;
	if (l->before && !l->before->text_count)
		l->before = NULL;
	return l->before && l->generation->text_count ? compare(l, err) : 0;
}

static const char *difference(const struct look *l, const struct change *c, bool color)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	diff_unified(&out, c->name, c->before, c->after, color);
	return arena_strndup(l->arena, strbuf_str(&out), out.len);
}

static void print_list(const struct context *context, const struct look *l)
{
	static const struct table_column columns[] = {{"NUMBER", true}, {"WHEN"}, {"WHO"}, {"SUMMARY"}};
	struct table t = {.columns = columns, .count = ARRAY_LEN(columns), .arena = l->arena};
	const struct record *r = l->history.record;
	for (size_t i = 0; i < r->generation_count; i++) {
		const struct record_generation *g = &r->generations[i];
		table_add(&t, (const char *const[]){arena_printf(l->arena, "%llu", (unsigned long long)g->number),
						    g->when, g->who, g->summary});
	}
	table_print(&t, stdout, report_width(stdout), context->color);
}

/* Why nothing is compared; NULL: it is. */
static const char *why_not(const struct look *l)
{
	const unsigned long long before = l->number - 1;
	if (!l->generation->text_count)
		return arena_printf(l->arena, "no texts of generation %llu are kept", before + 1);
	if (l->before)
		return NULL;
	return before ? arena_printf(l->arena, "no texts of generation %llu are kept to compare it with", before)
		      : "it is the first one: there is none to compare it with";
}

static void print_one(const struct context *context, const struct look *l)
{
	const struct record_generation *g = l->generation;
	const char *why = why_not(l);
	printf("generation %llu: %s by %s\n", (unsigned long long)g->number, g->when, g->who);
	if (g->command)
		printf("command: %s\n", g->command);
	printf("summary: %s\n", g->summary);
	if (g->text_count) {
		printf("texts:");
		for (size_t i = 0; i < g->text_count; i++)
			printf("%s %s", i ? "," : "", g->texts[i].name);
		printf(" (%s on the controllers)\n", generation_path(g, NULL, l->arena));
	}
	if (why)
		printf("%s\n", why);
	else if (!l->changes.len && !l->incomplete)
		printf("its texts are those of generation %llu\n", (unsigned long long)l->before->number);
	for (size_t i = 0; i < l->changes.len; i++)
		printf("\n%s", difference(l, &l->changes.items[i], context->color));
}

static json_t *generation_json(const struct record_generation *g)
{
	json_t *texts = json_object();
	for (size_t i = 0; i < g->text_count; i++)
		json_object_set_new(texts, g->texts[i].name, json_string(g->texts[i].digest));
	return json_pack("{s:I, s:s, s:s, s:s?, s:s, s:o}", "number", (json_int_t)g->number, "when", g->when, "who",
			 g->who, "command", g->command, "summary", g->summary, "texts", texts);
}

static json_t *unreached_json(const struct look *l)
{
	json_t *list = json_array();
	for (size_t i = 0; i < l->inv->controller_count; i++)
		if (l->history.unreached[i])
			json_array_append_new(list, json_pack("{s:s, s:s}", "name",
							      l->inv->hosts[l->inv->controllers[i]].name, "error",
							      l->history.unreached[i]));
	return list;
}

static void print_json(const struct operation *o, const struct look *l)
{
	const struct record *r = l->history.record;
	json_t *json = json_pack("{s:s, s:o, s:o}", "cluster", l->inv->cluster.text, "findings",
				 operation_findings_json(o, &l->history.findings), "unreached", unreached_json(l));
	if (!l->number) {
		json_t *list = json_array();
		for (size_t i = 0; r && i < r->generation_count; i++)
			json_array_append_new(list, generation_json(&r->generations[i]));
		json_object_set_new(json, "generations", list);
	} else {
		json_t *list = json_array();
		for (size_t i = 0; i < l->changes.len; i++)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "file", l->changes.items[i].name, "difference",
							difference(l, &l->changes.items[i], false)));
		json_object_set_new(json, "generation", l->generation ? generation_json(l->generation) : json_null());
		json_object_set_new(json, "before",
				    l->before ? json_integer((json_int_t)l->before->number) : json_null());
		json_object_set_new(json, "differences", list);
	}
	operation_print_json(json);
}

/* Why there is nothing to show; ERR_NONE: there is. */
static void check(const struct look *l, struct err *err)
{
	const struct record *r = l->history.record;
	size_t count = l->inv->controller_count;
	if (!l->history.quorum)
		err_set(err, ERR_FAILED,
			"%zu of %zu controllers answered: what the cluster's record is, a majority of them says",
			count - l->history.unreached_count, count);
	else if (findings_count(&l->history.findings, FINDING_STOP))
		err_set(err, ERR_FAILED, "the cluster's record cannot be read: see the reason above");
	else if (l->number && (!r || !r->generation_count))
		err_set(err, ERR_MISSING, "there is no generation %llu: nothing was applied yet",
			(unsigned long long)l->number);
	else if (l->number && !l->generation)
		err_set(err, ERR_MISSING, "there is no generation %llu: the record has %llu to %llu",
			(unsigned long long)l->number, (unsigned long long)r->generations[0].number,
			(unsigned long long)r->generations[r->generation_count - 1].number);
}

static int show(struct context *context, const struct look *l)
{
	struct operation o = {.inv = l->inv};
	struct err err = {0};
	const struct record *r = l->history.record;
	check(l, &err);
	if (context->json)
		print_json(&o, l);
	else if (!err.code && l->number)
		print_one(context, l);
	else if (!err.code && r && r->generation_count)
		print_list(context, l);
	else if (!err.code)
		printf("no generations: nothing was applied yet\n");
	fflush(stdout);
	if (!context->json)
		operation_print_findings(&o, &l->history.findings, stderr, context->progress_color, true);
	if (err.code)
		return context_fail(context, &err);
	return l->incomplete ? EXIT_FAILED : l->history.unreached_count ? EXIT_LEFT : EXIT_DONE;
}

static int run(struct context *context)
{
	struct look l = {.arena = context->arena};
	if (context->operand_count && str_to_u64(context->operands[0], 1, INT64_MAX, &l.number) < 0)
		return context_misused(context, "'%s' is not the number of a generation", context->operands[0]);
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	l.inv = inv;
	struct fleet_options options;
	int status = target_options(context, inv, &options);
	if (status >= 0)
		return status;
	struct fleet_target *targets = arena_calloc(context->arena, inv->controller_count, sizeof *targets);
	for (size_t i = 0; i < inv->controller_count; i++)
		targets[i] = target_of(context, &inv->hosts[inv->controllers[i]]);
	struct err err = {0};
	if (target_visit(context, targets, inv->controller_count, &options, visit, &l, &err) < 0)
		return context_fail(context, &err);
	return show(context, &l);
}

const struct command cmd_history = {
    .name = "history",
    .synopsis = "[NUMBER]",
    .summary = "Show what was applied, when and by whom",
    .help = "Each run that changed something and was verified is a generation: it has a number,\n"
	    "and the controllers keep cluster.yaml as it was given and the files that were made\n"
	    "of it for the newest 50. Without NUMBER all that are remembered are listed, the\n"
	    "newest last; with it, one is shown, with the difference of its texts from those of\n"
	    "the generation before it. Only the controllers are asked, and nothing is changed.\n"
	    "\n"
	    "What is shown is the record of a majority of the controllers. A text that is not as\n"
	    "the record says it is, is not used: another controller is asked, and a warning\n"
	    "names the host.\n"
	    "\n"
	    "The exit status is 0, or 3 when some controllers did not answer; it is 1 when there\n"
	    "is no majority of them, no such generation, or nobody has one of its texts.",
    .operands_max = 1,
    .run = run,
};
