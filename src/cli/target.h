/* target: how the commands that ask hosts something get to them. */
#ifndef REEVE_CLI_TARGET_H
#define REEVE_CLI_TARGET_H

#include "cli/context.h"
#include "report/report.h"
#include "run/ask.h"

/*
 * The options of a fleet as the command line has them: the lab's ssh_config with --lab, Ctrl-C, sudo's password, asked
 * for here with --ask-sudo. `inv` may be NULL without --lab. -1, or an exit status where that cannot be; it was said.
 */
int target_options(struct context *context, const struct inventory *inv, struct fleet_options *ret);

/* How ssh gets to a host: as cluster.yaml says, or under its name in the lab. */
struct fleet_target target_of(const struct context *context, const struct inv_host *host);

/* Says that there is no such host, and which may be meant: `return target_unknown(...)`. */
int target_unknown(const struct context *context, const struct inventory *inv, const char *name);

/* The number of a job, "12"; of a task of an array, "12_3", where those are meant, too. */
bool target_is_job(const char *text, bool tasks);

/* A host as it is written on the command line, "[USER@]HOST": names and addresses only, never an option. The same text
 * lives on in `arena`. ERR_INPUT. */
int target_parse(const char *text, struct arena *arena, struct fleet_target *ret, struct err *err);

/* A report for progress on standard error, drawn only where that is a terminal. */
struct report *target_report(const struct context *context);

/*
 * Connects to all targets, calls `visit` once with those that are open or failed, and says goodbye. The report is for
 * progress. -1 where that was stopped, or `visit` says so.
 */
int target_visit(struct context *context, const struct fleet_target *targets, size_t count,
		 const struct fleet_options *options,
		 int (*visit)(void *data, struct fleet *fleet, struct report *report, struct err *err), void *data,
		 struct err *err);

/*
 * Connects to all targets, asks each for its facts and says goodbye. `keep` as for ask_facts(). `scopes` and `ret` have `count` elements; what is
 * returned lives in the context's arena. -1 only where nothing was asked at all.
 */
int target_ask(struct context *context, const struct fleet_target *targets, const struct facts_scope *scopes,
	       size_t count, const struct fleet_options *options, bool keep, struct asked *ret, struct err *err);

#endif
