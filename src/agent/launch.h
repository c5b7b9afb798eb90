/*
 * launch: the moment in which a child begins to exist: a process group and session of its own, three descriptors and
 * perhaps the host's lock as the fourth, signals as they are by default. Nothing here waits for it: child.c does, and
 * gives the limits.
 */
#ifndef REEVE_AGENT_LAUNCH_H
#define REEVE_AGENT_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct child_user;
struct sandbox;

/* Everything that the new process needs, made before it exists: after vfork(2) it may only call the kernel. */
struct launch {
	const char *program;
	char *const *argv;
	char *const *envp;
	int fds[3];
	int lock; /* -1: not inherited */
	bool dies_with_us;
	bool whole; /* with all that it starts: by a keeper (keeper.h), where the agent is root */
	const struct child_user *user;
	int (*call)(void *userdata); /* instead of a program, in a copy of this one; its exit status */
	void *userdata;
};

/* The process, -1 with errno. `sandbox` NULL: none. */
pid_t launch(const struct launch *l, const struct sandbox *sandbox);

#endif
