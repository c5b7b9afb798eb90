/*
 * clash: what parameters of slurm.conf mean beside each other: what every daemon refuses, and what has no effect,
 * which slurmctld says in its log at most. Each value fits its own parameter (param.h).
 *
 * From slurm.conf(5) and, at slurm-22-05-11-1, 24-11-7-1 and 25-05-8-1, src/common/read_config.c (the parsers, and
 * _validate_and_set_defaults), src/slurmctld/read_config.c (_build_single_partitionline_info), controller.c
 * (qos_list_build), src/slurmd/slurmd/slurmd.c and the plugins in src/plugins/preempt. Only what is certain in all of them is said.
 */
#ifndef REEVE_SLURM_CLASH_H
#define REEVE_SLURM_CLASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct slurm_setting {
	const char *key, *value;
};

struct slurm_settings {
	const struct slurm_setting *items;
	size_t len;
};

struct slurm_clash {
	bool refused;     /* no daemon starts with it; else something has no effect */
	size_t index;     /* of the setting that it is about */
	const char *text; /* one sentence */
	const char *fix;  /* NULL: none */
};

struct slurm_clashes {
	struct slurm_clash *items;
	size_t len, cap;
};

/* What is wrong among the global parameters; `index` counts in `globals`. In `arena`. */
void slurm_clash_globals(const struct slurm_settings *globals, struct arena *arena, struct slurm_clashes *out);

/* What is wrong with a partition's parameters, by themselves and beside the global ones; `index` counts in `own`. */
void slurm_clash_partition(const struct slurm_settings *globals, const struct slurm_settings *own, struct arena *arena,
			   struct slurm_clashes *out);

/* What is wrong with parameters of nodes beside the global ones; `index` counts in `own`. */
void slurm_clash_node(const struct slurm_settings *globals, const struct slurm_settings *own, struct arena *arena,
		      struct slurm_clashes *out);

/* PriorityTier of a partition, as its parameters say (slurm.conf(5): 1 where they do not). */
unsigned long slurm_clash_tier(const struct slurm_settings *own);

/* Which setting it is that makes partitions of higher PriorityTier preempt: PreemptType=preempt/partition_prio. SIZE_MAX:
 * none. */
size_t slurm_clash_by_tier(const struct slurm_settings *globals);

#endif
