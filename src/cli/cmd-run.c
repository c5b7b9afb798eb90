/* reeve run: a command on many hosts, and what they said, once for those that said the same. */
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/term.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/target.h"
#include "hostlist/hostlist.h"
#include "report/json.h"
#include "run/round.h"

enum { OUTPUT_BYTES = 1 << 20, TIMEOUT_S = 60, TIMEOUT_MAX_S = 86400, SLACK_MS = 10000, OPERANDS_MAX = 1024 };

/* What became of it on one host. */
struct outcome {
	const char *name;
	const char *error; /* it could not be asked; NULL: it answered */
	int status;        /* -1: not by itself, see `late` */
	bool late, cut, binary;
	const char *out; /* in the context's arena */
};

struct running {
	struct context *context;
	const json_t *message;
	unsigned timeout_s;
	struct outcome *outcomes;
	size_t count;
};

static void take(struct running *r, size_t at, const struct fleet_request *request)
{
	struct arena *a = r->context->arena;
	struct outcome *o = &r->outcomes[at];
	struct ran ran = ran_of(request->answer);
	if (!request->answer) {
		o->error = arena_strdup(a, request->error.text);
		return;
	}
	o->status = ran.status;
	o->late = ran.late;
	o->cut = ran.cut;
	o->binary = !ran.out;
	o->out = arena_strdup(a, ran.out ? ran.out : "");
	/* It could not be started, or what it said of that came before it had one output. */
	if (ran.status == 127 && !*o->out && ran.errors)
		o->out = arena_strdup(a, ran.errors);
}

static int visit(void *data, struct fleet *fleet, struct report *report, struct err *err)
{
	struct running *r = data;
	_cleanup_round_ struct round round = {.fleet = fleet};
	(void)report;
	for (size_t i = 0; i < fleet_count(fleet); i++)
		if (fleet_phase(fleet, i) == FLEET_OPEN)
			round_add(&round, i, json_incref((json_t *)r->message));
		else
			r->outcomes[i].error = arena_strdup(r->context->arena, fleet_error(fleet, i)->text);
	if (round_send(&round, r->timeout_s * 1000 + SLACK_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++)
		take(r, round.items[i].host, &round.items[i]);
	return 0;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return str_same(a->error, b->error) && a->status == b->status && a->late == b->late && a->cut == b->cut &&
	       a->binary == b->binary && str_same(a->out, b->out);
}

/* "exit status 1", "not ended after 60 s"; NULL: it ended well. */
static const char *fault_of(const struct running *r, const struct outcome *o)
{
	struct arena *a = r->context->arena;
	return o->error         ? o->error
	       : o->late        ? arena_printf(a, "it had not ended after %u s", r->timeout_s)
	       : o->status < 0  ? "it was ended by a signal"
	       : o->status != 0 ? arena_printf(a, "exit status %d", o->status)
				: NULL;
}

static void print_lines(const struct outcome *o, struct arena *arena)
{
	char *rest = arena_strdup(arena, o->out);
	for (char *line; rest && (line = str_next_line(&rest));)
		printf("    %s\n", str_printable_whole(arena, line, strlen(line)));
	if (o->binary)
		printf("    (what it printed is not text)\n");
	if (o->cut)
		printf("    (and more: only the first MiB was taken)\n");
}

/* Hosts whose outcome is the same have one heading; they stand in the order of their first. */
static void print(const struct running *r)
{
	struct arena *a = r->context->arena;
	bool *told = arena_calloc(a, r->count, sizeof *told);
	const char **names = arena_calloc(a, r->count, sizeof *names);
	for (size_t i = 0; i < r->count; i++) {
		const struct outcome *o = &r->outcomes[i];
		size_t n = 0;
		for (size_t k = i; k < r->count && !told[i]; k++)
			if (!told[k] && is_same(o, &r->outcomes[k]))
				names[n++] = r->outcomes[k].name;
		if (!n)
			continue;
		for (size_t k = i; k < r->count; k++)
			told[k] |= is_same(o, &r->outcomes[k]);
		const char *fault = fault_of(r, o);
		printf("%s%s%s", r->context->color ? fault ? TERM_RED : TERM_GREEN : "", hostlist_compress(names, n, a),
		       r->context->color ? TERM_PLAIN : "");
		if (n > 1)
			printf(" (%zu)", n);
		printf("%s%s\n", fault ? ": " : "", fault ? str_printable(a, fault, strlen(fault)) : "");
		if (!o->error)
			print_lines(o, a);
	}
}

static json_t *as_json(const struct running *r)
{
	json_t *hosts = json_array();
	for (size_t i = 0; i < r->count; i++) {
		const struct outcome *o = &r->outcomes[i];
		json_array_append_new(hosts, o->error
						 ? json_pack("{s:s, s:s}", "name", o->name, "error", o->error)
						 : json_pack("{s:s, s:o, s:b, s:b, s:s}", "name", o->name, "status",
							     o->status < 0 ? json_null() : json_integer(o->status),
							     "late", o->late, "cut", o->cut, "output", o->out));
	}
	return json_pack("{s:o}", "hosts", hosts);
}

/* "9 hosts: 7 ended well, 1 failed, 1 not reached". */
static int finish(const struct running *r)
{
	size_t failed = 0, missed = 0;
	for (size_t i = 0; i < r->count; i++) {
		missed += r->outcomes[i].error != NULL;
		failed += !r->outcomes[i].error && fault_of(r, &r->outcomes[i]) != NULL;
	}
	if (r->context->json) {
		json_print(as_json(r), JSON_INDENT(2), stdout);
	} else {
		print(r);
		fflush(stdout);
		fprintf(stderr, "%zu host%s: %zu ended well", r->count, r->count == 1 ? "" : "s",
			r->count - failed - missed);
		if (failed)
			fprintf(stderr, ", %zu failed", failed);
		if (missed)
			fprintf(stderr, ", %zu not reached", missed);
		fputc('\n', stderr);
	}
	return failed || missed == r->count ? EXIT_FAILED : missed ? EXIT_LEFT : EXIT_DONE;
}

/* One operand is a line for the shell; several are a program and its arguments, which arrive as they are. What it says as an
 * error stands where it said it. */
static json_t *message_of(const struct context *context, unsigned timeout_s)
{
	bool line = context->operand_count == 1;
	json_t *argv = line ? json_pack("[s, s, s]", "sh", "-c", "exec 2>&1; eval \"$1\"")
			    : json_pack("[s, s, s]", "sh", "-c", "exec \"$@\" 2>&1");
	json_array_append_new(argv, json_string("sh"));
	for (size_t i = 0; i < context->operand_count; i++)
		json_array_append_new(argv, json_string(context->operands[i]));
	return json_pack("{s:s, s:o, s:i, s:i, s:s*}", "verb", "run", "argv", argv, "max", OUTPUT_BYTES, "timeout",
			 (int)timeout_s * 1000, "user", context_option(context, "user"));
}

static int run(struct context *context)
{
	const char *bound = context_option(context, "timeout"), *user = context_option(context, "user");
	uint64_t timeout_s = TIMEOUT_S;
	if (!context->operand_count)
		return context_misused(context, "say what to run: reeve run -l NODES -- COMMAND");
	if (bound && str_to_u64(bound, 1, TIMEOUT_MAX_S, &timeout_s) < 0)
		return context_misused(context, "'%s' is not a number of seconds, 1 to %d", bound, TIMEOUT_MAX_S);
	if (user && !str_is_name(user, 32))
		return context_misused(context, "'%s' is not the name of an account", user);
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const struct inv_choice *choice = context_select(context, inv, context_option(context, "limit"), false);
	if (!choice)
		return EXIT_MISUSED;
	struct fleet_options options;
	int status = target_options(context, inv, &options);
	if (status >= 0)
		return status;
	struct arena *a = context->arena;
	struct running r = {.context = context,
			    .timeout_s = (unsigned)timeout_s,
			    .outcomes = arena_calloc(a, inv->host_count, sizeof *r.outcomes)};
	struct fleet_target *targets = arena_calloc(a, inv->host_count, sizeof *targets);
	for (size_t i = 0; i < inv->host_count; i++) {
		if (!choice->hosts[i])
			continue;
		targets[r.count] = target_of(context, &inv->hosts[i]);
		r.outcomes[r.count++].name = inv->hosts[i].name;
	}
	struct err err = {0};
	json_t *message = message_of(context, r.timeout_s);
	r.message = message;
	int rc = target_visit(context, targets, r.count, &options, visit, &r, &err);
	json_decref(message);
	return rc < 0 ? context_fail(context, &err) : finish(&r);
}

/* From the first operand on, all belongs to the command. */
static enum command_rest takes_rest(char *const *operands, size_t count)
{
	(void)operands;
	return count == 1 ? REST_BEGUN : REST_NOT_YET;
}

static const struct option_spec options[] = {
    {"limit", 'l', "NODES", "only on these: a hostlist, partition:NAME, or several"},
    {"user", 'u', "NAME", "as this account, instead of root"},
    {"timeout", 't', "SECONDS", "end it after this time (default: 60)"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_run = {
    .name = "run",
    .synopsis = "[-l NODES] [-u NAME] [-t SECONDS] [--json] [--] COMMAND...",
    .summary = "Run a command on many hosts at once",
    .help = "Runs the command on all hosts, or these, as root, and prints what it said: once for\n"
	    "all hosts that said the same, with its exit status where that is not 0.\n"
	    "\n"
	    "A single argument is a line for the host's shell; several are a program and its\n"
	    "arguments, which arrive as they are.\n"
	    "\n"
	    "The exit status is 0 when it was 0 everywhere, 3 when hosts were not reached and it was\n"
	    "0 on all others, else 1.",
    .options = options,
    .operands_max = OPERANDS_MAX,
    .takes_rest = takes_rest,
    .run = run,
};
