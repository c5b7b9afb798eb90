/*
 * source: a file that something is made of, named by the SHA-256 of its content. Where it comes from does not matter: the
 * agent takes it from its spool, from the operator's side, or from the first of its URLs that has it.
 */
#ifndef REEVE_CATALOG_SOURCE_H
#define REEVE_CATALOG_SOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "catalog/fields.h"

enum {
	SOURCE_NAME = 200, /* bytes of a name */
	SOURCE_URLS = 32,
	SOURCE_STRIP = 9,
};
#define SOURCE_BYTES (1LL << 40)

/* What becomes of it before the script runs. It lies in $SOURCES under its name in any case. */
enum source_unpack {
	SOURCE_FILE,        /* nothing */
	SOURCE_INTO_PREFIX, /* a tar archive: unpacked into the product itself */
	SOURCE_INTO_BUILD,  /* likewise, into the directory in which the script runs */
	SOURCE_UNPACKS
};

struct source {
	const char *name; /* letters, digits and ._+-, not beginning with '.' or '-' */
	struct digest digest;
	uint64_t size;           /* bytes; 0: not known */
	const char *const *urls; /* NULL-terminated, tried in this order: http, https, ftp; NULL: none */
	enum source_unpack unpack;
	unsigned strip;   /* leading components of names that unpacking drops */
	const char *file; /* operator's side only, never encoded: a local file with this content; NULL: none */
};

bool source_is_name(const char *name);
bool source_is_url(const char *url);

/* Seconds in which it is fetched, or not at all: an hour where the size is not known, else at 250 kB/s, ten minutes at least. */
unsigned source_limit_s(const struct source *s);

json_t *source_encode(const struct source *s);                 /* the caller's */
void source_decode(struct fields *fields, struct source *ret); /* as a kind's decode; takes all members */

#endif
