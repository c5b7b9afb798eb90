/*
 * inventory/fact-names: the facts about a host that `when` and `expect` may name, with their types. The model gives
 * them their values (model/class.h).
 */
#ifndef REEVE_INVENTORY_FACT_NAMES_H
#define REEVE_INVENTORY_FACT_NAMES_H

#include "expr/expr.h"

enum inv_fact {
	INV_FACT_NAME,
	INV_FACT_ARCH,
	INV_FACT_OS,
	INV_FACT_SUITE,
	INV_FACT_KERNEL,
	INV_FACT_CPUS,
	INV_FACT_SOCKETS,
	INV_FACT_CORES,
	INV_FACT_THREADS,
	INV_FACT_MEMORY,
	INV_FACT_SCRATCH,
	INV_FACT_GPUS,
	INV_FACT_CONTROLLER,
	INV_FACT_GPU,
	INV_FACT_SPEED,
	INV_FACT_INFINIBAND,
	INV_FACTS
};

/* By enum inv_fact, ended by a NULL name. */
extern const struct expr_name inv_fact_names[INV_FACTS + 1];

#endif
