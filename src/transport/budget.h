/*
 * budget: what one host may send in one round: bytes, JSON values, events. Internal to transport.
 *
 * It follows from what the host is asked: an item's or a command's `max`, the number of resources. It is never more than
 * BUDGET_BYTES and BUDGET_VALUES, so that the worst a host can say costs less than 64 MiB. Who is over it is failed.
 */
#ifndef REEVE_TRANSPORT_BUDGET_H
#define REEVE_TRANSPORT_BUDGET_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

enum { BUDGET_BYTES = 12 << 20, BUDGET_VALUES = 100000, BUDGET_EVENTS = 20000 };

struct budget {
	size_t asked;  /* bytes at the beginning, for the message */
	size_t bytes;  /* left, of frames with their headers */
	size_t values; /* left, as json-text.h weighs them */
	size_t events; /* left */
};

/* What needs no question: heartbeats, a hello. */
void budget_begin(struct budget *b);

/* What the answer to a request may be on top of that. */
void budget_ask(struct budget *b, const json_t *request);

/* The next frame's header announces so many bytes. ERR_LIMIT where they are not left. */
int budget_take_bytes(struct budget *b, size_t bytes, struct err *err);
/* Is nothing in an answer ("ok") longer than the request's `max` of it? */
int budget_check(const json_t *request, const json_t *ok, struct err *err);

int budget_take_event(struct budget *b, struct err *err);

#endif
