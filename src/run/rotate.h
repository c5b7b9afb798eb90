/*
 * rotate: a new secret for the whole cluster, under its jobs. In this order:
 *
 *	beside    every host gets the new one beside the old (SECRET_NEXT). Where a host does not take it that may run jobs, all is
 *	          taken back.
 *	record    the controllers' record names the new one. From here on any run completes what was cut off.
 *	place     on every host it takes the old one's place. What runs with the old one goes on with it.
 *	restart   whose input it is, everywhere at once: the only time in which hosts do not understand each other. Measured.
 *
 * A host that cannot be reached gets it with the next apply that reaches it. One that may run jobs, or is a controller, would be
 * cut off: then nothing is done, unless the operator names it.
 */
#ifndef REEVE_RUN_ROTATE_H
#define REEVE_RUN_ROTATE_H

#include "base/names.h"
#include "run/apply.h"

struct rotate_options {
	enum role role;                   /* whose secret */
	const char *file;                 /* of the operator's, with the new one; NULL: it is made */
	const struct inv_choice *without; /* hosts that may be cut off; NULL: none */
	bool look;                        /* nothing is changed: only the result's lists and findings */
	const struct apply_options *apply;
};

struct rotate_result {
	struct apply_result apply;
	const char *said;              /* what was exchanged: "MUNGE key" */
	struct names hosts, left, cut; /* that get it; that cannot now; those of `left` that the operator named */
};

/*
 * `run` was begun, with the lock unless options->look. Ends as apply() does. In run's arena.
 */
int rotate(struct run *run, const struct rotate_options *options, struct rotate_result *ret, struct err *err);

#endif
