/*
 * conf/value: a YAML file as a tree of values, each with its place.
 *
 * Read through libfyaml's events with bounds of our own (below), because what an operator's editor, template or
 * colleague left in a file must end in a finding with a place, in bounded time and memory, whatever it is. The language
 * is YAML 1.2, one document, keys are plain or quoted scalars, each once in its map. Scalars stay text: what a text
 * means is decided by the one who asks for it (conf/schema.h), so that 22.10 is never the number 22.1.
 *
 * Aliases are allowed. An alias gives the very value of its anchor (same pointer, same place), so nothing is copied;
 * its size still counts as if it had been written out. A value is never its own part.
 *
 * Values live in the arena given to conf_parse and are only read afterwards.
 */
#ifndef REEVE_CONF_VALUE_H
#define REEVE_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/mem.h"

enum {
	CONF_MAX_BYTES = 16 << 20, /* of a file */
	CONF_MAX_BRACKETS =
	    256 << 10,             /* '[' and '{' in a file: libfyaml keeps all tokens behind one until it is closed */
	CONF_MAX_LINE = 256 << 10, /* bytes of a line: libfyaml keeps all tokens of a line that could still be a key */
	CONF_MAX_DEPTH = 64,       /* of nesting, aliases written out */
	CONF_MAX_VALUES = 1 << 20, /* in a file, aliases written out; keys count */
};

enum conf_kind {
	CONF_NULL, /* nothing was written, or a plain `null` or `~` */
	CONF_SCALAR,
	CONF_LIST,
	CONF_MAP,
};

struct conf_value {
	enum conf_kind kind;
	struct span
	    at; /* of a scalar: its first line; a map or list: its first byte; CONF_NULL: the key it belongs to */
	const char *text;                      /* CONF_SCALAR: valid UTF-8 without NUL; else "" */
	size_t len;                            /* bytes of text */
	bool plain;                            /* CONF_SCALAR: written without quotes */
	const struct conf_value *const *items; /* CONF_LIST: `count` of them */
	const struct conf_pair *pairs;         /* CONF_MAP: `count` of them, in the order of the file */
	size_t count;
	size_t weight;  /* values in here, itself and keys included, aliases written out */
	unsigned depth; /* 1 for a scalar */
};

struct conf_pair {
	const char *key; /* not empty; of several equal ones only the first is here, the others were findings */
	struct span at;  /* the key's own place */
	const struct conf_value *value;
};

/* Reads `path` ("-" is not special) into the arena, with a NUL behind it that is not counted. Blocks on the disk. Fails
 * with ERR_SYSTEM, ERR_INPUT (not a regular file, pipe or terminal), or ERR_LIMIT beyond CONF_MAX_BYTES: found by
 * fstat(2) before anything is read, or while reading what has no size (a pipe). */
int conf_read(const char *path, struct arena *arena, const char **ret_text, size_t *ret_len, struct err *err);

/* The tree of `text`, or NULL when it is not YAML that we take; the findings then are in `diags` (codes: conf/codes.h).
 * Duplicate keys are findings, too, but the tree is given. An empty file is CONF_NULL at line 1. */
const struct conf_value *conf_parse(const char *text, size_t len, struct arena *arena, struct diags *diags);

/* The pair of a key, NULL where `map` is NULL, not a map, or has none. Linear. */
const struct conf_pair *conf_find(const struct conf_value *map, const char *key);

/* The value of a key, NULL where `map` is NULL, not a map, or has none. Linear. */
const struct conf_value *conf_get(const struct conf_value *map, const char *key);

/* "a map", "a list", "a text", "nothing": for messages. */
const char *conf_kind_name(const struct conf_value *value);

#endif
