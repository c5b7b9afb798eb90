/*
 * worker: work on files that may never answer (a file server that is dead, a mount that is made by looking), done by a
 * copy of the agent. The agent itself goes on meanwhile, waits so long and no longer, and leaves behind what cannot be
 * ended (child.h). The copy has no session and no lock; it ends with the agent.
 */
#ifndef REEVE_AGENT_WORKER_H
#define REEVE_AGENT_WORKER_H

#include <stddef.h>

#include "base/err.h"

struct child;
struct session;

/*
 * Calls `work` in a copy. What that leaves in `data` (`size` bytes, 32 KiB at most, without new pointers) comes back where
 * it gave 0, its err where it gave -1. ERR_TIMEOUT when `timeout_ms` have passed. Pumps the session.
 */
int worker_call(struct session *s, unsigned timeout_ms, int (*work)(struct session *s, void *data, struct err *err),
		void *data, size_t size, struct err *err);

/*
 * The same without waiting and without an end to its time, for work whose end is all that counts: `data` is the copy's own. NULL
 * where it cannot be started. The caller watches the child, and frees or leaves it (child.h).
 */
struct child *worker_start(struct session *s, int (*work)(struct session *s, void *data, struct err *err), void *data,
			   struct err *err);

/* For `work` alone: runs a program, and waits. What it says on stderr stands behind the err that worker_call() gives. */
int worker_run(struct session *s, const char *const *argv, struct err *err);

#endif
