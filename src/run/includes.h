/*
 * includes: the files that somebody's slurm.conf includes on a host: what it says cannot be told without them. reeve's own
 * includes none.
 */
#ifndef REEVE_RUN_INCLUDES_H
#define REEVE_RUN_INCLUDES_H

#include "run/ask.h"

/*
 * Sets facts->slurm_whole of each host whose slurm.conf includes files, all of which can be read; where one cannot, it
 * stays NULL, and the plan says that it does not know what they hold. `asked` is what ask_facts filled in. A round for each
 * level of inclusion, all of them in at most `timeout_ms`. -1 only where all was stopped: ERR_CANCELLED.
 */
int includes_read(struct fleet *fleet, struct asked *asked, struct arena *arena, unsigned timeout_ms, struct err *err);

#endif
