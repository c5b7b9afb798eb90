/*
 * addresses: of hosts that the files on this one name. A static program has no name service switch, but where /etc/hosts is what
 * that would ask first (nsswitch.conf(5)) and has them all, no program has to be started for them, and a host that is merely
 * slow is not taken for one whose name server is dead.
 */
#ifndef REEVE_AGENT_ADDRESSES_H
#define REEVE_AGENT_ADDRESSES_H

#include <jansson.h>

#include "base/err.h"

struct session;

/*
 * 1, and {"status": 0, "out": "= each\nNAME = ADDRESS ...\n..."} in *ret, the caller's, as a command would have answered; 0 where the files
 * are not what is asked first, or do not have all; ERR_PROTOCOL for what is no list of 1 to 256 strings. Blocks for two files.
 */
int addresses_find(struct session *s, const json_t *names, json_t **ret, struct err *err);

#endif
