#include "report/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/term.h"
#include "base/vec.h"
#include "report/state.h"

void table_add(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->count; i++) {
		const char *cell = cells[i] ? cells[i] : "-";
		*vec_push_in(t->arena, &t->cells) = str_printable(t->arena, cell, strlen(cell));
	}
}

/* Columns of printable text on a terminal, near enough to align. */
static size_t columns_of(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void print_row(const struct table *t, const char *const *row, const size_t *widths, unsigned width, FILE *out,
		      const char *before, const char *after)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	size_t used = 0;
	for (size_t i = 0; i < t->count; i++) {
		size_t pad = widths[i] - columns_of(row[i]);
		bool last = i + 1 == t->count;
		if (t->columns[i].right)
			strbuf_addf(&line, "%*s", (int)pad, "");
		if (last && width && used + columns_of(row[i]) >= width && used + 4 < width)
			live_fit(&line, row[i], (unsigned)(width - 1 - used));
		else
			strbuf_adds(&line, row[i]);
		if (!last && !t->columns[i].right)
			strbuf_addf(&line, "%*s", (int)pad, "");
		if (!last)
			strbuf_adds(&line, "  ");
		used += widths[i] + 2;
	}
	fprintf(out, "%s%s%s\n", before, strbuf_str(&line), after);
}

void table_print(const struct table *t, FILE *out, unsigned width, bool color)
{
	if (!t->count)
		return;
	size_t *widths = xcalloc(t->count, sizeof *widths);
	const char **titles = xcalloc(t->count, sizeof *titles);
	for (size_t i = 0; i < t->count; i++) {
		titles[i] = t->columns[i].title;
		widths[i] = columns_of(titles[i]);
		for (size_t k = i; k < t->cells.len; k += t->count)
			if (columns_of(t->cells.items[k]) > widths[i])
				widths[i] = columns_of(t->cells.items[k]);
	}
	print_row(t, titles, widths, width, out, color ? TERM_BOLD : "", color ? TERM_PLAIN : "");
	for (size_t k = 0; k + t->count <= t->cells.len; k += t->count)
		print_row(t, (const char *const *)&t->cells.items[k], widths, width, out, "", "");
	free(widths);
	free(titles);
}
