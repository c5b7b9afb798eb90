/*
 * conf/source: the bytes of a YAML file before they are parsed: places in them, and what must not be in them. Private
 * to conf.
 */
#ifndef REEVE_CONF_SOURCE_H
#define REEVE_CONF_SOURCE_H

#include "base/diag.h"
#include "base/mem.h"

struct source {
	const char *text;
	size_t len;
	const size_t *lines; /* offset of each line's first byte */
	size_t line_count;   /* at least 1 */
};

struct source source_open(const char *text, size_t len, struct arena *arena);

/* The span of the bytes [from, to), ended at the end of its first line. Offsets past the end are the end. */
struct span source_span(const struct source *source, size_t from, size_t to);

/* The place that libfyaml calls line and column (from 1, columns in characters); the end of the text when it is beyond.
 */
struct span source_place(const struct source *source, int line, int column);

/* Findings about the bytes: too many of them, in all or on one line, a NUL or another control byte, UTF-8 that is none,
 * tabs that indent (all of them). -1 when the text cannot be given to the parser; tabs alone give 1: its complaints
 * about them would be echoes. */
int source_check(const struct source *source, struct diags *diags);

#endif
