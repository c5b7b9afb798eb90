/*
 * pending: jobs that wait, and which of them a new slurm.conf would leave waiting for ever, that the old one would have
 * run. Pure: texts and trees in, names of jobs out.
 *
 * What is judged is what a partition and its nodes allow: time, nodes, names of nodes, memory, features, GRES. Jobs are
 * doubted as little as can be: where Slurm does not say what was asked for (a time that is the partition's own default,
 * features with brackets), the job counts as possible. Associations and QOS are not looked at.
 */
#ifndef REEVE_SLURM_PENDING_H
#define REEVE_SLURM_PENDING_H

#include <stdint.h>

#include "base/names.h"
#include "slurm/activation.h"

#define SLURM_UNLIMITED UINT64_MAX

struct slurm_pending {
	const char *id;
	const char *partitions;  /* with commas */
	uint64_t minutes;        /* of time; 0: not known */
	uint64_t nodes;          /* at least */
	uint64_t memory_mib;     /* of a node, or of one CPU of it; 0: not known */
	const char *features;    /* NULL: none */
	const char *gres;        /* of each node; NULL: none */
	const char *asked_nodes; /* NULL: none */
};

extern const char *const slurm_pending_argv[]; /* ready for exec; ended by NULL */

/* What that command printed; lines that are not of its form are left out. ERR_PROTOCOL for a text that is none. */
int slurm_pending_parse(const char *text, size_t len, struct arena *arena, struct slurm_pending **ret,
			size_t *ret_count, struct err *err);

enum slurm_wait_cause {
	SLURM_WAIT_PARTITION, /* its partition is no more */
	SLURM_WAIT_TIME,
	SLURM_WAIT_NODES,
	SLURM_WAIT_NODELIST,
	SLURM_WAIT_MEMORY,
	SLURM_WAIT_FEATURES,
	SLURM_WAIT_GRES,
	SLURM_WAIT_CAUSES
};

struct slurm_waits {
	struct names by_cause[SLURM_WAIT_CAUSES]; /* ids of jobs, in their order */
};

/* ERR_INPUT where node or partition lines cannot be expanded. */
int slurm_pending_waits(const struct slurm_conf *old, const struct slurm_conf *now, const struct slurm_pending *jobs,
			size_t count, struct arena *arena, struct slurm_waits *ret, struct err *err);

/* "exceed the new time limit of their partition": behind "2 pending jobs". */
const char *slurm_wait_text(enum slurm_wait_cause cause);

/* "100M", "1.50G", "512": mebibytes; 0: none, or not known. */
uint64_t slurm_mebibytes(const char *text);

/* Minutes of a time as slurm.conf(5) and squeue(1) write it; SLURM_UNLIMITED. 0: it is not one. Seconds count as a minute
 * begun. */
uint64_t slurm_minutes(const char *text);

#endif
