/* key: the cluster's MUNGE key, fetched from a host that holds it. */
#ifndef REEVE_RUN_KEY_H
#define REEVE_RUN_KEY_H

#include "run/gather.h"

/*
 * Sets `*key` (sodium_malloc, the caller's) unless it is set: the one that was made, or that of the first of the holders that gives one
 * with the right fingerprint. One that gives another, or none, is a finding of that host. ERR_FAILED where nobody gives it.
 */
int key_fetch(struct gathered *g, unsigned char **key, size_t *len, struct findings *findings, struct err *err);

#endif
