#include "cli/login.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/target.h"
#include "lab/lab.h"
#include "transport/ssh.h"
#include "transport/trust.h"

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
static char **local_argv(struct context *context, char *const *command, size_t count)
{
	const char *shell = getenv("SHELL");
	char **argv = arena_calloc(context->arena, count + 3, sizeof *argv);
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

int login_become(struct context *context, const struct inventory *inv, char *const *words, size_t count)
{
	struct arena *a = context->arena;
	struct err err = {0};
	const struct inv_host *h = inventory_host(inv, words[0]);
	if (!h)
		return target_unknown(context, inv, words[0]);
	bool local = !context->lab && h->local, quote = !local && count > 2;
	char **command = arena_calloc(a, count, sizeof *command), **argv;
	for (size_t i = 1; i < count; i++)
		command[i - 1] = quote ? ssh_quote(words[i], a) : words[i];
	if (context->lab && lab_ssh_argv(a, inv->cluster.text, h->name, command, &argv, &err) < 0)
		return context_fail(context, &err);
	if (!context->lab)
		argv = local ? local_argv(context, command, count) : host_argv(context, h, command);
	fflush(stdout);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	err_system(&err, errno, "cannot run %s", argv[0]);
	return context_fail(context, &err);
}
