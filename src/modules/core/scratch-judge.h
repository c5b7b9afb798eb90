/* scratch-judge: what the parts of scratch_judge() share; used by nobody else. */
#ifndef REEVE_MODULES_CORE_SCRATCH_JUDGE_H
#define REEVE_MODULES_CORE_SCRATCH_JUDGE_H

#include "modules/core/scratch.h"

struct scratch_work {
	struct arena *arena;
	struct scratch_verdict *verdict;
	bool live;                        /* compared with the running slurmctld */
	const struct scratch_live *known; /* what is not there any more does not count */
	size_t budget;
	unsigned char *bits; /* a bit a task of the array that is compared; a byte more */
	size_t tasks;        /* the highest of them, and one */
};

/* A finding of one report; one more than a report may have is nobody's. In the judge's arena; its subject is to be set. */
struct scratch_finding *scratch_find(struct scratch_work *j, enum scratch_kind kind, bool blocks, const char *text);

/* Finds what becomes of jobs, of two answers of squeue. ERR_PROTOCOL: one of them is none. */
int scratch_compare_jobs(struct scratch_work *j, const char *before_text, const char *after_text, struct err *err);

/* The same nodes, however they are written? False where that is more work than the judge has left. */
bool scratch_same_nodes(struct scratch_work *j, const char *a, const char *b);

#endif
