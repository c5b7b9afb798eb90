/* tables: the tables behind param.h, each ended by a NULL name, sorted by name without case. Private to src/slurm. */
#ifndef REEVE_SLURM_TABLES_H
#define REEVE_SLURM_TABLES_H

#include "slurm/param.h"

extern const struct slurm_param slurm_table_global[];
extern const struct slurm_param slurm_table_node[];
extern const struct slurm_param slurm_table_partition[];
extern const struct slurm_param slurm_table_cgroup[];
extern const struct slurm_param slurm_table_gres[];

#endif
