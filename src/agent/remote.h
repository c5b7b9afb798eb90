/*
 * remote: does the file server answer on which a path lies? Whoever looks at a file of one that is dead waits in the kernel
 * until it is back, and with the agent the whole run would. So before a path is touched, a worker asks the file system
 * that is mounted over it, and has some seconds. Judged by the kernel's list of mounts and the path as it is written: a
 * symbolic link that leads to such a server is not seen, nor one that dies between the question and its use.
 *
 * Each mount is asked once in a request. A worker whose time is up is not ended: it waits on for the server, for as long as
 * the session lasts, and as long as it does everybody who wants to know has the answer at once. A session waits for a dead
 * server those seconds and no more, whatever it is asked; and one that is back answers again. Mounts are asked beside each
 * other.
 */
#ifndef REEVE_AGENT_REMOTE_H
#define REEVE_AGENT_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/mountinfo.h"
#include "base/err.h"
#include "base/mem.h"

struct child;
struct session;

/* A session's; zeroed at first. */
struct remote {
	struct arena *arena; /* of the list; NULL: it was not read for this request */
	struct mountinfo mounts;
	struct {
		struct remote_mount {
			char *where, *source;
			struct child *worker; /* NULL: it came back */
			uint64_t until;       /* when its time is up, clock_ms() */
			bool waited;          /* longer than that, once */
		} * items;
		size_t len, cap;
	} asked;
};

enum remote_patience {
	REMOTE_SECONDS, /* what looks */
	REMOTE_MINUTE, /* what must be done: the run itself may have started the server, and clients find that out slowly */
};

/* A new request, or a step that may have mounted something: what answered is asked anew. */
void remote_renew(struct session *s);

/* Begins to ask about the mount over `path`, where it is one of a network; does not wait. */
void remote_ask(struct session *s, const char *path);

/* 0: it may be touched. -1: ERR_TIMEOUT, with the mount and its server; or the operator is gone. Pumps the session, some
 * seconds, or a minute once, for all mounts that do not answer together. */
int remote_check(struct session *s, const char *path, enum remote_patience patience, struct err *err);

/* Leaves the workers that still wait to their end. */
void remote_end(struct session *s);

#endif
