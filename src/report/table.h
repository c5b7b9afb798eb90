/*
 * table: columns of text for people. Cells are made printable; widths are those of the widest cell. Where there are
 * more columns than the terminal has, the last column is cut, the others never are. `{.columns = ..., .count = ...}` is
 * an empty table; everything added lives in the arena given.
 */
#ifndef REEVE_REPORT_TABLE_H
#define REEVE_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

struct table_column {
	const char *title;
	bool right; /* numbers: aligned at their end */
};

struct table {
	const struct table_column *columns;
	size_t count;
	struct arena *arena;
	struct {
		char **items; /* row after row */
		size_t len, cap;
	} cells;
};

/* Adds a row; `cells` has table.count elements, NULL is "-". They are copied. */
void table_add(struct table *t, const char *const *cells);

/* Prints titles and rows; `width` is that of the terminal (report_width), 0: unlimited. Titles are bold with `color`.
 */
void table_print(const struct table *t, FILE *out, unsigned width, bool color);

#endif
