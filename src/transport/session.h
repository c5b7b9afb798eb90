/*
 * session: one host of a fleet, from its first ssh to its bye. Internal to transport.
 *
 * Phases go forward only, but for one case: a kept connection that turns out to be dead sends a session back to
 * FLEET_NEW, once, to try with a connection of its own.
 */
#ifndef REEVE_TRANSPORT_SESSION_H
#define REEVE_TRANSPORT_SESSION_H

#include "base/mem.h"
#include "base/strbuf.h"
#include "transport/beat.h"
#include "transport/bootstrap.h"
#include "transport/budget.h"
#include "transport/channel.h"
#include "transport/fleet.h"
#include "transport/ssh.h"

enum { SESSION_ERRORS_MAX = 8192 };     /* bytes kept of stderr, the last ones */
enum { SESSION_QUEUE_MAX = 256 << 10 }; /* bytes of output waiting before the next frame is made */
enum { SESSION_MASTER_MS = 15000 };     /* a kept connection on which nothing comes for so long is dead */
enum { SESSION_HELLO_MAX = 4096 };      /* bytes */
enum { SESSION_SILENT_MS = 600000 };    /* a host that is at work says something in that time; apt does at each line */

#define SESSION_NONE SIZE_MAX

struct session {
	struct fleet *fleet;
	size_t index;
	struct fleet_target target;
	enum fleet_phase phase;
	struct err *error; /* NULL: none */
	struct fleet_hello hello;

	struct channel *channel; /* NULL: none */
	char nonce[BOOTSTRAP_NONCE + 1];
	struct strbuf input;  /* noise before the bootstrap's answer; then a frame that is not whole yet */
	struct strbuf errors; /* the end of stderr */
	char *fail;           /* what the bootstrap gave as reason */
	size_t prompts;       /* of sudo, answered */
	bool root;            /* the login is root, or nobody knows */
	bool asks;            /* `sudo -n` was refused there */
	bool gave, told;      /* it was sent the password; the operator was told so */
	bool heard, kept, cold;
	uint64_t start_ms, progress_ms, sent_ms, received_ms;
	uint64_t said_ms; /* something other than a heartbeat came or went */

	/* Requests of the round, as indexes into it: answers are awaited from `first` on, `sending` is the next to
	 * send. */
	size_t first, last, sending;
	size_t blob, secret; /* parts of `sending` that are out already */
	struct budget budget;
};

/* What sessions share. */
struct fleet {
	struct fleet_options options;
	struct arena *arena;
	struct ssh ssh;
	struct bootstrap bootstrap;
	int agent_fd; /* -1: none */
	struct wire_keys *keys;
	char key[65];
	uv_loop_t loop;
	uv_timer_t tick;
	struct channel_set channels;
	struct beat *beat; /* between rounds */
	struct session *sessions;
	size_t count;
	size_t connecting; /* sessions between FLEET_NEW and FLEET_OPEN */
	uint32_t last_id;
	uint64_t pumped_ms;

	/* The round that is going on. */
	struct fleet_request *requests;
	size_t *next; /* the next request to the same host */
	size_t pending;
};

/* Starts ssh or, on this machine, the bootstrap. Failure is the session's. */
void session_start(struct session *s);

/* session-login.c: starts it; the bootstrap says that `sudo -n` was refused; the password where it is asked for. */
int session_login(struct session *s, struct err *err);
int session_take_asks(struct session *s, struct err *err);
int session_answer_sudo(struct session *s, struct err *err);
struct ssh_dest session_dest(const struct session *s);
bool session_runs_directly(struct session *s); /* no bootstrap: this machine's own agent, by its descriptor */

extern const struct channel_ops session_ops;

/* Queues as much of the round's requests as may be waiting. */
void session_feed(struct session *s);

/* Heartbeats and bounds of time; called every 100 ms or so. */
void session_tick(struct session *s, uint64_t now);

/* Ends it as failed; its requests get the error. `why` gets no host name in front: fleet_error's callers have it. */
void session_fail(struct session *s, const struct err *why);

/* Ends it because a bound of time was passed, with whatever it had said as explanation. */
void session_fail_late(struct session *s);

void session_say_bye(struct session *s);

/* Frees what it holds; its channel is closed. */
void session_clear(struct session *s);

/* The round's part of a message or secret that came: session-answer.c. -1: the host broke the protocol. */
int session_take_answer(struct session *s, json_t *message, struct err *err);
int session_take_secret(struct session *s, const struct wire_frame *frame, struct err *err);
int session_take_hello(struct session *s, const json_t *message, struct err *err);

#endif
