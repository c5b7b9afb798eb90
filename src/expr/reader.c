#include "expr/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

void reader_next(struct reader *r)
{
	r->end = r->now.at + r->now.width;
	r->now = token_read(r->text, r->end);
}

const char *reader_slice(struct reader *r, size_t at, size_t width)
{
	char *slice = arena_strndup(r->arena, r->text + at, width);
	for (char *p = slice; *p; p++)
		if (*p == '\t' || *p == '\r' || *p == '\n')
			*p = ' ';
	return slice;
}

/* Takes the last character away, of which there may be a part only. */
static void cut_whole(char *text)
{
	size_t len = strlen(text);
	while (len && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
		len--;
	text[len ? len - 1 : 0] = '\0';
}

void *reader_fail(struct reader *r, struct token at, const char *hint, const char *fmt, ...)
{
	va_list ap;
	*r->fault = (struct expr_fault){.at = at.at, .width = at.width, .hint = hint};
	va_start(ap, fmt);
	int len = vsnprintf(r->fault->text, sizeof r->fault->text, fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof r->fault->text)
		cut_whole(r->fault->text);
	return NULL;
}

void *reader_unexpected(struct reader *r)
{
	static const char *const joins[] = {"and", "or", "not", "in", "has", NULL};
	struct token t = r->now;
	const char *word = reader_slice(r, t.at, t.width);
	if (t.kind == TOKEN_BAD && t.message)
		return reader_fail(r, t, t.hint, "%s", t.message);
	if (t.kind == TOKEN_BAD)
		return reader_fail(r, t, t.hint, "'%s' is nothing that an expression may hold", word);
	if (t.kind == TOKEN_CLOSE || t.kind == TOKEN_LIST_CLOSE)
		return reader_fail(r, t, NULL, "'%s' closes nothing", word);
	const char *near = t.kind == TOKEN_WORD ? str_nearest(word, joins) : NULL;
	return reader_fail(r, t, near ? arena_printf(r->arena, "did you mean '%s'?", near) : NULL,
			   "'and', 'or' or the end should stand here, not '%s'", word);
}

ptrdiff_t reader_fact(const struct reader *r, struct token word)
{
	for (size_t i = 0; r->names[i].name; i++)
		if (strlen(r->names[i].name) == word.width && !memcmp(r->names[i].name, r->text + word.at, word.width))
			return (ptrdiff_t)i;
	return -1;
}

const char *reader_nearest(struct reader *r, struct token word)
{
	size_t count = 0;
	while (r->names[count].name)
		count++;
	const char **words = arena_calloc(r->arena, count + 1, sizeof *words);
	for (size_t i = 0; i < count; i++)
		words[i] = r->names[i].name;
	const char *near = str_nearest(reader_slice(r, word.at, word.width), words);
	return near ? arena_printf(r->arena, "did you mean '%s'?", near) : NULL;
}

const char *reader_all(struct reader *r)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	for (size_t i = 0; r->names[i].name; i++)
		strbuf_addf(&all, "%s%s", i ? ", " : "", r->names[i].name);
	return arena_printf(r->arena, "there are: %s", strbuf_str(&all));
}

const char *reader_type(enum expr_type type)
{
	static const char *const names[] = {
	    [EXPR_BOOL] = "true or false", [EXPR_COUNT] = "a number", [EXPR_MEMORY] = "an amount of memory",
	    [EXPR_SPEED] = "a speed",      [EXPR_TEXT] = "a text",    [EXPR_TEXTS] = "a set of texts",
	    [EXPR_VERSION] = "a version",
	};
	return names[type];
}
