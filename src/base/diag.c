#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vec.h"

enum { MOST = 1000 };

void diags_init(struct diags *d, const char *file, const char *source, size_t source_len)
{
	*d = (struct diags){.source = source, .source_len = source_len, .arena = arena_new()};
	d->file = arena_strdup(d->arena, file);
}

void diags_free(struct diags *d)
{
	arena_free(d->arena);
	*d = (struct diags){0};
}

const char *diags_text(struct diags *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	return str_printable(d->arena, text, strlen(text));
}

void diag_add(struct diags *d, enum diag_severity severity, unsigned code, struct span at, const char *hint,
	      const char *fmt, ...)
{
	if (severity == DIAG_ERROR)
		d->errors++;
	else if (severity == DIAG_WARNING)
		d->warnings++;
	if (d->len >= MOST)
		return;
	va_list ap;
	va_start(ap, fmt);
	char *text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	*vec_push_in(d->arena, d) = (struct diag){
	    .severity = severity,
	    .code = code,
	    .at = at,
	    .message = str_printable(d->arena, text, strlen(text)),
	    .hint = hint,
	};
}

static bool repeats(const struct diag *a, const struct diag *b)
{
	return a->severity == b->severity && a->code == b->code && a->at.line == b->at.line &&
	       a->at.column == b->at.column && streq(a->message, b->message);
}

void diags_drop_repeated(struct diags *d, size_t from)
{
	size_t kept = from;
	for (size_t i = from; i < d->len; i++) {
		size_t k = 0;
		while (k < kept && !repeats(&d->items[k], &d->items[i]))
			k++;
		if (k == kept)
			d->items[kept++] = d->items[i];
		else if (d->items[i].severity == DIAG_ERROR)
			d->errors--;
		else if (d->items[i].severity == DIAG_WARNING)
			d->warnings--;
	}
	d->len = from < d->len ? kept : d->len;
}

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;
	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return x->code < y->code ? -1 : x->code > y->code;
}

/* What is shown for a byte of the source: whatever could move the terminal, and what is not UTF-8, is replaced by as
 * many characters as it counts below, so that the caret stays in place. */
static int shown_byte(const char *line, size_t len, size_t i, bool utf8)
{
	unsigned char c = (unsigned char)line[i], next = i + 1 < len ? (unsigned char)line[i + 1] : 0;
	if (c < 0x20 || c == 0x7F || (utf8 && c == 0xC2 && next < 0xA0))
		return ' ';
	if (!utf8 && c >= 0x80)
		return '?';
	if (utf8 && i && (unsigned char)line[i - 1] == 0xC2 && c >= 0x80 && c < 0xA0)
		return -1; /* the second byte of a control character */
	return c;
}

/* The source line, cut around the column where it is very long, with the caret below it. */
static void print_source(const char *line, size_t len, const struct diag *x, FILE *out, bool color)
{
	enum { WIDEST = 160 };
	size_t column = x->at.column ? x->at.column - 1 : 0;
	size_t from = 0;
	bool utf8 = str_is_utf8(line, len);
	if (column > len)
		column = len;
	if (len > WIDEST && column > WIDEST / 2)
		from = column - WIDEST / 2;
	while (utf8 && from && from < len && ((unsigned char)line[from] & 0xC0) == 0x80)
		from--;
	size_t shown = len - from > WIDEST ? WIDEST : len - from;
	while (utf8 && from + shown < len && ((unsigned char)line[from + shown] & 0xC0) == 0x80)
		shown++;
	fprintf(out, "%5u | ", x->at.line);
	for (size_t i = from; i < from + shown; i++) {
		int c = shown_byte(line, len, i, utf8);
		if (c >= 0)
			fputc(c, out);
	}
	fprintf(out, "\n      | ");
	for (size_t i = from; i < column; i++)
		if (!utf8 || ((unsigned char)line[i] & 0xC0) != 0x80)
			fputc(' ', out);
	fputs(color ? TERM_BOLD_RED "^" : "^", out);
	for (unsigned i = 1; i < x->at.width && column + i < from + shown; i++)
		if (!utf8 || ((unsigned char)line[column + i] & 0xC0) != 0x80)
			fputc('~', out);
	fputs(color ? TERM_PLAIN "\n" : "\n", out);
}

void diags_print(struct diags *d, FILE *out, bool color)
{
	static const char *const words[] = {"error", "warning", "note"};
	static const char *const colors[] = {TERM_BOLD_RED, TERM_BOLD_MAGENTA, TERM_BOLD_CYAN};
	if (d->len)
		qsort(d->items, d->len, sizeof *d->items, by_place);
	const char *end = d->source ? d->source + d->source_len : NULL, *line = d->source;
	unsigned number = 1;
	for (size_t i = 0; i < d->len; i++) {
		const struct diag *x = &d->items[i];
		fprintf(out, "%s:%u:%u: %s%s:%s %s [RV%04u]\n", d->file, x->at.line ? x->at.line : 1,
			x->at.column ? x->at.column : 1, color ? colors[x->severity] : "", words[x->severity],
			color ? TERM_PLAIN : "", x->message, x->code);
		/* Findings are sorted, so the source is walked once. */
		while (line && number < x->at.line) {
			line = memchr(line, '\n', (size_t)(end - line));
			if (line)
				line++;
			number++;
		}
		if (line && x->at.line == number && line < end) {
			const char *stop = memchr(line, '\n', (size_t)(end - line));
			size_t len = (size_t)((stop ? stop : end) - line);
			_cleanup_free_ char *shown = xcalloc(1, len + 1);
			memcpy(shown, line, len);
			mask_secrets(shown, len);
			print_source(shown, len, x, out, color);
		}
		if (x->hint)
			fprintf(out, "      = help: %s\n", x->hint);
	}
	if (d->errors + d->warnings > MOST)
		fprintf(out, "%s: and %zu more\n", d->file, d->errors + d->warnings - MOST);
}
