/* walk: one row, a change that is made of one parameter, or why none can be (walk-table.c). */
#ifndef REEVE_TESTS_LAB_WALK_H
#define REEVE_TESTS_LAB_WALK_H

#include "slurm/param.h"

/* Beside enum slurm_section: another line of cluster.yaml, from which the parameter follows. */
enum { WALK_FILE = SLURM_GRES + 1 };

enum walk_how {
	WALK_TOGETHER, /* with others of its kind in one apply */
	WALK_EXCLUDES, /* not beside others of its family, or twice */
	WALK_ASKED,    /* what it needs is not in the lab: asked for under jobs, never put in force */
};

struct walk_row {
	unsigned section;
	const char *name;
	const char *value; /* differs from what is in force; NULL: why */
	const char *with;  /* "Name: value;Name: value", of the global parameters */
	enum walk_how how;
	const char *why;       /* no change of it can be made here; the table's own rows say so of what reeve writes */
	unsigned since, until; /* releases; 0: without bound */
};

extern const struct walk_row walk_rows[]; /* ended by a NULL name */

#endif
