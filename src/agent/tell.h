/* tell: what the operator hears while a request is worked on. Waits where too much waits to be written. */
#ifndef REEVE_AGENT_TELL_H
#define REEVE_AGENT_TELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct child;
struct session;

/* {"id": N, "event": event} for the request that is worked on. Steals `event`. */
void tell_event(struct session *s, json_t *event);

/* {"id": N, "event": {"id": resource, "progress": text}}: for a person who waits. */
void tell_progress(struct session *s, const char *resource, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * When to say how far it is: every two seconds at first, and the less often the longer it takes, but once a minute. What a host
 * may say in one request is bounded (transport/budget.h): this is less than 2,000 times a day. Zeroed to begin with.
 */
struct tell_pace {
	uint64_t begun, said; /* clock_ms() */
};
bool tell_due(struct tell_pace *pace);

/*
 * child_wait() of one that may take so long that an operator's side who hears nothing would give this host up: now and then it is
 * told what is being done, and for how long. Frees the child. 0 only where that succeeded; else as child_run().
 */
int tell_child(struct session *s, const char *resource, const char *doing, struct child *child, const char *name,
	       struct err *err);

#endif
