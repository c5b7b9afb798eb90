/*
 * remote: does the file server answer on which a path lies? Whoever looks at a file of one that is dead waits in the kernel
 * until it is back, and with the agent the whole run would. So before a path is touched, a worker asks the file system
 * that is mounted over it, and has some seconds. Judged by the kernel's list of mounts and the path as it is written: a
 * symbolic link that leads to such a server is not seen, nor one that dies between the question and its use.
 */
#ifndef REEVE_AGENT_REMOTE_H
#define REEVE_AGENT_REMOTE_H

#include <stdbool.h>

#include "agent/mountinfo.h"
#include "base/err.h"
#include "base/mem.h"

struct session;

/* What was found out in one request; zeroed but for the arena, which is borrowed. */
struct remote {
	struct arena *arena;
	struct mountinfo mounts;
	bool known; /* the list was read */
	struct {
		struct remote_mount {
			const char *where;
			bool answers;
		} * items;
		size_t len, cap;
	} asked;
};

/* 0: it may be touched. -1: ERR_TIMEOUT, with the mount and its server; or the operator is gone. Pumps the session, some
 * seconds for each mount that does not answer. */
int remote_check(struct session *s, struct remote *r, const char *path, struct err *err);

#endif
