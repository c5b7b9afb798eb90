/*
 * fields: the members of a resource's JSON object, put in, and read back with everything checked. The reader stands between
 * a damaged or lying sender and root's file system: every string must have the form of what it is, and a member that
 * nobody asked for is an error. It remembers the first thing that was wrong (`bad`); what it gives after that is harmless
 * and to be thrown away. Nothing here blocks.
 */
#ifndef REEVE_CATALOG_FIELDS_H
#define REEVE_CATALOG_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

void fields_put_text(json_t *object, const char *key, const char *text);         /* nothing for NULL */
void fields_put_flag(json_t *object, const char *key, bool value);               /* nothing for false */
void fields_put_mode(json_t *object, mode_t mode);                               /* "mode": "0644" */
void fields_put_list(json_t *object, const char *key, const char *const *texts); /* NULL-terminated; NULL: empty */

struct fields {
	const json_t *object;
	struct arena *arena; /* for the copies of strings */
	struct err *err;     /* ERR_PROTOCOL and the first thing that was wrong */
	size_t taken;        /* members asked for that are there */
	bool bad;
};

void fields_fail(struct fields *f, const char *key, const char *what);

/* The bare value, NULL: not there. Counts as asked for. */
const json_t *fields_take(struct fields *f, const char *key);

/* At most 4096 bytes. NULL where it is not there and not required; "" where it is wrong. */
const char *fields_text(struct fields *f, const char *key, bool required);

/* At most `max` bytes; NULL where it is not there. */
const char *fields_long_text(struct fields *f, const char *key, size_t max);

/* Absolute, without empty, "." or ".." components and control bytes, and not the root itself. */
const char *fields_path(struct fields *f, const char *key);
bool fields_is_path(const char *path);

/* A name of a user, group, package or unit: nothing that could be an option, a path or a second argument. */
const char *fields_word(struct fields *f, const char *key, bool required);

/* A NULL-terminated list of at most `max` such names, or of paths. */
const char *const *fields_words(struct fields *f, const char *key, size_t max);
/* The same of texts that `fits` takes. */
const char *const *fields_texts(struct fields *f, const char *key, size_t max, bool (*fits)(const char *),
				const char *complaint);
const char *const *fields_paths(struct fields *f, const char *key, size_t max);

bool fields_bool(struct fields *f, const char *key);
bool fields_flag(struct fields *f, const char *key); /* false where it is not there */
long fields_long(struct fields *f, const char *key, long min, long max);
mode_t fields_mode(struct fields *f); /* "mode": four octal digits at most */
const char *fields_hex32(struct fields *f, const char *key);
const struct digest *fields_digest(struct fields *f, const char *key); /* never NULL; empty where it is wrong */

/* The index of the text among `names`. */
int fields_one_of(struct fields *f, const char *key, const char *const *names, size_t count);

/* To be called when all is asked for: what is left is unknown. `name` says whose it is. */
void fields_end(struct fields *f, const char *name);

#endif
