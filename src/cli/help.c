#include "cli/command.h"

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

void help_command(const struct command *command, FILE *out)
{
	fprintf(out, "Usage: reeve %s%s%s\n\n%s.\n\n%s\n", command->name, *command->synopsis ? " " : "",
		command->synopsis, command->summary, command->help);
	if (command->options) {
		fprintf(out, "\nOptions:\n");
		print_options(command->options, out);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(global_options, out);
}
