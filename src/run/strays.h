/*
 * strays: jobs of a verification whose run was cut off. Slurm gives nodes to a job whose srun is dead, and nobody ends it then:
 * it would keep its nodes' memory from people's jobs for good.
 */
#ifndef REEVE_RUN_STRAYS_H
#define REEVE_RUN_STRAYS_H

#include "run/run.h"

/* Jobs of verifications have this name, and behind it the epoch of their run. */
#define STRAYS_NAME "reeve-verify-"

/* Ends those of earlier runs, where one was cut off (run->strays); for who has the lock, and once a slurmctld runs. Blocks until they are gone,
 * at most 10 s. What cannot be done is left: -1 only with ERR_CANCELLED. */
int strays_end(struct run *run, struct err *err);

#endif
