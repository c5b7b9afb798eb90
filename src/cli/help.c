#include "cli/command.h"

#include <string.h>

#include "base/mem.h"

static void print_options(const struct option_spec *options, FILE *out)
{
	for (const struct option_spec *o = options; o && o->name; o++) {
		_cleanup_free_ char *left =
		    xasprintf("%s%.1s%s--%s%s%s", o->letter ? "-" : " ", o->letter ? &o->letter : " ",
			      o->letter ? ", " : "  ", o->name, o->argument ? "=" : "", o->argument ? o->argument : "");
		fprintf(out, "  %-22s  %s\n", left, o->help);
	}
}

void help_main(FILE *out)
{
	fprintf(out, "Usage: reeve [OPTION...] COMMAND [ARGUMENT...]\n"
		     "\n"
		     "Deploys a Slurm cluster from one file and keeps it in order.\n"
		     "\n"
		     "Commands:\n");
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "  %-9s  %s\n", (*c)->name, (*c)->summary);
	fprintf(out, "\nOptions of all commands:\n");
	print_options(global_options, out);
	fprintf(out, "\n'reeve COMMAND --help' and reeve-COMMAND(1) say more about each.\n");
}

static void print_usage(const struct command *command, FILE *out)
{
	const char *line = command->synopsis, *before = "Usage:";
	do {
		size_t len = strcspn(line, "\n");
		fprintf(out, "%s reeve %s%s%.*s\n", before, command->name, len ? " " : "", (int)len, line);
		line += len + (line[len] == '\n');
		before = "      ";
	} while (*line);
}

void help_command(const struct command *command, FILE *out)
{
	print_usage(command, out);
	fprintf(out, "\n%s.\n\n%s\n", command->summary, command->help);
	if (command->help_table) {
		fputc('\n', out);
		command->help_table(out);
	}
	if (command->options) {
		fprintf(out, "\nOptions:\n");
		print_options(command->options, out);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(global_options, out);
}
