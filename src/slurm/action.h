/*
 * action: the PowerAction lines of slurm.conf, from Slurm 26.05 on: programs with a name that RebootProgram and the like, and
 * scontrol(1), can give for a path (slurm.conf(5), POWERACTION CONFIGURATION). cluster.yaml has each as a text, "NAME Location=slurmd
 * Program=/sbin/reboot --force"; several are one value, with a line feed between.
 */
#ifndef REEVE_SLURM_ACTION_H
#define REEVE_SLURM_ACTION_H

#include <stdbool.h>

#include "base/mem.h"

struct slurm_action {
	const char *name;    /* letters, digits, '_', '-', '.' */
	bool on_nodes;       /* run by slurmd; otherwise by slurmctld */
	const char *program; /* with its arguments */
};

/* The next one of a value, of which `*rest` is what is not read yet: 1, 0 at the end, -1 where a text is not as above. In `arena`, and
 * changes the text. */
int slurm_action_next(char **rest, struct arena *arena, struct slurm_action *ret);

/* As a text of cluster.yaml. In `arena`. */
const char *slurm_action_text(const struct slurm_action *action, struct arena *arena);

/* Why a value is not some of these, one for each name; NULL: it is. */
const char *slurm_actions_fault(const char *value, struct arena *arena);

#endif
