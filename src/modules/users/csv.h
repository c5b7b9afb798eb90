/*
 * csv: a table of texts with commas between (RFC 4180): fields may be in double quotes, with "" for one of them and with line
 * breaks. Lines that are empty are left out; a byte order mark at the beginning, too.
 */
#ifndef REEVE_MODULES_USERS_CSV_H
#define REEVE_MODULES_USERS_CSV_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct csv_row {
	unsigned line;      /* that it begins on, from 1 */
	const char **items; /* its fields, at least one */
	size_t len, cap;
};

struct csv {
	struct csv_row *items;
	size_t len, cap;
};

/* In `arena`. ERR_INPUT with the line: a quote that is not closed or has something behind it, or a NUL. */
int csv_parse(const char *text, size_t len, struct arena *arena, struct csv *ret, struct err *err);

#endif
