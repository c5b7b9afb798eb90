/*
 * session: one operator's session with this host: frames in and out, requests in their order, heartbeats, and what
 * happens when the operator is gone.
 *
 * There is one thread. Whoever has to wait, waits in session_pump(), which meanwhile takes frames in, writes answers
 * out, sends heartbeats and looks after the children. Frames that come while a request is worked on are kept: blobs and
 * secrets at once in their stores, requests in a queue, all of it bounded.
 *
 * The operator is gone at end of file, after WIRE_DEAD_MS of silence, or when the protocol is broken. From then on no
 * child is started, children that do not run under the host's lock are killed, and those that do are waited for.
 */
#ifndef REEVE_AGENT_SESSION_H
#define REEVE_AGENT_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/blob.h"
#include "agent/lock.h"
#include "agent/root.h"
#include "agent/secret.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "wire/wire.h"

struct child;
struct services_kept;

enum { SESSION_QUEUE = 4096 };            /* requests sent ahead, at most */
enum { SESSION_QUEUED_BYTES = 64 << 20 }; /* of requests sent ahead, at most */
enum { SESSION_PENDING_OUT = 64 << 20 };  /* bytes of answers that wait to be written, before we wait */

struct session {
	int in, out;
	struct strbuf inbuf, outbuf;
	size_t sent; /* bytes of outbuf that are written */
	struct {
		json_t **items;
		size_t len, cap;
		size_t next, bytes;
	} queue;
	uint64_t last_in, last_out; /* clock_ms() */
	bool gone;                  /* the operator; see `why` */
	bool done;                  /* bye was said */
	char why[200];
	struct wire_keys *keys;
	struct root root;
	struct blobs blobs;
	struct secrets secrets;
	struct lock lock;
	struct child *children;         /* that have not ended */
	json_int_t request;             /* number of the request that is worked on */
	struct services_kept *services; /* agent/resource.h */
	bool units_changed;             /* a unit file was written since systemd was last told to read them */
};

/* Takes over the descriptors, makes the session's keys, opens the root ($REEVE_ROOT or "/"). */
int session_open(struct session *s, int in, int out, struct err *err);
void session_close(struct session *s);

/* Says hello, as the agent whose digest is `known`; NULL: it reads itself to find out. */
int session_hello(struct session *s, const struct digest *known, struct err *err);

/* Answers requests until bye (0) or until the operator is gone (-1, why in `err`). */
int session_serve(struct session *s, struct err *err);

/* Waits at most `timeout_ms` (-1: as long as it takes) for anything to happen, and takes care of it. */
void session_pump(struct session *s, int timeout_ms);

/* {"id": N, "event": event} for the request that is worked on. Steals `event`. Waits where too much waits to be
 * written. */
void session_event(struct session *s, json_t *event);

/* {"id": N, "event": {"id": resource, "progress": text}}: for a person who waits. */
void session_progress(struct session *s, const char *resource, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
