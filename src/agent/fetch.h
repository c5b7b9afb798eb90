/* fetch: a source from its URLs, by curl(1), which goes on with what came before and tells how far it is. */
#ifndef REEVE_AGENT_FETCH_H
#define REEVE_AGENT_FETCH_H

#include "agent/spool.h"
#include "base/err.h"

/*
 * Into the spool, under its digest. ERR_MISSING where no URL has it, with the reason of each; ERR_SYSTEM where the disk is
 * full. Never longer than source_limit_s(), pumps the session meanwhile.
 */
int fetch_source(struct spool *sp, const struct source *src, struct err *err);

#endif
