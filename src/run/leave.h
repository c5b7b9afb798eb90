/*
 * leave: nodes that are to serve no longer. Drained, their jobs waited for, then taken out of the partitions and their
 * daemons stopped, so that no job is hurt. What was begun is in the record before the first wait: a run that is cut off
 * leaves the nodes draining, and `reeve exclude` goes on, `reeve include` goes back.
 */
#ifndef REEVE_RUN_LEAVE_H
#define REEVE_RUN_LEAVE_H

#include "run/apply.h"

enum leave_jobs {
	LEAVE_WAIT,    /* until they are over, however long that takes */
	LEAVE_REQUEUE, /* scontrol requeue: they start over elsewhere */
	LEAVE_CANCEL,  /* scancel */
	LEAVE_REFUSE,  /* a node with jobs does not leave */
};

struct leave_options {
	enum leave_jobs jobs;
	bool purge; /* and the packages of Slurm and MUNGE are removed from it */
	const struct apply_options *apply;
};

/*
 * `g` was gathered, with the lock, with g->options->cluster.decisions.exclude and .exclusion.leaving set; that is, with
 * a plan in which the nodes are on their way out. Ends as apply() does; ERR_CANCELLED where the operator did not want
 * to wait any longer.
 *
 * Where there are jobs to wait for, which may take days, the lock is given back meanwhile and other runs go on. When the wait is over
 * `*ret_again` is set and nothing else is done: what the others did is known to a new gather() only, with .goes_on, after
 * which leave() is called again.
 */
int leave(struct gathered *g, const struct leave_options *options, struct apply_result *ret, bool *ret_again,
	  struct err *err);

#endif
