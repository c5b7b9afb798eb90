/*
 * mountinfo: what is mounted where, from /proc/self/mountinfo (proc(5)): the kernel's own list. Nothing that is mounted is
 * touched to find out, so that a server that is dead hangs nobody.
 */
#ifndef REEVE_AGENT_MOUNTINFO_H
#define REEVE_AGENT_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/root.h"
#include "base/err.h"
#include "base/mem.h"

struct mountinfo_entry {
	const char *where, *source, *fstype; /* the kernel's escapes undone */
};

struct mountinfo {
	struct mountinfo_entry *items; /* what came later stands later, and on top of what it covers */
	size_t len, cap;
};

int mountinfo_read(const struct root *root, struct arena *arena, struct mountinfo *ret, struct err *err);

/* What is mounted at `where`, the last where several are; NULL: nothing. An automount of systemd's does not count. */
const struct mountinfo_entry *mountinfo_at(const struct mountinfo *m, const char *where);

/* Is an automount of systemd's there, whether it has mounted anything or not? */
bool mountinfo_is_watched(const struct mountinfo *m, const char *where);

/* What is mounted over `path`, an automount as well; NULL: nothing is known to be. */
const struct mountinfo_entry *mountinfo_over(const struct mountinfo *m, const char *path);

/* Would looking at `path` ask another machine, or mount something? Judged by what is mounted over it. */
bool mountinfo_is_remote(const struct mountinfo *m, const char *path);

#endif
