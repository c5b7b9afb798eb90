/*
 * exclusion: nodes that are to serve no longer. Drained, their jobs waited for, then taken out of the partitions and their
 * daemons stopped, so that no job is hurt. What was begun is in the record before the first wait: a run that is cut off
 * leaves the nodes draining, and `reeve exclude` goes on, `reeve include` goes back.
 */
#ifndef REEVE_RUN_EXCLUSION_H
#define REEVE_RUN_EXCLUSION_H

#include "run/apply.h"

enum exclusion_jobs {
	EXCLUSION_WAIT,    /* until they are over, however long that takes */
	EXCLUSION_REQUEUE, /* scontrol requeue: they start over elsewhere */
	EXCLUSION_CANCEL,  /* scancel */
	EXCLUSION_REFUSE,  /* a node with jobs does not leave */
};

struct exclusion_options {
	enum exclusion_jobs jobs;
	bool purge; /* and the packages of Slurm and MUNGE are removed from it */
	const struct apply_options *apply;
};

/*
 * `run` was begun, with the lock, with run->options->cluster.decisions.exclude and .exclusion.leaving set; that is, with
 * a plan in which the nodes are on their way out. Ends as apply() does; ERR_CANCELLED where the operator did not want
 * to wait any longer.
 *
 * Where there are jobs to wait for, which may take days, the lock is given back meanwhile and other runs go on. When the wait is over
 * `*ret_again` is set and nothing else is done: what the others did is known to a new run_begin() only, with .goes_on, after
 * which leave() is called again.
 */
int exclusion_run(struct run *run, const struct exclusion_options *options, struct apply_result *ret, bool *ret_again,
		  struct err *err);

#endif
