/*
 * labctl: the lab's library from the command line, without cluster.yaml, for its own test.
 *
 *	labctl up CLUSTER NAME=ADDRESS[/SUITE[/ARCH[/BACKEND]]]...    with one directory shared at /mnt/nfs
 *	labctl down CLUSTER [purge]
 *	labctl status CLUSTER          NAME ADDRESS up|off ssh|- cut|- LEADER, a line each
 *	labctl fault CLUSTER NODE FAULT            (a word of lab/fault.h)
 *	labctl ssh CLUSTER NODE [COMMAND...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/standin.h"
#include "lab/fault.h"
#include "lab/lab.h"

static void tell(void *context, const char *node, const char *text)
{
	(void)context;
	fprintf(stderr, "%s%s%s\n", node ? node : "", node ? ": " : "", text);
}

static int failed(const struct err *err)
{
	fprintf(stderr, "labctl: %s\n", err->text);
	return 1;
}

static int up(const char *cluster, int count, char **words)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct lab_node *nodes = arena_calloc(arena, (size_t)count + 1, sizeof *nodes);
	struct lab_bind bind = {.name = "nfs", .path = "/mnt/nfs"};
	struct err err = {0};

	for (int i = 0; i < count; i++) {
		nodes[i].name = strsep(&words[i], "=");
		nodes[i].address = strsep(&words[i], "/");
		nodes[i].suite = strsep(&words[i], "/");
		nodes[i].arch = strsep(&words[i], "/");
		nodes[i].backend = words[i];
		if (!nodes[i].address)
			return fprintf(stderr, "labctl: NAME=ADDRESS\n"), 64;
	}
	struct lab_spec spec = {.cluster = cluster,
				.nodes = nodes,
				.node_count = (size_t)count,
				.binds = &bind,
				.bind_count = 1,
				.stock = standin_stock(arena)};
	return lab_up(&spec, tell, NULL, &err) < 0 ? failed(&err) : 0;
}

static int status(const char *cluster)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct lab_status s;
	struct err err = {0};

	if (lab_status(arena, cluster, &s, &err) < 0)
		return failed(&err);
	for (size_t i = 0; i < s.node_count; i++)
		printf("%s %s %s %s %s %d\n", s.nodes[i].name, s.nodes[i].address, s.nodes[i].running ? "up" : "off",
		       s.nodes[i].ssh ? "ssh" : "-", s.nodes[i].cut ? "cut" : "-", (int)s.nodes[i].leader);
	return 0;
}

static int enter(const char *cluster, const char *node, char **command)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct err err = {0};
	char **argv;

	if (lab_ssh_argv(arena, cluster, node, command, &argv, &err) < 0)
		return failed(&err);
	execvp(argv[0], argv);
	perror(argv[0]);
	return 1;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	const struct fault *fault;
	bool heal;

	if (argc >= 4 && streq(argv[1], "up"))
		return up(argv[2], argc - 3, argv + 3);
	if (argc >= 3 && streq(argv[1], "down"))
		return lab_down(argv[2], argc > 3, tell, NULL, &err) < 0 ? failed(&err) : 0;
	if (argc == 3 && streq(argv[1], "status"))
		return status(argv[2]);
	if (argc == 5 && streq(argv[1], "fault") && (fault = fault_named(argv[4], &heal)))
		return fault_do(fault, heal, argv[2], argv[3], tell, NULL, &err) < 0 ? failed(&err) : 0;
	if (argc >= 4 && streq(argv[1], "ssh"))
		return enter(argv[2], argv[3], argv + 4);
	fprintf(stderr, "usage: labctl up|down|status|fault|ssh CLUSTER ...\n");
	return 64;
}
