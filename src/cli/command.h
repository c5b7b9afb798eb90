/*
 * command: what a command of reeve is: its name, its help and its options in one const struct, in a file of its own,
 * listed in commands.c. Parsing, help, completion and the tests of the man pages all come from these tables.
 */
#ifndef REEVE_CLI_COMMAND_H
#define REEVE_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit statuses of every command. */
enum exit_code {
	EXIT_DONE = 0,     /* done, or nothing to do */
	EXIT_FAILED = 1,   /* it failed, or what was asked for does not hold */
	EXIT_CHANGES = 2,  /* `plan` found changes */
	EXIT_LEFT = 3,     /* done, but hosts were skipped */
	EXIT_MISUSED = 64, /* the command line is wrong (sysexits.h, EX_USAGE) */
	EXIT_SIGNAL = 128, /* and the number of the signal that ended it */
};

struct option_spec {
	const char *name;     /* long, without "--" */
	char letter;          /* 0: it has none */
	const char *argument; /* what it takes: "FILE"; NULL: nothing */
	const char *help;
};

struct context;

/* Where another program's command line begins. */
enum command_rest {
	REST_NOT_YET,
	REST_NEXT,  /* behind the last operand; a "--" between them is reeve's */
	REST_BEGUN, /* with the last operand: a "--" behind it is the program's */
};

struct command {
	const char *name;
	const char
	    *synopsis; /* behind "reeve NAME": "[-l NODES] [--json]"; several ways of use stand on lines of their own */
	const char *summary; /* one line, no full stop */
	const char *help;    /* paragraphs, wrapped by hand at 79 columns */
	/* What its help lists from the tables of other parts: a paragraph with a title. NULL: nothing. */
	void (*help_table)(FILE *out);
	const struct option_spec *options; /* ends with a NULL name; NULL: none of its own */
	size_t operands_max;
	/* Do these operands end reeve's own options, so that what follows belongs to another program? NULL: never. */
	enum command_rest (*takes_rest)(char *const *operands, size_t count);
	int (*run)(struct context *context); /* an exit status */
};

extern const struct command *const commands[]; /* NULL-terminated, in the order in which a cluster is made */
extern const struct option_spec global_options[];

const struct command *command_named(const char *name);       /* NULL: none */
const struct command *command_nearest(const char *mistyped); /* NULL: none is near */

void help_main(FILE *out);
void help_command(const struct command *command, FILE *out);

#endif
