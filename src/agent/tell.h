/* tell: what the operator hears while a request is worked on. Waits where too much waits to be written. */
#ifndef REEVE_AGENT_TELL_H
#define REEVE_AGENT_TELL_H

#include <jansson.h>

struct session;

/* {"id": N, "event": event} for the request that is worked on. Steals `event`. */
void tell_event(struct session *s, json_t *event);

/* {"id": N, "event": {"id": resource, "progress": text}}: for a person who waits. */
void tell_progress(struct session *s, const char *resource, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
