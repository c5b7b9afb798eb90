/* power: nodes are switched on. Internal to lab. */
#ifndef REEVE_LAB_POWER_H
#define REEVE_LAB_POWER_H

#include "lab/work.h"

/* Starts a node that does not run, and waits until it answers; errors are those of wait_nodes() and of its backend. */
int power_on(struct work *w, struct roster_node *n, struct err *err);

/* Starts all that do not run, without waiting. Those that run get their cable back, and the names of all nodes. */
int power_on_all(struct work *w, struct err *err);

#endif
