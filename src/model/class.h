/*
 * class: what a host's facts make of it: the first class of cluster.yaml that fits. Pure.
 */
#ifndef REEVE_MODEL_CLASS_H
#define REEVE_MODEL_CLASS_H

#include "facts/facts.h"
#include "inventory/inventory.h"

/* The first class whose `when` holds; NULL: none does. `unsure` (may be NULL): the first one before it whose `when` can
 * be neither true nor false, because it names a fact that is not known; NULL: there is none. */
const struct inv_class *class_of(const struct inventory *inv, const struct inv_host *host, const struct facts *facts,
				 const struct inv_class **unsure);

/* Why `class` is not the host's: the part of its `when` that does not hold, with the value; NULL where it holds. In
 * `arena`. */
const char *class_why_not(const struct inv_class *class, const struct inv_host *host, const struct facts *facts,
			  struct arena *arena);

/* What the class expects and the host does not hold; NULL: nothing. In `arena`. */
const char *class_unexpected(const struct inv_class *class, const struct inv_host *host, const struct facts *facts,
			     struct arena *arena);

#endif
