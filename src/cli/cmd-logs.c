/* reeve logs: what Slurm's daemons, MUNGE and the kernel wrote about a node, or a job. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/interrupt.h"
#include "base/map.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/logs.sh.h"
#include "cli/target.h"
#include "report/json.h"
#include "run/round.h"

enum { LOGS_BYTES = 4 << 20, LOGS_MS = 30000, LINES = 50, LINES_MAX = 10000 };

/* Of following: how often, and how many lines may come meanwhile. */
enum { AGAIN_MS = 2000, AGAIN_LINES = 2000 };

struct log_line {
	const char *host, *time, *text; /* "2026-11-28T12:00:00.123", "slurmd: error: ..." */
	size_t place;                   /* as it came */
};

struct logging {
	struct context *context;
	const json_t *message;
	size_t most;
	bool follow, color;
	const char *const *names; /* by place in the fleet */
	size_t failed;            /* hosts that did not answer */
	size_t looks;             /* that there were */
	VEC(struct log_line) lines;
	struct map told;     /* of following: lines that came before, with their host and time */
	struct arena *arena; /* of one look */
};

static int compare(const void *a, const void *b)
{
	const struct log_line *x = a, *y = b;
	int order = strcmp(x->time, y->time);
	return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static void take_line(struct logging *l, const char *host, char *line)
{
	char *text = line;
	const char *time = strsep(&text, " ");
	if (!text)
		return;
	const char *key = l->follow ? arena_printf(l->arena, "%s %s %s", time, host, text) : NULL;
	if (key && map_has(&l->told, key))
		return;
	if (key)
		map_set(&l->told, arena_strdup(l->context->arena, key), l);
	*vec_push_in(l->arena, &l->lines) = (struct log_line){
	    host, arena_strdup(l->arena, time), str_printable(l->arena, text, strlen(text)), l->lines.len};
}

static void take(struct logging *l, const struct fleet_request *request)
{
	const char *why = round_failure(request, l->arena);
	struct ran ran = ran_of(request->answer);
	if (why && !(ran.out && *ran.out)) {
		/* grep found nothing: there is nothing of that job there */
		if (!request->answer || ran.status != 1)
			fprintf(stderr, "reeve logs: %s: %s\n", l->names[request->host], why);
		l->failed += !request->answer;
		return;
	}
	char *rest = arena_strdup(l->arena, ran.out ? ran.out : "");
	for (char *line; rest && (line = str_next_line(&rest));)
		take_line(l, l->names[request->host], line);
}

static void print(struct logging *l)
{
	bool again = l->looks++ > 0;
	size_t first = !again && l->lines.len > l->most ? l->lines.len - l->most : 0;
	qsort(l->lines.items, l->lines.len, sizeof *l->lines.items, compare);
	json_t *list = json_array();
	for (size_t i = first; i < l->lines.len; i++) {
		const struct log_line *x = &l->lines.items[i];
		bool bad = strstr(x->text, ": error:") || strstr(x->text, ": fatal:") || str_starts(x->text, "kernel:");
		if (l->context->json)
			json_array_append_new(
			    list, json_pack("{s:s, s:s, s:s}", "time", x->time, "host", x->host, "text", x->text));
		else
			printf("%s %s %s%s%s\n", x->time, x->host, bad && l->color ? TERM_RED : "", x->text,
			       bad && l->color ? TERM_PLAIN : "");
	}
	if (l->context->json)
		json_print(json_pack("{s:O}", "lines", list), JSON_INDENT(2), stdout);
	json_decref(list);
	fflush(stdout);
}

static int look(struct logging *l, struct fleet *fleet, struct err *err)
{
	_cleanup_round_ struct round round = {.fleet = fleet};
	_cleanup_arena_ struct arena *arena = arena_new();
	l->arena = arena;
	memset(&l->lines, 0, sizeof l->lines);
	for (size_t i = 0; i < fleet_count(fleet); i++)
		if (fleet_phase(fleet, i) == FLEET_OPEN)
			round_add(&round, i, json_incref((json_t *)l->message));
	if (round_send(&round, LOGS_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++)
		take(l, &round.items[i]);
	print(l);
	return 0;
}

static int visit(void *data, struct fleet *fleet, struct report *report, struct err *err)
{
	struct logging *l = data;
	report_hide(report);
	for (size_t i = 0; i < fleet_count(fleet); i++) {
		if (fleet_phase(fleet, i) == FLEET_OPEN)
			continue;
		l->failed++;
		fprintf(stderr, "reeve logs: %s: %s\n", l->names[i], fleet_error(fleet, i)->text);
	}
	if (look(l, fleet, err) < 0)
		return -1;
	while (l->follow && l->failed < fleet_count(fleet))
		if (fleet_pump(fleet, AGAIN_MS, err) < 0 || look(l, fleet, err) < 0)
			return -1;
	return 0;
}

static json_t *message_of(const struct logging *l, const char *job)
{
	char lines[16];
	snprintf(lines, sizeof lines, "%zu", l->follow && l->most < AGAIN_LINES ? (size_t)AGAIN_LINES : l->most);
	const char *const argv[] = {"sh", "-c", logs_sh, "sh", lines, job ? job : "", l->context->verbose ? "all" : "",
				    NULL};
	return round_command(argv, NULL, LOGS_BYTES, LOGS_MS);
}

static int run(struct context *context)
{
	const char *count = context_option(context, "lines");
	uint64_t most = LINES;
	if (context->operand_count != 1)
		return context_misused(context, "say of what: reeve logs NODE, or reeve logs JOB");
	if (count && str_to_u64(count, 1, LINES_MAX, &most) < 0)
		return context_misused(context, "'%s' is not a number of lines, 1 to %d", count, LINES_MAX);
	struct logging l = {.context = context,
			    .most = (size_t)most,
			    .follow = context_option(context, "follow") != NULL,
			    .color = context->color};
	if (l.follow && context->json)
		return context_misused(context, "--follow has no end, and --json has one");
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const char *what = context->operands[0];
	const struct inv_host *only = inventory_host(inv, what);
	if (!only && !target_is_job(what, false))
		return target_unknown(context, inv, what);
	struct fleet_options options;
	int status = target_options(context, inv, &options);
	if (status >= 0)
		return status;
	struct fleet_target *targets = arena_calloc(context->arena, inv->host_count, sizeof *targets);
	const char **names = arena_calloc(context->arena, inv->host_count, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *h = &inv->hosts[i];
		if (only ? h != only : !inventory_has_role(h))
			continue;
		names[n] = h->name;
		targets[n++] = target_of(context, h);
	}
	l.names = names;
	struct err err = {0};
	json_t *message = message_of(&l, only ? NULL : what);
	l.message = message;
	int rc = target_visit(context, targets, n, &options, visit, &l, &err);
	json_decref(message);
	map_free(&l.told);
	if (rc < 0)
		return l.follow && err.code == ERR_CANCELLED ? EXIT_DONE : context_fail(context, &err);
	return l.failed == n ? EXIT_FAILED : l.failed ? EXIT_LEFT : EXIT_DONE;
}

static const struct option_spec options[] = {
    {"follow", 'F', NULL, "go on with what is written from now on"},
    {"lines", 'n', "NUMBER", "how many at most (default: 50)"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_logs = {
    .name = "logs",
    .synopsis = "[-F] [-n NUMBER] [-v] [--json] NODE|JOB",
    .summary = "Show what Slurm's daemons wrote about a node or a job",
    .help = "Of a node: the last lines of slurmd, slurmctld, slurmdbd and munged there, what systemd\n"
	    "said of them, and what the kernel killed for want of memory, in one order by time. Of\n"
	    "a job: what names it, on all hosts.\n"
	    "\n"
	    "With -v also what the daemons wrote for debugging. Times are those of the hosts.\n"
	    "\n"
	    "The exit status is 0, 3 when some hosts did not answer, 1 when none did.",
    .options = options,
    .operands_max = 1,
    .run = run,
};
