/*
 * cgroups: one control group of its own for each node, in every hierarchy, where PID 1 is not systemd: without it the
 * systemds of all nodes share one group and stop each other's services, and what slurmd makes (slurm_NODE) stays on the
 * machine. Where PID 1 is systemd, systemd-nspawn asks it for a scope and there is nothing to do here.
 */
#ifndef REEVE_LAB_CGROUPS_H
#define REEVE_LAB_CGROUPS_H

#include <stdbool.h>

#include "base/err.h"
#include "lab/place.h"

/* Is PID 1 systemd? (sd_booted(3)) */
bool cgroups_systemd(void);

/* Makes the node's groups and puts the calling process into them. `memory_mib`: what all of the node may use; 0: all that
 * there is. */
int cgroups_enter(const struct place *p, const char *node, unsigned long memory_mib, struct err *err);

/* Thaws what is frozen in the node's groups (NULL: the lab's), so that it can end. */
int cgroups_thaw(const struct place *p, const char *node, struct err *err);

/*
 * SIGKILL to every process in the node's groups (NULL: the lab's): when a systemd-nspawn is killed its container goes
 * on without it. Where PID 1 is systemd, it is asked to stop the node's scope; that needs a node.
 */
int cgroups_kill(const struct place *p, const char *node, struct err *err);

/* Removes the node's groups (NULL: the lab's) with all beneath. Waits a second for processes that are ending. */
int cgroups_remove(const struct place *p, const char *node, struct err *err);

#endif
