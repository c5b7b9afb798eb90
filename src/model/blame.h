/* blame: which hosts' facts are believed, while a cluster is resolved (blame.c says why). Part of cluster_resolve(). */
#ifndef REEVE_MODEL_BLAME_H
#define REEVE_MODEL_BLAME_H

#include "model/cluster.h"

struct blames {
	const struct facts **facts; /* by host index: those that are believed still; NULL: unreached, or blamed */
	const char **why;           /* by host index: why its facts are not there; NULL where they are */
	const char **blamed;        /* by host index: what was wrong with it; NULL: nothing */
	const char **shrank;        /* by host index: what it has less than its baseline, where it is blamed */
	struct findings findings;   /* about those that are blamed */
};

void blames_init(struct blames *b, const struct inventory *inv, const struct facts *const *facts,
		 const char *const *unreached, struct arena *arena);

/* Takes over whom `c` blames. False: nobody, and `c` stands. */
bool blames_take(struct blames *b, const struct cluster *c);

/* Says in `c`, which was resolved without those that are blamed, who they are and why. */
void blames_give(const struct blames *b, struct cluster *c);

#endif
