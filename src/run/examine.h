/*
 * examine: the diagnoses of doctor/doctor.h over the cluster of a run: one round with all questions, sent to all
 * hosts at once, and the judges.
 */
#ifndef REEVE_RUN_EXAMINE_H
#define REEVE_RUN_EXAMINE_H

#include "model/finding.h"
#include "run/run.h"

/*
 * Adds to `findings`, which may hold some already (the cluster's own: they explain and are explained, too). `chosen`: by
 * host index, of whom; NULL: of all. A host that does not answer in time is a finding. Blocks for at most 10 s, and no
 * longer than the slowest host that answers; where something is found that may pass by itself, and nothing explains it,
 * slurmctld is asked again for up to 3 s more (run->live). -1 only where all was stopped: ERR_CANCELLED.
 */
int examine(struct run *run, const bool *chosen, struct findings *findings, struct err *err);

/* The same in a run that has changed the hosts: new facts are asked for first, and what is said of resources is not judged. */
int examine_anew(struct run *run, const bool *chosen, struct findings *findings, struct err *err);

/* Of all controllers, whether they answer each other, from run->live; it is asked for again only as above. */
int examine_controllers(struct run *run, struct findings *findings, struct err *err);

#endif
