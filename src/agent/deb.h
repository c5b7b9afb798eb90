/* deb: packages that no distribution has, each a file of known content, fetched as sources are (spool.h), by root. */
#ifndef REEVE_AGENT_DEB_H
#define REEVE_AGENT_DEB_H

#include "base/err.h"
#include "base/mem.h"
#include "catalog/catalog.h"

struct session;

/* Fetches it where it is not here yet. ERR_INPUT where the file is of another name or version than is wanted. Pumps the session. */
int deb_get(struct session *s, const char *resource, const struct package *want, struct err *err);

/* The file, by a name that apt-get takes for one, as a child sees it. */
const char *deb_path(struct session *s, const struct package *want, struct arena *arena);

#endif
