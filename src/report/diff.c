#include "report/diff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vec.h"

enum { CONTEXT = 3, CELLS_MAX = 4 << 20 };

struct line {
	const char *text;
	size_t len;
};

struct lines {
	struct line *items;
	size_t len, cap;
	bool open; /* the last one has no newline */
};

static struct lines split(const char *text)
{
	struct lines all = {0};
	while (*text) {
		const char *end = strchrnul(text, '\n');
		*vec_push(&all) = (struct line){text, (size_t)(end - text)};
		all.open = !*end;
		text = *end ? end + 1 : end;
	}
	return all;
}

/* A last line without a newline differs from the same line with one. */
static bool same(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
	const struct line *x = &a->items[i], *y = &b->items[k];
	bool x_open = a->open && i + 1 == a->len, y_open = b->open && k + 1 == b->len;
	return x->len == y->len && x_open == y_open && memcmp(x->text, y->text, x->len) == 0;
}

enum step { KEEP_LINE = ' ', TAKE_OUT = '-', PUT_IN = '+' };

struct script {
	char *items; /* enum step */
	size_t len, cap;
};

/* The steps between a[from..a_end) and b[from..b_end), by the lengths of the longest common subsequences of their ends.
 */
static void middle(const struct lines *a, size_t a_end, const struct lines *b, size_t b_end, size_t from,
		   struct script *script)
{
	size_t n = a_end - from, m = b_end - from;
	bool bounded = n == 0 || m == 0 || (n + 1) <= CELLS_MAX / (m + 1);
	size_t i = 0, k = 0;
	if (bounded && n && m) {
		uint32_t *lcs = xcalloc((n + 1) * (m + 1), sizeof *lcs);
#define LCS(x, y) lcs[(x) * (m + 1) + (y)]
		for (size_t x = n; x-- > 0;)
			for (size_t y = m; y-- > 0;)
				LCS(x, y) = same(a, from + x, b, from + y)  ? LCS(x + 1, y + 1) + 1
					    : LCS(x + 1, y) > LCS(x, y + 1) ? LCS(x + 1, y)
									    : LCS(x, y + 1);
		while (i < n && k < m) {
			if (same(a, from + i, b, from + k)) {
				*vec_push(script) = KEEP_LINE;
				i++, k++;
			} else if (LCS(i + 1, k) >= LCS(i, k + 1)) {
				*vec_push(script) = TAKE_OUT;
				i++;
			} else {
				*vec_push(script) = PUT_IN;
				k++;
			}
		}
#undef LCS
		free(lcs);
	}
	for (; i < n; i++)
		*vec_push(script) = TAKE_OUT;
	for (; k < m; k++)
		*vec_push(script) = PUT_IN;
}

static struct script compare(const struct lines *a, const struct lines *b)
{
	struct script script = {0};
	size_t head = 0, tail = 0;
	while (head < a->len && head < b->len && same(a, head, b, head))
		head++;
	while (tail < a->len - head && tail < b->len - head && same(a, a->len - 1 - tail, b, b->len - 1 - tail))
		tail++;
	for (size_t i = 0; i < head; i++)
		*vec_push(&script) = KEEP_LINE;
	middle(a, a->len - tail, b, b->len - tail, head, &script);
	for (size_t i = 0; i < tail; i++)
		*vec_push(&script) = KEEP_LINE;
	return script;
}

struct printer {
	struct strbuf *out;
	bool color;
	const struct lines *a, *b;
};

static void print_line(struct printer *p, char step, const struct lines *from, size_t at)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *color = !p->color ? "" : step == TAKE_OUT ? TERM_RED : step == PUT_IN ? TERM_GREEN : "";
	const struct line *line = &from->items[at];
	char *text = arena_strndup(arena, line->text, line->len);
	mask_secrets(text, line->len);
	/* Tabs are layout here, not a danger to the terminal. */
	strbuf_addf(p->out, "%s%c", color, step);
	for (size_t done = 0; done < line->len;) {
		const char *start = text + done, *tab = memchr(start, '\t', line->len - done);
		size_t len = tab ? (size_t)(tab - start) : line->len - done;
		strbuf_adds(p->out, str_printable_whole(arena, start, len));
		if (tab)
			strbuf_addc(p->out, '\t');
		done += len + (tab != NULL);
	}
	strbuf_adds(p->out, *color ? TERM_PLAIN "\n" : "\n");
	if (from->open && at + 1 == from->len)
		strbuf_adds(p->out, "\\ No newline at end of file\n");
}

/* "12,3": where a hunk begins, and its lines; a hunk of no lines is said to begin at the line before it. */
static void print_range(struct strbuf *out, size_t first, size_t count)
{
	strbuf_addf(out, "%zu", count ? first + 1 : first);
	if (count != 1)
		strbuf_addf(out, ",%zu", count);
}

static void print_hunk(struct printer *p, const char *steps, size_t len, size_t a_at, size_t b_at)
{
	size_t a_count = 0, b_count = 0;
	for (size_t i = 0; i < len; i++) {
		a_count += steps[i] != PUT_IN;
		b_count += steps[i] != TAKE_OUT;
	}
	strbuf_adds(p->out, p->color ? TERM_CYAN "@@ -" : "@@ -");
	print_range(p->out, a_at, a_count);
	strbuf_adds(p->out, " +");
	print_range(p->out, b_at, b_count);
	strbuf_adds(p->out, p->color ? " @@" TERM_PLAIN "\n" : " @@\n");
	for (size_t i = 0; i < len; i++) {
		if (steps[i] == PUT_IN)
			print_line(p, PUT_IN, p->b, b_at);
		else
			print_line(p, steps[i], p->a, a_at);
		a_at += steps[i] != PUT_IN;
		b_at += steps[i] != TAKE_OUT;
	}
}

/* The end of the hunk that begins at the change steps[at]: changes nearer than two contexts are in one hunk. */
static size_t hunk_end(const struct script *script, size_t at)
{
	size_t last = at;
	for (size_t i = at; i < script->len && i <= last + 2 * (size_t)CONTEXT + 1; i++)
		if (script->items[i] != KEEP_LINE)
			last = i;
	return last + CONTEXT + 1 < script->len ? last + CONTEXT + 1 : script->len;
}

void diff_unified(struct strbuf *out, const char *label, const char *before, const char *after, bool color)
{
	struct lines a = split(before ? before : ""), b = split(after ? after : "");
	struct script script = compare(&a, &b);
	struct printer p = {out, color, &a, &b};
	bool differs = !before != !after;
	for (size_t i = 0; i < script.len && !differs; i++)
		differs = script.items[i] != KEEP_LINE;
	if (differs)
		strbuf_addf(out, "--- %s\n+++ %s\n", before ? label : "/dev/null", after ? label : "/dev/null");
	size_t a_at = 0, b_at = 0; /* lines passed at `done` */
	for (size_t done = 0, i = 0; i < script.len; i++) {
		if (script.items[i] == KEEP_LINE)
			continue;
		size_t start = i > CONTEXT ? i - CONTEXT : 0, end = hunk_end(&script, i);
		a_at += start - done; /* what is between hunks is kept lines */
		b_at += start - done;
		print_hunk(&p, script.items + start, end - start, a_at, b_at);
		for (size_t k = start; k < end; k++) {
			a_at += script.items[k] != PUT_IN;
			b_at += script.items[k] != TAKE_OUT;
		}
		done = end;
		i = end - 1;
	}
	vec_free(&script);
	vec_free(&a);
	vec_free(&b);
}
