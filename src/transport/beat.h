/*
 * beat: heartbeats while the caller of a fleet does something else. Internal to transport.
 *
 * Agents take an operator's side that is silent for WIRE_DEAD_MS for dead, and what is done between two rounds (reading
 * what a thousand hosts said, a plan, a question to a person) has no bound in time. So a thread writes a heartbeat to
 * each open session every WIRE_BEAT_MS / 2 between rounds, and does nothing else: it knows descriptors only, and a
 * heartbeat is written whole or not at all (five bytes into a pipe). In rounds the event loop sees to it.
 */
#ifndef REEVE_TRANSPORT_BEAT_H
#define REEVE_TRANSPORT_BEAT_H

#include <stddef.h>

struct beat;

struct beat *beat_new(void);
void beat_free(struct beat *beat); /* NULL is fine */

/* From now on, to these: non-blocking pipes that are open until beat_end or beat_drop. They are copied. */
void beat_begin(struct beat *beat, const int *fds, size_t count);

/* Once these return, nothing is written any more: to any of them, or to that one. */
void beat_end(struct beat *beat);
void beat_drop(struct beat *beat, int fd);

#endif
