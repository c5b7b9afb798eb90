/*
 * question: what the verb collect answers without running a command for it: files, directories, file systems, the
 * fingerprint of a secret, what packages, users and units there are, and who answers at an address (docs/protocol.md, "collect").
 */
#ifndef REEVE_AGENT_QUESTION_H
#define REEVE_AGENT_QUESTION_H

#include <jansson.h>

#include "base/err.h"

struct session;

/* The path that an item asks about, borrowed; NULL: none. */
const char *question_path(const json_t *item);

/*
 * The answer to an item, without its name: the caller's. What fails on this host is an answer, too: {"errno": N} or
 * {"error": TEXT}. NULL and ERR_PROTOCOL for a question that is none. Blocks while getent(1), systemctl(1) or slurmd(8) run, and
 * pumps the session meanwhile.
 */
json_t *question_answer(struct session *s, json_t *item, struct err *err);

/* hardware.c: what `slurmd -C` prints, as child_encode() says it, or kept from before. NULL: the operator is gone. */
json_t *hardware_ask(struct session *s, struct err *err);

/* connect.c: who answers at these addresses. Blocks for the question's timeout at most, for each 768 of them. NULL and ERR_PROTOCOL
 * for a question that is none. */
json_t *connect_ask(struct session *s, json_t *item, struct err *err);

/* tail.c: the last bytes of a file, from the beginning of a line. NULL and ERR_PROTOCOL as above. */
json_t *tail_ask(struct session *s, json_t *item, struct err *err);

/* tree.c: the entries of a directory and what is in each of them. NULL and ERR_PROTOCOL for a question that is none. */
json_t *tree_ask(struct session *s, json_t *item, struct err *err);

#endif
