/*
 * begun: what a run is at, in /var/lib/reeve/begun: its holder, since when, what it is, and its step, a line each. It is written
 * when a run begins a step and removed when the run has come to its end; so one that is there while nobody holds the lock is
 * of a run that was cut off, however that came about. It is not synced: after a loss of power it may be empty, and then somebody
 * was at something.
 */
#ifndef REEVE_AGENT_BEGUN_H
#define REEVE_AGENT_BEGUN_H

#include <jansson.h>

#include "agent/lock.h"

#define BEGUN_FILE STATE_DIR "/begun"

/* The run that has the lock begins this step. ERR_REFUSED without the lock. */
int begun_mark(const struct lock *l, const struct root *root, const char *step, struct err *err);

/* It has come to its end. */
int begun_clear(const struct root *root, struct err *err);

/* {"held": does somebody else hold the lock, "holder": the text in the lock file, "begun": this file's or left out}. */
json_t *begun_answer(const struct lock *l, const struct root *root);

#endif
