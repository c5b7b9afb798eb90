/*
 * pump: the one place where the agent waits. There is one thread; whoever has to wait, waits in pump_wait(), which meanwhile
 * takes frames in, writes out what is to be said, sends heartbeats, and has the children looked after. What the frames
 * mean, and which children there are, its owner knows (session.c).
 *
 * The operator is gone at end of file, after WIRE_DEAD_MS of silence, or when the owner says so because the protocol is broken. From
 * then on nothing is read or written.
 */
#ifndef REEVE_AGENT_PUMP_H
#define REEVE_AGENT_PUMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "wire/wire.h"

struct pollfd;

enum { PUMP_PENDING_OUT = 64 << 20 }; /* bytes that wait to be written, before pump_drain() waits */

struct pump_ops {
	/* A whole frame, borrowed. -1: the protocol is broken, and the operator gone with err's text. */
	int (*on_frame)(void *owner, const struct wire_frame *frame, struct err *err);
	/* What else to wait for: fills at most `max`, lowers `*next_deadline` (clock_ms(); 0: none), and is told what came. */
	size_t (*prepare)(void *owner, struct pollfd *fds, size_t max, uint64_t *next_deadline);
	void (*handle)(void *owner, const struct pollfd *fds, size_t count);
};

struct pump {
	int in, out;
	struct strbuf inbuf, outbuf;
	size_t sent;                /* bytes of outbuf that are written */
	uint64_t last_in, last_out; /* clock_ms() */
	bool gone;                  /* the operator; see `why` */
	char why[200];
	const struct pump_ops *ops;
	void *owner;
};

/* Takes over the descriptors. The caller closes it where this failed, too. */
int pump_open(struct pump *p, int in, int out, const struct pump_ops *ops, void *owner, struct err *err);
void pump_close(struct pump *p);

/* Waits at most `timeout_ms` (-1: as long as it takes) for anything to happen, and takes care of it. */
void pump_wait(struct pump *p, int timeout_ms);

/* Puts a message, steals it, and waits until not too much is still to be written. */
void pump_say(struct pump *p, json_t *message);

/* The same for a text that is a message already. */
void pump_say_text(struct pump *p, const char *text, size_t len);

/* The first reason stays. */
void pump_lose(struct pump *p, const char *why);

/* -1 and ERR_CANCELLED where the operator is gone, 0 otherwise. */
int pump_check(const struct pump *p, struct err *err);

#endif
