/*
 * verb: what an operator may ask for, one entry a verb (wire/wire.h says what each takes and gives). All are generic; the one
 * thing that knows of Slurm is a question, hardware.c.
 */
#ifndef REEVE_AGENT_VERB_H
#define REEVE_AGENT_VERB_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct session;

/* Works on one request and returns what belongs under "ok" (the caller's), or NULL and why. ERR_PROTOCOL for a verb or
 * a shape that is none; the session goes on. */
json_t *verb_answer(struct session *s, const char *name, json_t *request, struct err *err);

/* json_unpack_ex(3) of a request but for its "id" and "verb", strict: unknown keys are errors. */
int verb_unpack(json_t *request, struct err *err, const char *fmt, ...);

/* Is a path of a request below `dir`, and without a way out of it? */
bool verb_is_below(const char *path, const char *dir);

json_t *collect(struct session *s, json_t *request, struct err *err);      /* collect.c */
json_t *probe_answer(struct session *s, json_t *request, struct err *err); /* resource.c */
json_t *apply_answer(struct session *s, json_t *request, struct err *err); /* resource.c */
json_t *run_answer(struct session *s, json_t *request, struct err *err);   /* run.c */
json_t *prune_answer(struct session *s, json_t *request, struct err *err); /* prune.c */

#endif
