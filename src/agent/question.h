/*
 * question: what the verb collect answers without running a command for it: files, directories, file systems, the
 * fingerprint of a secret, and what packages, users and units there are (docs/protocol.md, "collect").
 */
#ifndef REEVE_AGENT_QUESTION_H
#define REEVE_AGENT_QUESTION_H

#include <jansson.h>

#include "base/err.h"

struct session;

/*
 * The answer to an item, without its name: the caller's. What fails on this host is an answer, too: {"errno": N} or
 * {"error": TEXT}. NULL and ERR_PROTOCOL for a question that is none. Blocks while getent(1) or systemctl(1) run, and
 * pumps the session meanwhile.
 */
json_t *question_answer(struct session *s, json_t *item, struct err *err);

#endif
