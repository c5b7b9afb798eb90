/* why-table: reasons and states, and what they mean (why.h). */
#ifndef REEVE_SLURM_WHY_TABLE_H
#define REEVE_SLURM_WHY_TABLE_H

/* Which figures belong to a reason. */
enum why_figures {
	WHY_PLAIN,
	WHY_NODES,       /* the partition's nodes, and which of them fit */
	WHY_PRIORITY,    /* the jobs before it */
	WHY_TIME,        /* its time, and the partition's limit */
	WHY_NODE_LIMITS, /* its nodes, and the partition's limits */
	WHY_PARTITION,   /* the partition's state */
	WHY_DEPENDENCY,
	WHY_BEGIN,
	WHY_RESERVATION,
};

struct why_row {
	const char *name; /* as squeue prints it */
	enum why_figures figures;
	const char *what, *fix; /* fix NULL: nothing to do but to wait */
};

extern const struct why_row why_reasons[]; /* ended by a name of NULL */
extern const struct why_row why_states[];  /* of jobs that do not wait, likewise */

#endif
