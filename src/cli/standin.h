/*
 * standin: the inventory as the lab stands in for it. Every host is a node of the lab with an IPv4 address there,
 * reached by ssh as root: also this machine itself (`address: local`) and hosts known by DNS names or IPv6 addresses,
 * which get addresses of their own; IPv4 addresses stay. The same file always gives the same addresses.
 */
#ifndef REEVE_CLI_STANDIN_H
#define REEVE_CLI_STANDIN_H

#include "inventory/inventory.h"
#include "lab/lab.h"

/* A copy in `arena` that shares with `inv` what is the same. ERR_LIMIT where there are no addresses left. */
const struct inventory *standin_inventory(const struct inventory *inv, struct arena *arena, struct err *err);

/* What the modules deploy, of all inventories the same: images are shared. */
struct lab_stock standin_stock(struct arena *arena);

/* The lab for an inventory from standin_inventory; all its nodes of `backend`, where that is not NULL. */
const struct lab_spec *standin_lab(const struct inventory *inv, const char *backend, struct arena *arena);

#endif
