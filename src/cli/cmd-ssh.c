/* reeve ssh: a shell or a command on one host, by the way that reeve takes to it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/target.h"
#include "lab/lab.h"
#include "transport/ssh.h"
#include "transport/trust.h"

enum { OPERANDS_MAX = 1024 };

/* As a lab's node is reached. */
static int lab_argv(struct context *context, const struct inventory *inv, const char *node, char *const *command,
		    char ***ret, struct err *err)
{
	return lab_ssh_argv(context->arena, inv->cluster.text, node, command, ret, err);
}

static char **host_argv(struct context *context, const struct inv_host *h, char *const *command)
{
	const char *program = getenv("REEVE_SSH");
	const struct fleet_options options = {0};
	const struct ssh ssh = {.program = program && *program ? program : "ssh",
				.known_hosts = trust_path(&options, context->arena)};
	const struct ssh_dest dest = {.host = h->address, .user = h->user, .port = h->port};
	return ssh_login_argv(&ssh, &dest, command, context->arena);
}

/* This machine: no ssh is needed, and maybe none answers. */
static char **local_argv(struct context *context, char *const *command)
{
	const char *shell = getenv("SHELL");
	char **argv = arena_calloc(context->arena, context->operand_count + 3, sizeof *argv);
	if (!*command) {
		argv[0] = arena_strdup(context->arena, shell && *shell ? shell : "/bin/sh");
		return argv;
	}
	if (!command[1]) {
		argv[0] = arena_strdup(context->arena, "/bin/sh");
		argv[1] = arena_strdup(context->arena, "-c");
		argv[2] = command[0];
		return argv;
	}
	for (size_t i = 0; command[i]; i++)
		argv[i] = command[i];
	return argv;
}

/* Becomes ssh, so that its exit status, its terminal and its signals are those of the command. */
static int run(struct context *context)
{
	struct arena *a = context->arena;
	struct err err = {0};
	if (!context->operand_count)
		return context_misused(context, "say on which host: reeve ssh NODE [COMMAND...]");
	const struct inventory *inv = context_inventory(context);
	if (!inv)
		return EXIT_FAILED;
	const struct inv_host *h = inventory_host(inv, context->operands[0]);
	if (!h)
		return target_unknown(context, inv, context->operands[0]);
	bool local = !context->lab && h->local, quote = !local && context->operand_count > 2;
	char **command = arena_calloc(a, context->operand_count, sizeof *command), **argv;
	for (size_t i = 1; i < context->operand_count; i++)
		command[i - 1] = quote ? ssh_quote(context->operands[i], a) : context->operands[i];
	if (context->lab && lab_argv(context, inv, h->name, command, &argv, &err) < 0)
		return context_fail(context, &err);
	if (!context->lab)
		argv = local ? local_argv(context, command) : host_argv(context, h, command);
	fflush(stdout);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	err_system(&err, errno, "cannot run %s", argv[0]);
	return context_fail(context, &err);
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
