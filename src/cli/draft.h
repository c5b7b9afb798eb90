/* draft: a first cluster.yaml, with comments, from what hosts said of themselves. Pure. */
#ifndef REEVE_CLI_DRAFT_H
#define REEVE_CLI_DRAFT_H

#include "base/strbuf.h"
#include "facts/facts.h"

struct draft_host {
	const char *name;    /* the NodeName: the short host name, unless that is no name or taken */
	const char *address; /* as the operator gave it; "local" for this machine */
	const char *user;    /* NULL: not given */
	const struct facts *facts;
};

/*
 * Sets the names of `hosts`: the first label of what each calls itself, else of its address. ERR_INPUT where two would
 * have the same name or a host has none.
 */
int draft_names(struct draft_host *hosts, size_t count, struct arena *arena, struct err *err);

/* The whole file. The first host is the controller; all of them run jobs. `cluster` is a valid cluster name. */
void draft_print(struct strbuf *out, const char *cluster, const struct draft_host *hosts, size_t count);

#endif
