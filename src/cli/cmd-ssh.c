/* reeve ssh: a shell or a command on one host, by the way that reeve takes to it. */
#include "cli/commands.h"
#include "cli/login.h"

enum { OPERANDS_MAX = 1024 };

static int run(struct context *context)
{
	if (!context->operand_count)
		return context_misused(context, "say on which host: reeve ssh NODE [COMMAND...]");
	const struct inventory *inv = context_inventory(context);
	return inv ? login_become(context, inv, context->operands, context->operand_count) : EXIT_FAILED;
}

static enum command_rest takes_rest(char *const *operands, size_t count)
{
	(void)operands;
	return count == 1 ? REST_NEXT : REST_NOT_YET;
}

const struct command cmd_ssh = {
    .name = "ssh",
    .synopsis = "NODE [[--] COMMAND...]",
    .summary = "Open a shell on a host, or run a command there",
    .help = "Becomes ssh to the host of that name in cluster.yaml, with the address, user and port\n"
	    "that stand there, and the host keys that 'reeve trust' accepted beside your own. With\n"
	    "--lab it is the lab's node. On the host that reeve itself runs on, no ssh is started.\n"
	    "\n"
	    "A single argument is a line for the host's shell; several are a program and its\n"
	    "arguments, which arrive as they are. The exit status is the command's.",
    .operands_max = OPERANDS_MAX,
    .takes_rest = takes_rest,
    .run = run,
};
