/* operation: what the commands that work on a cluster's hosts have in common. */
#ifndef REEVE_CLI_OPERATION_H
#define REEVE_CLI_OPERATION_H

#include "cli/context.h"
#include "run/apply.h"
#include "run/run.h"

/* The modules that there are, for the help of a command of OPERATION_MODULES. */
void operation_print_modules(FILE *out);

struct operation {
	struct run_options options; /* to be completed by the command before run_begin() */
	struct run run;
	struct report *report;
	const struct inventory *inv;
	const char *who; /* "root@laptop" */
};

enum operation_kind {
	OPERATION_MODULES = 1, /* its operands are modules */
	OPERATION_LOOKS = 2,   /* it shows what is: with --json one object, to which the way there does not belong */
};

/*
 * Reads the inventory and the options -l and MODULE..., and makes the report; `kind` is of enum operation_kind. An exit
 * status where the command is to end (it was said why), else -1. operation_end in any case.
 */
int operation_begin(struct operation *o, struct context *context, unsigned kind);
void operation_end(struct operation *o);

/* Now, as it is recorded: "2026-11-22T22:04:08Z". In the context's arena. */
const char *operation_when(const struct context *context);

/* Who does what, for the record and the audit log. */
struct apply_options operation_apply_options(const struct operation *o, const struct context *context);

/* What is said when a run is over, the report having shown the hosts; `err` where it was ended from outside. Gives the
 * exit status. */
int operation_finish(struct context *context, struct operation *o, const struct apply_result *result,
		     const struct err *err);

/* Waits. False: the operator wants to end. */
bool operation_pause(const struct operation *o, unsigned ms);

/* A whole command that decides about the hosts that its operands name: `act` between operation_begin and operation_end.
 * Gives the exit status. */
int operation_run(struct context *context, int (*act)(struct context *context, struct operation *o));

/* The hosts that the command's operands name, for decisions about hosts. -1, or an exit status where that is none; it was
 * said. */
int operation_hosts(struct operation *o, struct context *context, struct inv_choice *ret);

/* Findings for people, on `out`: the worst first, the same thing on several hosts once, each with its place and its fix. Notes only
 * with `notes`. */
void operation_print_findings(const struct operation *o, const struct findings *findings, FILE *out, bool color,
			      bool notes);
json_t *operation_findings_json(const struct operation *o, const struct findings *findings);

/* `others`, and why hosts are skipped: all that is to be told. */
struct findings operation_findings(const struct operation *o, const struct findings *others, struct arena *arena);

/* Hosts that are skipped and that the cluster counts on. */
size_t operation_skipped(const struct operation *o);

/* The exit status of a command that looks, for what `reeve apply` would do: refuse, change something, skip hosts, nothing. */
int operation_status(const struct operation *o);

/* Hosts that were not reached, a list of {name, error}. */
json_t *operation_unreached_json(const struct operation *o);

/* One line of JSON on standard output; takes the reference. */
void operation_print_json(json_t *json);

/* The operator's command line, for the audit log. In `arena`. */
const char *operation_command(const struct context *context, struct arena *arena);

#endif
