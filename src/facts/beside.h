/* facts/beside: what stands beside slurm.conf on a host: files and plugins that its daemons need, names that they resolve. */
#ifndef REEVE_FACTS_BESIDE_H
#define REEVE_FACTS_BESIDE_H

#include <jansson.h>

#include "facts/facts.h"

/* Adds what the scope asks for, and nothing where it asks for nothing. */
void facts_beside_request(const struct facts_scope *scope, json_t *items);

/* The address of a name as the host has it, NULL where it has none, or was not asked. */
const char *facts_address(const struct facts_beside *b, const char *name);

/* Paths and names are borrowed from the scope, the rest lives in `arena`. */
void facts_beside_decode(const json_t *items, const struct facts_scope *scope, struct arena *arena,
			 struct facts_beside *out);

bool facts_has_plugin(const struct facts_beside *b, const char *library);

#endif
