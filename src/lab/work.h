/*
 * work: what one function of the lab holds while it works on one: its place on the disk, its lock, its roster, and who is told.
 * Internal to lab.
 */
#ifndef REEVE_LAB_WORK_H
#define REEVE_LAB_WORK_H

#include <stdint.h>

#include "lab/place.h"
#include "lab/roster.h"

struct work {
	struct place place;
	struct roster roster; /* the caller's to load or make */
	lab_progress *progress;
	void *context;  /* of progress */
	uint64_t start; /* clock_ms() */
};

/*
 * Sets up the place, in `arena`, and takes the lab's lock, which may be waited for: the descriptor that holds it, or -1.
 * ERR_REFUSED without root. `progress` and `context` are the caller's to set before.
 */
int work_open(struct work *w, struct arena *arena, const char *cluster, struct err *err);

/* Tells it, where somebody is there to be told; `node` NULL: of the lab as a whole. */
void work_say(struct work *w, const char *node, const char *text);

#endif
