#include "modules/users/csv.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

struct reader {
	const char *at, *end;
	unsigned line;
	struct arena *arena;
	struct err *err;
};

/* Behind its first quote; up to behind its last. */
static int read_quoted(struct reader *r, struct strbuf *out)
{
	unsigned first = r->line;
	for (; r->at < r->end; r->at++) {
		r->line += *r->at == '\n';
		if (*r->at != '"') {
			strbuf_add(out, r->at, 1);
			continue;
		}
		if (++r->at == r->end || *r->at != '"')
			return 0;
		strbuf_add(out, "\"", 1);
	}
	return err_set(r->err, ERR_INPUT, "line %u: the quote is not closed", first);
}

/* Up to the comma or line break behind it. NULL where it is malformed. */
static const char *read_field(struct reader *r)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	while (r->at < r->end && *r->at == ' ')
		r->at++;
	if (r->at < r->end && *r->at == '"') {
		r->at++;
		if (read_quoted(r, &text) < 0)
			return NULL;
		while (r->at < r->end && (*r->at == ' ' || *r->at == '\r'))
			r->at++;
		if (r->at < r->end && *r->at != ',' && *r->at != '\n')
			return err_set(r->err, ERR_INPUT, "line %u: a closing quote with something behind it", r->line),
			       NULL;
		return arena_strndup(r->arena, strbuf_str(&text), text.len);
	}
	const char *begin = r->at;
	while (r->at < r->end && *r->at != ',' && *r->at != '\n')
		r->at++;
	size_t len = (size_t)(r->at - begin);
	while (len && (begin[len - 1] == ' ' || begin[len - 1] == '\r'))
		len--;
	return arena_strndup(r->arena, begin, len);
}

static int read_row(struct reader *r, struct csv_row *row)
{
	for (;;) {
		const char *field = read_field(r);
		if (!field)
			return -1;
		*vec_push_in(r->arena, row) = field;
		if (r->at == r->end || *r->at == '\n')
			break;
		r->at++;
	}
	if (r->at < r->end) {
		r->at++;
		r->line++;
	}
	return 0;
}

int csv_parse(const char *text, size_t len, struct arena *arena, struct csv *ret, struct err *err)
{
	static const char mark[] = "\xEF\xBB\xBF";
	struct reader r = {.at = text, .end = text + len, .line = 1, .arena = arena, .err = err};
	*ret = (struct csv){0};
	if (memchr(text, '\0', len))
		return err_set(err, ERR_INPUT, "it has a NUL byte");
	if (str_starts(text, mark))
		r.at += strlen(mark);
	while (r.at < r.end) {
		struct csv_row row = {.line = r.line};
		if (read_row(&r, &row) < 0)
			return -1;
		if (row.len > 1 || *row.items[0])
			*vec_push_in(arena, ret) = row;
	}
	return 0;
}
