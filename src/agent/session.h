/*
 * session: one operator's session with this host: requests, answered in their order, and what was sent ahead for them.
 *
 * Frames that come while a request is worked on are kept: blobs and secrets at once in their stores, requests in a queue,
 * all of it bounded. Once the operator is gone (pump.h) no child is started, children that do not run under the host's lock
 * are ended, and those that do are waited for.
 */
#ifndef REEVE_AGENT_SESSION_H
#define REEVE_AGENT_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/blob.h"
#include "agent/lock.h"
#include "agent/pump.h"
#include "agent/remote.h"
#include "agent/root.h"
#include "agent/secret.h"
#include "base/err.h"
#include "wire/wire.h"

struct child;
struct services_kept;

enum { SESSION_QUEUE = 4096 };            /* requests sent ahead, at most */
enum { SESSION_QUEUED_BYTES = 64 << 20 }; /* of requests sent ahead, at most */

struct session {
	struct pump pump;
	struct {
		json_t **items;
		size_t len, cap;
		size_t next, bytes;
	} queue;
	bool done; /* bye was said */
	struct wire_keys *keys;
	struct root root;
	struct blobs blobs;
	struct secrets secrets;
	struct lock lock;
	struct child *children;         /* that have not ended */
	json_int_t request;             /* number of the request that is worked on */
	struct services_kept *services; /* agent/resource.h */
	struct remote remote;           /* which file servers answer */
	bool units_changed;             /* a unit file was written since systemd was last told to read them */
};

/* Takes over the descriptors, makes the session's keys, opens the root ($REEVE_ROOT or "/"). */
int session_open(struct session *s, int in, int out, struct err *err);
void session_close(struct session *s);

/* Says hello, as the agent whose digest is `known`; NULL: it reads itself to find out. */
int session_hello(struct session *s, const struct digest *known, struct err *err);

/* Answers requests until bye (0) or until the operator is gone (-1, why in `err`). */
int session_serve(struct session *s, struct err *err);

#endif
