/*
 * why: why a job does not start, or how it ended, in words with the figures that belong to them. Pure: what squeue printed and
 * what is known of nodes and partitions in, sentences out.
 *
 * The reasons are those of squeue(1), JOB REASON CODES, and src/common/job_state_reason.c of 22.05 to 26.05. One that is not known here
 * is shown as it is.
 */
#ifndef REEVE_SLURM_WHY_H
#define REEVE_SLURM_WHY_H

#include "slurm/state.h"

/* A job, or the tasks of an array that squeue has on one line. NULL: it has none. */
struct slurm_why_job {
	const char *id, *state, *user, *account, *qos;
	const char *partitions; /* with commas */
	uint64_t nodes, cpus;   /* that it asks for, at least */
	uint64_t node_cpus;     /* of each node, at least */
	uint64_t memory_mib;    /* of each node, or of a CPU of it, at least; 0: not known */
	uint64_t priority;
	const char *memory, *features, *gres, *limit;
	const char *submitted, *starts, *ends;
	const char *on; /* the nodes that it runs on, or is expected to */
	const char *asked_nodes, *excluded_nodes, *reservation, *dependency;
	const char *reason;
};

/* `squeue` for one job, ready for exec with its number as the last argument; and for all that wait. Ended by NULL. */
extern const char *const slurm_why_argv[];
extern const char *const slurm_why_all_argv[];

/* ERR_PROTOCOL for a line that is not one of these commands'. In `arena`. */
int slurm_why_parse(const char *text, size_t len, struct arena *arena, struct slurm_why_job **ret, size_t *ret_count,
		    struct err *err);

struct slurm_why_scene {
	const struct slurm_node_state *nodes;
	size_t node_count;
	const struct slurm_partition_state *partitions;
	size_t partition_count;
	const struct slurm_reservation *reservations;
	size_t reservation_count;
	const struct slurm_why_job *waiting; /* all that wait, this one included */
	size_t waiting_count;
};

struct slurm_why {
	const char *what;           /* "it waits for nodes: all that fit are in use" */
	const char *const *figures; /* lines, NULL-terminated */
	const char *fix;            /* NULL: there is nothing to do but to wait */
};

/* Printable; in `arena`. */
struct slurm_why slurm_why_explain(const struct slurm_why_job *job, const struct slurm_why_scene *scene,
				   struct arena *arena);

#endif
