/* wait: until nodes that were started answer. Internal to lab. */
#ifndef REEVE_LAB_WAIT_H
#define REEVE_LAB_WAIT_H

#include "lab/work.h"

/*
 * Waits for the sshds of `count` nodes from `first` on, at most wait_s seconds (0: what their backends and architectures want), and
 * tells of each that answers. ERR_TIMEOUT names those that did not, or ended.
 */
int wait_nodes(struct work *w, const struct roster_node *first, size_t count, unsigned wait_s, struct err *err);

#endif
