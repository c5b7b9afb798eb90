/*
 * answers: what hosts said of themselves, kept in a directory of the operator's. All that a run writes follows from
 * cluster.yaml and this, so that it can be made again without any host, on another machine, and looked at before anybody applies it.
 *
 *	HOST.json      the host's answer, as it came, and when; no secret is in it, but names of its accounts may be
 *	declared.conf  of hosts that nobody has asked yet: lines as `slurmd -C` prints them, with a hostlist for NodeName
 *
 * The directory's files are the operator's own, and read as strictly as what a host sends.
 */
#ifndef REEVE_RUN_ANSWERS_H
#define REEVE_RUN_ANSWERS_H

#include "run/ask.h"

#define ANSWERS_DECLARED "declared.conf"

/* Replaces the host's file in `dir`, which is made if it is not there; `question` is what it was asked. Blocks. */
int answers_save(const char *dir, const char *host, const struct facts_scope *question, const struct answer *answer,
		 struct err *err);

enum answers_state {
	ANSWERS_NONE,  /* there is nothing of this host */
	ANSWERS_EXACT, /* it was asked what a run would ask now */
	ANSWERS_OTHER, /* cluster.yaml asks for other things by now: what it says of those is not known */
	ANSWERS_DECLARED_ONLY,
};

struct answers {
	const struct facts **facts; /* by host index; NULL: none */
	enum answers_state *states; /* likewise */
};

/*
 * All that the directory has of the inventory's hosts, in `arena`. ERR_INPUT, with file and line, where a file is not what
 * it should be; ERR_SYSTEM where the directory cannot be read. Blocks.
 */
int answers_load(const char *dir, const struct inventory *inv, const struct secret_row *const *secrets,
		 struct arena *arena, struct answers *ret, struct err *err);

#endif
