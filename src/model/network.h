/*
 * network: what the cluster is to say about its nodes' network: features by speed, and the leaf switch of each.
 *
 * What a node says counts for that node alone. A link that is down, or a host that was not reached, keeps what the
 * record knows: a cable that is out for a minute changes no configuration.
 */
#ifndef REEVE_MODEL_NETWORK_H
#define REEVE_MODEL_NETWORK_H

#include "base/strbuf.h"
#include "model/cluster.h"

/* Nodes of a tree whose switch nobody knows are below a leaf of this name. */
#define NETWORK_UNPLACED "unplaced"

/* Sets h->network from its facts and the record. */
void network_resolve_host(struct cluster_host *h, bool accept);

/* Appends to `text` what its links are now that differs from the baseline; says whether that is less. */
bool network_compare(const struct cluster *c, const struct cluster_host *h, struct strbuf *text);

/* Sets the leaf and the part of each listed node where the topology is a tree, the part where it is blocks, with findings about those that have none; checks that
 * the release has the topology. Called when all hosts are resolved and the release is known. */
void network_resolve(struct cluster *c);

/*
 * The features that the network gives a node, with commas between: the class of its speed ("net10g": at least 10 and
 * less than 25 Gbit/s), and "ib" with InfiniBand. In the cluster's arena. NULL: none, or not wanted.
 */
const char *network_features(const struct cluster *c, const struct cluster_host *h);

/* How much `bandwidth` a node has, Mbit/s, by its class or else the network's rule; 0: none, or the speed of its link is not
 * known. */
unsigned network_bandwidth(const struct cluster *c, const struct cluster_host *h);

/* Is it asked for, if only for one class? */
bool network_wants_bandwidth(const struct inventory *inv);

/* The same as a node's GRES, "bandwidth:10000"; NULL: none. */
const char *network_gres(const struct cluster *c, const struct cluster_host *h);

/* "net10g" for a speed in Mbit/s; NULL below 100. */
const char *network_class(unsigned speed);

#endif
