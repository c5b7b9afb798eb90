/*
 * fleet: sessions with the agents on many hosts, and rounds of requests over them.
 *
 * A fleet is connected once: for each host one ssh (or, for this machine itself, the agent directly), the agent
 * brought there where it is missing (transport/bootstrap.h), its hello read. Then the caller makes rounds: requests to
 * any of the hosts, answered in parallel. Every call blocks until its round is over, so that a command reads from top
 * to bottom; inside, an event loop serves all sessions at once.
 *
 * Guarantees: no call takes longer than its timeout (and 200 ms). A host that fails (its ssh ends, it breaks the
 * protocol, it is silent for WIRE_DEAD_MS, it misses the deadline of a round) is FLEET_FAILED with the cause from then
 * on, is never reconnected, and holds nobody else up. What a host sends is bounded and checked; nothing of it is
 * trusted. Memory: the bytes of blobs and messages are borrowed and shared, each session has at most 256 KiB (or one
 * frame) of output waiting.
 *
 * Not guaranteed: that a request whose host failed was not carried out.
 *
 * Not for use from two threads. SIGPIPE is ignored from fleet_new on. Children run in sessions of their own, so that
 * Ctrl-C on the terminal reaches reeve only.
 */
#ifndef REEVE_TRANSPORT_FLEET_H
#define REEVE_TRANSPORT_FLEET_H

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/hash.h"
#include "wire/wire.h"

struct fleet;

/* All strings are borrowed until fleet_free. */
struct fleet_target {
	const char *name;    /* in messages, and for ssh where there is no address */
	const char *address; /* what ssh is told to connect to (ssh_config applies to it); NULL: name */
	const char *user;    /* NULL: ssh's own default */
	unsigned port;       /* 0: ssh's own default */
	bool local;          /* this machine, without ssh */
};

enum fleet_phase {
	FLEET_NEW,        /* not tried yet */
	FLEET_CONNECTING, /* ssh runs; nothing heard of the bootstrap */
	FLEET_PUSHING,    /* the agent is being copied */
	FLEET_STARTING,   /* the agent was started; no hello yet */
	FLEET_OPEN,       /* ready for requests */
	FLEET_CLOSED,     /* after fleet_bye */
	FLEET_FAILED,     /* see fleet_error */
};

struct fleet_options {
	const char *ssh;         /* program; NULL: $REEVE_SSH, else "ssh" */
	const char *ssh_config;  /* ssh -F: the lab's, which names its own known_hosts; NULL: the user's */
	const char *known_hosts; /* reeve's own trust file (transport/trust.h); NULL: trust_default_path(), or none with
				    an ssh_config */
	const char *agent_dir;   /* where reeve-agent and reeve-agent-arm64 are; NULL: $REEVE_AGENT_DIR, else beside the
				    program itself, else ../libexec/reeve from there */
	const char *control_dir; /* for ssh's kept connections; NULL: a private one is made; "none": keep none */
	const char *sudo_password;   /* where the login is not root: given to sudo when it asks; NULL: `sudo -n` */
	unsigned connect_timeout_ms; /* for one host, from its start to its hello without the copy; 0: 30,000 */
	unsigned
	    silent_ms; /* a host that was asked something and sends nothing but heartbeats for so long is failed; 0:
			       600,000 */
	volatile sig_atomic_t
	    *cancel; /* when it is not 0, what blocks returns ERR_CANCELLED within 200 ms; NULL: none */
	/* Callbacks must not call functions of the fleet that change it. */
	void (*on_phase)(void *data, size_t host, enum fleet_phase phase);
	void (*on_warning)(void *data, size_t host, const char *text); /* host SIZE_MAX: about all of them */
	void (*on_tick)(void *data); /* several times a second while a call of the fleet blocks */
	void *data;
};

/* What an agent said of itself. Checked for form, not for truth; `uid` is 0 unless it runs in a scratch root. */
struct fleet_hello {
	struct digest agent;
	char arch[32]; /* "x86_64", "aarch64" */
	char key[65];  /* public key of the session, hex */
	uint64_t uid;
	bool pushed;         /* the agent was copied in this run */
	unsigned connect_ms; /* from the start of ssh to the hello */
};

/*
 * Finds ssh, the agents and the directories; connects to nobody. `targets` and `options` are copied, not their
 * strings. NULL: ERR_MISSING where the agent for this architecture cannot be found, ERR_SYSTEM.
 */
struct fleet *fleet_new(const struct fleet_target *targets, size_t count, const struct fleet_options *options,
			struct err *err);

/* Ends what is left of the sessions (SIGTERM to ssh) and frees all. Waits at most 1 s. NULL is fine. */
void fleet_free(struct fleet *fleet);

/*
 * Connects all hosts that are FLEET_NEW: at most 64 at a time. Returns when each is FLEET_OPEN or FLEET_FAILED;
 * a host that is not open after timeout_ms is failed. -1 only where all was stopped: ERR_CANCELLED.
 */
int fleet_connect(struct fleet *fleet, unsigned timeout_ms, struct err *err);

/*
 * Goes on connecting until each of `hosts` (by index; NULL: all) is open or failed, or timeout_ms are over; fails nobody
 * for being late. The others go on, here and in rounds; fleet_connect() ends it. -1: ERR_CANCELLED, as there.
 */
int fleet_await(struct fleet *fleet, const bool *hosts, unsigned timeout_ms, struct err *err);

size_t fleet_count(const struct fleet *fleet);
const char *fleet_name(const struct fleet *fleet, size_t host);
enum fleet_phase fleet_phase(const struct fleet *fleet, size_t host);
const char *fleet_phase_name(enum fleet_phase phase); /* "connecting", ... */

/* Why it failed; code ERR_NONE where it did not. */
const struct err *fleet_error(const struct fleet *fleet, size_t host);

/* NULL before the hello came. */
const struct fleet_hello *fleet_hello(const struct fleet *fleet, size_t host);

/* The public key, hex, that secrets for the operator's side are to be sealed for ("for" of the verb `secret`). */
const char *fleet_key(const struct fleet *fleet);

/* Sent before the request's message; the agent keeps them by digest. Borrowed until the round is over. */
struct fleet_blob {
	struct digest digest;
	const void *bytes;
	size_t len; /* at most WIRE_MAX - DIGEST_HEX */
};

/* Sent before the request's message, sealed for the session of its host. Borrowed until the round is over. */
struct fleet_secret {
	const char *name;
	const void *bytes;
	size_t len;
};

struct fleet_request {
	size_t host;
	const json_t *message; /* object with "verb"; "id" is added on the way. May be shared between requests */
	const struct fleet_blob *blobs;
	size_t blob_count;
	const struct fleet_secret *secrets;
	size_t secret_count;
	void (*on_event)(void *data, struct fleet_request *request, const json_t *event); /* NULL: dropped */
	void (*on_answer)(void *data, struct fleet_request *request); /* when it came, for who shows it; NULL: nobody */
	void *data;

	/* What became of it, set by fleet_round. */
	json_t *answer;        /* the "ok" object; NULL where it failed. Freed by fleet_request_clear */
	struct err error;      /* ERR_NONE where it succeeded */
	char error_code[33];   /* the agent's own code where the agent refused it; else "" */
	int64_t answered_ms;   /* wall clock, when the answer came; 0: none came */
	unsigned char *secret; /* one received with the answer, opened (sodium_malloc); NULL: none */
	size_t secret_len;
	char secret_name[WIRE_SECRET_NAME + 1];

	uint32_t id; /* fleet's own */
};

/*
 * Sends all requests and returns when each has an answer or an error. Requests to one host are sent ahead and answered
 * in their order. A host that has not answered all of its requests after timeout_ms is failed (ERR_TIMEOUT) and left
 * behind; requests to hosts that are not open fail with the host's error. An error that the agent answers with fails
 * the request, not the host.
 *
 * Returns 0 when the round is over, however its requests ended; -1 with ERR_CANCELLED (then requests without answer
 * have that error, and the hosts are failed).
 */
int fleet_round(struct fleet *fleet, struct fleet_request *requests, size_t count, unsigned timeout_ms,
		struct err *err);

/*
 * The same for questions that take all hosts about as long: a host keeps the others waiting for no more than four times what
 * half of the requests took, or FLEET_PATIENCE_MS where that is longer.
 */
enum { FLEET_PATIENCE_MS = 20000 };
int fleet_ask(struct fleet *fleet, struct fleet_request *requests, size_t count, unsigned timeout_ms, struct err *err);

/* Frees what fleet_round put into it and makes it ready for another round. */
void fleet_request_clear(struct fleet_request *request);

/* Serves heartbeats for `ms`: for a caller that has to wait for something else than an answer. -1: ERR_CANCELLED. */
int fleet_pump(struct fleet *fleet, unsigned ms, struct err *err);

/* Fails one host from outside ("left behind"), closing its session. The text of `why` is copied. */
void fleet_fail(struct fleet *fleet, size_t host, const struct err *why);

/* Says bye to all that are open and waits for their end, at most timeout_ms; what is left is killed. Ignores `cancel`.
 */
void fleet_bye(struct fleet *fleet, unsigned timeout_ms);

static inline void fleet_freep(struct fleet **fleet)
{
	fleet_free(*fleet);
}
#define _cleanup_fleet_ __attribute__((cleanup(fleet_freep)))

#endif
