/*
 * diag: findings about what the operator wrote. All findings of one run are collected, sorted by place and printed as
 *
 *	cluster.yaml:12:5: error: unknown key 'adress' [RV0102]
 *	   12 |     adress: 10.0.0.1
 *	      |     ^~~~~~
 *	      = help: did you mean 'address'?
 *
 * A struct diags owns its texts. The source it was given is borrowed. Codes are stable: once given out, a code keeps
 * its meaning.
 */
#ifndef REEVE_BASE_DIAG_H
#define REEVE_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

/* A place in a file: lines and columns from 1; columns count bytes. Line 0: no place.  */
struct span {
	unsigned line, column;
	unsigned width; /* bytes marked on that line; 0 counts as 1 */
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
	enum diag_severity severity;
	unsigned code; /* 102 is printed RV0102 */
	struct span at;
	const char *message;
	const char *hint; /* NULL: none */
};

struct diags {
	const char *file;   /* as the operator named it */
	const char *source; /* for the source lines; NULL: none are shown */
	size_t source_len;
	struct arena *arena;
	struct diag *items;
	size_t len, cap;
	size_t errors; /* how many, also those past the limit of 1,000 that are counted only */
	size_t warnings;
};

/* `file` is copied, `source` borrowed until diags_free. */
void diags_init(struct diags *d, const char *file, const char *source, size_t source_len);
void diags_free(struct diags *d);

/* Adds one. The message's control bytes are made visible. The hint may be NULL; make it with diags_text where it has
 * values. */
void diag_add(struct diags *d, enum diag_severity severity, unsigned code, struct span at, const char *hint,
	      const char *fmt, ...) __attribute__((format(printf, 6, 7)));
#define diag_error(d, code, at, hint, ...) diag_add((d), DIAG_ERROR, (code), (at), (hint), __VA_ARGS__)
#define diag_warning(d, code, at, hint, ...) diag_add((d), DIAG_WARNING, (code), (at), (hint), __VA_ARGS__)

/* A string that lives as long as the diags: for hints. */
const char *diags_text(struct diags *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes out those from the one with index `from` on that say what an earlier one says of the same place. */
void diags_drop_repeated(struct diags *d, size_t from);

/* Prints all, sorted by place; `color` for a terminal. Warnings too. */
void diags_print(struct diags *d, FILE *out, bool color);

#endif
