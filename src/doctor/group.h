/*
 * group: findings as they are shown: the worst first, the same thing on several hosts once, with what follows from it
 * underneath. Pure.
 */
#ifndef REEVE_DOCTOR_GROUP_H
#define REEVE_DOCTOR_GROUP_H

#include "model/finding.h"

struct doctor_group {
	const struct finding *first;
	const char *hosts; /* "node[1-3]"; NULL: the cluster as a whole */
	size_t host_count;
	const char *what, *fix;             /* where they name the host, all of them are named */
	const char *const *evidence;        /* lines, each once; with the host before it where they differ */
	size_t evidence_count, left_out;    /* lines that are too many to be shown */
	const struct doctor_group *effects; /* what it explains */
	size_t effect_count;
};

/* The groups of those of at least this weight that nothing explains. In `arena`; the findings are borrowed. */
size_t doctor_group(const struct findings *f, enum finding_weight least, struct arena *arena,
		    const struct doctor_group **ret);

#endif
