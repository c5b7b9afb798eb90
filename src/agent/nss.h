/*
 * nss: what the name service switch would answer from the files of this host. A static program has no such switch, and starts
 * getent(1) for it; but where nsswitch.conf(5) leaves it to the files, no program is needed for that, and a host that is merely
 * slow is not taken for one whose name server or directory service is dead.
 *
 *	hosts          where /etc/hosts is asked first and has all of the names: "= each\nNAME = ADDRESS ...\n...", as
 *	               src/facts/resolve.sh says it
 *	passwd, group  where nothing but the files is asked: the lines of the keys that there are, names and numbers, as getent
 *	               prints them
 */
#ifndef REEVE_AGENT_NSS_H
#define REEVE_AGENT_NSS_H

#include <jansson.h>

#include "base/err.h"

struct session;

/*
 * 1, and {"status": 0, "out": ...} in *ret, the caller's, as a command would have answered; 0 where the files are not all that would
 * be asked. ERR_PROTOCOL for another database, and for keys that are no list of 1 to 4096 strings. Blocks for two files.
 */
int nss_find(struct session *s, const char *database, const json_t *keys, json_t **ret, struct err *err);

#endif
