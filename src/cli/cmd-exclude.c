/* reeve exclude: nodes that serve no longer, for a time. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/operation.h"
#include "run/exclusion.h"

enum { MOST_REASON = 200, LOCK_MS = 5000 };

#define STAYS \
	"what was drained stays so, and its jobs go on: the same command goes on from here, `reeve include` goes back"

/* "2026-12-24", and a day that there is. */
static bool is_date(const char *text)
{
	static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t year, month, day;
	char y[5] = "", m[3] = "", d[3] = "";
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	memcpy(y, text, 4);
	memcpy(m, text + 5, 2);
	memcpy(d, text + 8, 2);
	if (str_to_u64(y, 2000, 9999, &year) < 0 || str_to_u64(m, 1, 12, &month) < 0 || str_to_u64(d, 1, 31, &day) < 0)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] && (month != 2 || leap || day <= 28);
}

/* An exit status where the options are wrong, else -1. */
static int read_options(struct context *context, const struct operation *o, struct record_exclusion *x,
			struct exclusion_options *options)
{
	x->reason = context_option(context, "reason");
	x->until = context_option(context, "until");
	x->who = o->who;
	bool now = context_option(context, "now"), requeue = context_option(context, "requeue");
	options->jobs = now ? EXCLUSION_CANCEL : requeue ? EXCLUSION_REQUEUE : EXCLUSION_WAIT;
	options->purge = context_option(context, "purge") != NULL;
	if (now && requeue)
		return context_misused(context, "--now cancels the jobs and --requeue keeps them: say one of them");
	if (x->reason && (!*x->reason || strlen(x->reason) > MOST_REASON || strpbrk(x->reason, "\"'\\#\n")))
		return context_misused(context, "a reason is one line of 1 to %d bytes without quotes, '#' and '\\'",
				       MOST_REASON);
	if (x->until && !is_date(x->until))
		return context_misused(context, "--until takes a date like 2026-12-24, not '%s'", x->until);
	if (x->until && strcmp(x->until, o->options.cluster.decisions.today) <= 0)
		return context_misused(context, "%s is over", x->until);
	return -1;
}

/* Those that the command is about, by name: what a class or partition was when it began. */
static struct names names_of(const struct operation *o, struct arena *arena)
{
	const struct cluster_decisions *d = &o->options.cluster.decisions;
	struct names names = {0};
	for (size_t i = 0; i < o->inv->host_count; i++)
		if (cluster_decided(o->run.cluster, &d->exclude, i))
			*vec_push_in(arena, &names) = o->inv->hosts[i].name;
	return names;
}

static void decide(struct context *context, struct operation *o, const struct names *names)
{
	bool *hosts = arena_calloc(context->arena, o->inv->host_count, sizeof *hosts);
	struct cluster_decisions *d = &o->options.cluster.decisions;
	for (size_t i = 0; i < names->len; i++) {
		const struct inv_host *host = inventory_host(o->inv, names->items[i]);
		if (host)
			hosts[host->index] = true;
		else
			report_note(o->report, "%s is not in %s any more: it is left to `reeve apply`", names->items[i],
				    o->inv->file);
	}
	d->exclude.hosts = hosts;
	d->exclusion = (struct record_exclusion){.who = o->who, .when = "", .leaving = true};
	d->goes_on = true;
}

/* A run of its own: the file, the hosts and the record may have changed while the lock was free. */
static int begin_again(struct context *context, struct operation *o, const struct names *names)
{
	operation_end(o);
	context_forget_inventory(context);
	int status = operation_begin(o, context, 0);
	if (status < 0)
		decide(context, o, names);
	else
		fprintf(stderr, STAYS "\n");
	return status;
}

static int begin_exclusion(struct context *context, struct operation *o, struct exclusion_options *options)
{
	struct cluster_decisions *d = &o->options.cluster.decisions;
	int status = read_options(context, o, &d->exclusion, options);
	if (status < 0)
		status = operation_hosts(o, context, &d->exclude);
	d->exclusion.when = operation_when(context);
	d->exclusion.leaving = true;
	return status;
}

static int exclude(struct context *context, struct operation *o)
{
	struct exclusion_options options = {0};
	struct names names = {0};
	int status = begin_exclusion(context, o, &options);
	while (status < 0) {
		struct err err = {0};
		struct apply_result result = {.findings = {.arena = context->arena}};
		struct apply_options apply = operation_apply_options(o, context);
		bool again = false;
		options.apply = &apply;
		o->options.lock = true;
		if (run_begin(&o->run, o->inv, &o->options, &err) == 0)
			exclusion_run(&o->run, &options, &result, &again, &err);
		bool busy = names.len && err.code == ERR_REFUSED;
		if (!again && !busy) {
			if (err.code == ERR_CANCELLED)
				report_note(o->report, STAYS);
			return operation_finish(context, o, &result, &err);
		}
		if (busy) {
			report_note(o->report, "to be finished when the lock is free: %s", err.text);
			operation_pause(o, LOCK_MS);
		}
		if (!names.len)
			names = names_of(o, context->arena);
		status = begin_again(context, o, &names);
	}
	return status;
}

static int run(struct context *context)
{
	return operation_run(context, exclude);
}

static const struct option_spec options[] = {
    {"reason", 'r', "TEXT", "why; recorded, and shown by Slurm"},
    {"until", 0, "DATE", "review date: 2026-12-24; nothing happens by itself"},
    {"now", 0, NULL, "cancel the jobs that run there instead of waiting for them"},
    {"requeue", 0, NULL, "requeue them instead"},
    {"purge", 0, NULL, "remove the packages of Slurm and MUNGE, too"},
    {NULL, 0, NULL, NULL},
};

const struct command cmd_exclude = {
    .name = "exclude",
    .synopsis = "--reason TEXT [--until DATE] [--now | --requeue] [--purge] NODE...",
    .summary = "Take nodes out of service, when their jobs are over",
    .help = "Drains the nodes, waits for their jobs, takes them out of the partitions, and\n"
	    "stops and disables slurmd and munged there. A node that cannot be reached is\n"
	    "excluded all the same, and its daemons are stopped when it can be. Its NodeName\n"
	    "line stays, so that no job that names it is hurt. Who excluded it, why, when and\n"
	    "until is recorded; `reeve status` shows it, and says when the time is over.\n"
	    "\n"
	    "While it waits for jobs other runs may begin; then it goes on with what is there\n"
	    "by then. Ctrl-C while it waits leaves the nodes draining. The same command goes\n"
	    "on, then without --reason; `reeve include` goes back.\n"
	    "\n"
	    "Any other pending change is applied too, as with `reeve apply`,\n"
	    "whose exit statuses it has.",
    .options = options,
    .operands_max = 64,
    .run = run,
};
