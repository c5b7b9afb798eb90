/*
 * gres: names in a Gres=, and what a changed gres.conf needs before it is in force.
 *
 * gres.conf(5): changes take effect at `scontrol reconfigure`, but for Type, which needs a restart of slurmctld and the
 * slurmds, and Cores, which needs one of slurmctld. The plugin for AutoDetect is loaded once (src/common/gpu.c). From 23.11 on a reconfigure starts new processes (scontrol(1)).
 */
#ifndef REEVE_SLURM_GRES_H
#define REEVE_SLURM_GRES_H

#include <stdbool.h>

#include "base/names.h"
#include "slurm/activation.h"

/* Either text may be NULL: no file. A device file that came or went is for a reconfigure; a type, cores or an AutoDetect that a
 * node did not have are for a restart. What else their number changes stands in slurm.conf, too. */
enum slurm_need slurm_gres_need(unsigned release, const char *old, const char *now);

/* ERR_LIMIT where a text names more nodes, or longer names, than any cluster has. Expands nothing. */
int slurm_gres_check(const char *text, struct err *err);

/*
 * The nodes whose AutoDetect differs between the two texts; in `arena`. slurmd then has their GPUs in another order: by file without,
 * by place on the PCI bus with it (gres_gpu.c, _sort_gpu_by_links_order), and jobs hold them by their place in it.
 */
void slurm_gres_reordered(const char *old, const char *now, struct arena *arena, struct names *ret);

/* Does a node's Gres= ("gpu:a100:8,scratch:100"; NULL: none) give some of `name`? */
bool slurm_gres_names(const char *gres, const char *name);

/* The highest core that a line of gres.conf names; -1: none. Cores are counted through the node (gres.conf(5)), not threads as
 * the operating system does; CPUs= is the old name of the same. */
long slurm_gres_highest_core(const char *line);

#endif
