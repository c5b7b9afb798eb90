/*
 * generation: a configuration that was applied and verified, with its texts: cluster.yaml as the operator gave it, the files that it
 * is continued in, and what reeve made of it. They lie on each controller in /var/lib/reeve/generations/NUMBER, root's only; what they must be, the record says by
 * their digests, so that one controller's copy is as good as any other's. The newest GENERATION_KEPT have texts.
 *
 * No text holds a secret: cluster.yaml and its tables have no place for one, and what reeve writes to /etc/slurm every user can read. Pure.
 */
#ifndef REEVE_MODEL_GENERATION_H
#define REEVE_MODEL_GENERATION_H

#include "model/record.h"

#define GENERATION_DIR "/var/lib/reeve/generations"
#define GENERATION_YAML "cluster.yaml"
#define GENERATION_META "generation.json" /* what the record says of it, for who has nothing but the directory */

enum {
	GENERATION_KEPT = 50,
	GENERATION_BYTES = 4 << 20, /* of a text; a longer one is not kept */
	GENERATION_COMMAND = 1000,  /* bytes of the command that are recorded */
};

/*
 * Adds the generation that follows the last one, with the number that it gets, and takes their texts from those that have them no longer.
 * `g`'s number is not looked at; its command is cut and made printable. In `arena`. Returns the one that was added.
 */
struct record_generation *generation_add(struct record *r, const struct record_generation *g, struct arena *arena);

/* NULL: the record has none of that number. */
const struct record_generation *generation_find(const struct record *r, uint64_t number);

/* What the text has to be, 64 hex digits; NULL: the generation (NULL: none) has none of that name. */
const char *generation_digest(const struct record_generation *g, const char *name);

/* ".../generations/7/slurm.conf"; `name` NULL: its directory. In `arena`. */
const char *generation_path(const struct record_generation *g, const char *name, struct arena *arena);

/* The text of GENERATION_META. In `arena`. */
const char *generation_meta(const struct record_generation *g, struct arena *arena);

#endif
