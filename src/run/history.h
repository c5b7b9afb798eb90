/*
 * history: the generations that a cluster's controllers remember, and their texts, read and believed only as far as the record of a
 * majority goes: one controller's text counts where its digest is the record's, else the next one is asked.
 */
#ifndef REEVE_RUN_HISTORY_H
#define REEVE_RUN_HISTORY_H

#include "model/cluster.h"
#include "model/generation.h"
#include "transport/fleet.h"

struct history {
	const struct inventory *inv;
	struct fleet *fleet;         /* host i of it is the i-th controller */
	const struct record *record; /* NULL: there is none, or `findings` says why none is believed */
	const char **unreached;      /* by controller: why; NULL: it answered */
	size_t unreached_count;
	bool quorum; /* a majority answered */
	struct findings findings;
	struct arena *arena;
};

/* Asks all controllers for their records. One round; -1 only where that was ended from outside. */
int history_begin(struct history *h, const struct inventory *inv, struct fleet *fleet, struct arena *arena,
		  struct err *err);

/*
 * A text of a generation from the first controller that has it as it has to be; whoever has it otherwise is a warning. `*ret` NULL,
 * and a warning: nobody has it. In h's arena. As many rounds as controllers at most; -1 as above.
 */
int history_text(struct history *h, const struct record_generation *g, const char *name, const char **ret,
		 struct err *err);

#endif
