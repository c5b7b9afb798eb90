/*
 * secret: the bytes of the cluster's secrets (base/secret-row.h), on their way from where they are to the hosts that need them. They
 * are in locked memory, are wiped with the run, and leave it in frames only that are sealed for one session (wire/wire.h).
 */
#ifndef REEVE_RUN_SECRET_H
#define REEVE_RUN_SECRET_H

#include "run/run.h"

/*
 * In a cluster that was just resolved: reads those that are in files of the operator's, once in a run, and gives their fingerprints
 * to the cluster, as those of what this run made or read. A file that cannot be used is a finding of the cluster that stops.
 * Blocks on the disk.
 */
void secret_settle(struct run *run);

/* Makes the `place`th of the cluster's secrets of random bytes. */
void secret_make(struct run *run, size_t place);

/* The same from a file of the operator's, which nobody else may read. ERR_SYSTEM, ERR_REFUSED. */
int secret_read(struct run *run, size_t place, const char *path, struct err *err);

/*
 * All secrets that these resources need, to be sent beside them; in run's arena, the bytes the run's. What is not here yet is
 * fetched from the first of the holders that gives one with the right fingerprint: one that gives another, or none, is a finding
 * of that host. ERR_FAILED where nobody gives it.
 */
int secret_collect(struct run *run, const struct resource *const *resources, size_t count, struct fleet_secret **ret,
		   size_t *ret_count, struct findings *findings, struct err *err);

void secret_wipe(struct run *run);

#endif
