/*
 * seed: the files that make a node itself: names, address, keys, machine-id, resolvers. They lie in a directory like
 * the root of the node's file system, from which the node takes them once.
 */
#ifndef REEVE_LAB_SEED_H
#define REEVE_LAB_SEED_H

#include "base/err.h"
#include "lab/place.h"
#include "lab/roster.h"

/* A 128 bit identity (machine-id(5)) that is the same whenever this node of this lab is made anew. */
const char *seed_machine_id(const struct place *p, const char *node);

/* Writes them to `dir` of the node's directory, which is made where it is missing. The lab's keys exist. */
int seed_write(const struct place *p, const struct roster *r, const struct roster_node *n, const char *dir,
	       const char *hosts, struct err *err);

#endif
