/* model/beside: what each host needs beside slurm.conf: what to ask it for, and what speaks against it. Pure. */
#ifndef REEVE_MODEL_BESIDE_H
#define REEVE_MODEL_BESIDE_H

#include "facts/facts.h"
#include "inventory/inventory.h"
#include "slurm/beside.h"

/* What the parameters of `slurm:` name for a host of this role. In `arena`. */
const struct slurm_besides *beside_of(const struct inventory *inv, bool controller, bool compute, struct arena *arena);

/* From 25.05 on read in place of topology.conf where it is there (topology.yaml(5)). */
#define BESIDE_TOPOLOGY "/etc/slurm/topology.yaml"

/* Sets paths, names and plugins of the scope. */
void beside_scope(const struct inventory *inv, const struct inv_host *host, struct arena *arena,
		  struct facts_scope *scope);

#endif
