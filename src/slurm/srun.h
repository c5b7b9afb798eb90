/*
 * srun: what srun(1) says on standard error when a job did not run. Pure; the texts are those of srun and of
 * src/common/slurm_errno.c, of 22.05 to 25.11.
 */
#ifndef REEVE_SLURM_SRUN_H
#define REEVE_SLURM_SRUN_H

#include <stdbool.h>

#include "base/mem.h"

enum slurm_srun_end {
	SLURM_SRUN_FAILED,  /* the job is refused as such, or it started and failed */
	SLURM_SRUN_NO_NODE, /* its nodes were not to be had in the time given */
	SLURM_SRUN_DENIED,  /* accounts, groups, QOS or a reservation keep this user out */
};

enum slurm_srun_end slurm_srun_end(const char *errors);

/* The first line that says what is wrong, without "srun: error: ". Printable, in `arena`; never empty. */
const char *slurm_srun_error(const char *errors, struct arena *arena);

/* Does a line of it put the blame on this node: "Task launch for StepId=4.0 failed on node c2: ..."? */
bool slurm_srun_blames(const char *errors, const char *node);

#endif
