/*
 * sandbox: a command in namespaces of its own, over mounts of its own. Everything that was made there (mounts,
 * interfaces, processes) belongs to those namespaces and ends with them; with a PID namespace, a small init in it makes
 * sure that they end when the command does, and when the agent does.
 *
 * With a mount namespace the whole file system is read-only in it, but for its tmpfs and what is bound "rw".
 */
#ifndef REEVE_AGENT_SANDBOX_H
#define REEVE_AGENT_SANDBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct sandbox_bind {
	const char *from, *to;
	bool read_only;
};

struct sandbox {
	int flags;            /* CLONE_NEW* of unshare(2) */
	const char *hostname; /* NULL: as it is */
	const char *address;  /* "10.0.0.1/24", NULL: none */
	const char *const *tmpfs;
	size_t tmpfs_count;
	const struct sandbox_bind *binds;
	size_t bind_count;
};

enum { SANDBOX_INSIDE, SANDBOX_OUTSIDE };

/* Reads wire/wire.h's SANDBOX, with everything checked. Strings are copied to the arena. */
int sandbox_decode(const json_t *json, struct arena *arena, struct sandbox *ret, struct err *err);

/*
 * In a process forked for it: makes the sandbox and goes in. SANDBOX_INSIDE: go on and exec. SANDBOX_OUTSIDE: this
 * process waited outside, and *ret_status is how the command ended (waitpid(2)). -1: it could not be made.
 */
int sandbox_enter(const struct sandbox *sandbox, int *ret_status, struct err *err);

/* net.c: brings lo up, and adds the address to a new dummy interface, or to lo where the kernel has none. */
int net_set_up(const char *address, struct err *err);

#endif
