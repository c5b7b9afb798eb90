/*
 * context: what a command runs in: its options and operands, cluster.yaml when it asks for it, and how to say things.
 * Results go to standard output, everything else to standard error.
 */
#ifndef REEVE_CLI_CONTEXT_H
#define REEVE_CLI_CONTEXT_H

#include <signal.h>

#include "base/interrupt.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/command.h"
#include "inventory/inventory.h"

enum { CONTEXT_OPTIONS = 32 }; /* of one command and global ones together, at most */

struct context {
	const struct command *command;
	char *const *operands;
	size_t operand_count;
	bool lab, json, verbose;
	bool color;          /* on standard output */
	bool progress_color; /* on standard error */
	struct arena *arena; /* until the end of the program */

	/* what follows belongs to context.c and parse.c */
	const char *values[CONTEXT_OPTIONS]; /* of the command's options, then of the global ones; NULL: not given */
	const struct inventory *inventory;
	const char *sudo_password; /* asked for once (target.c) */
};

/* What was given for the command's own or a global option: "" for one without argument, NULL where it was not given. */
const char *context_option(const struct context *context, const char *name);

/* Reads the command line: an exit status where the program is to end (help, version, misuse), else -1. */
int context_parse(struct context *context, int argc, char **argv);

/* Which cluster.yaml: -f, $REEVE_CLUSTER, ./cluster.yaml, /etc/reeve/cluster.yaml. NULL, said on standard error, where
 * there is none. */
const char *context_file(struct context *context);

/*
 * The inventory of that file, read once; with --lab as the lab stands in for it (cli/standin.h). NULL where it has
 * errors; findings and errors were printed to standard error.
 */
const struct inventory *context_inventory(struct context *context);

/* The next context_inventory() reads the file anew. */
void context_forget_inventory(struct context *context);

/* Which of the inventory's hosts `nodes` (an argument of -l, or operands; NULL: all) means; inventory_select() has the
 * rules. `by_class`: classes may be named. NULL, said, where it means none. */
const struct inv_choice *context_select(struct context *context, const struct inventory *inv, const char *nodes,
					bool by_class);

/* Say why, on standard error, and give the exit status: `return context_fail(...)`. */
int context_fail(const struct context *context, const struct err *err);  /* context_failed() */
int context_misused(const struct context *context, const char *fmt, ...) /* EXIT_MISUSED */
    __attribute__((format(printf, 2, 3)));

/* How the operator ends a command: from the first call on, SIGINT, SIGTERM and SIGHUP are told to it and no longer kill, but for
 * the third of them. */
struct interrupt *context_interrupt(void);

/* The exit status of what failed: as a shell has it where a signal ended it (130, 143, 129), else EXIT_FAILED. */
int context_failed(const struct err *err);

#endif
