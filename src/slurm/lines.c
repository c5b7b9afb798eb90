#include "slurm/lines.h"

#include <string.h>
#include <strings.h>

bool lines_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

const char *lines_skip_space(const char *p)
{
	while (lines_is_space(*p))
		p++;
	return p;
}

/* Cuts a comment off: '#' after an even number of backslashes. */
static size_t without_comment(const char *line, size_t len)
{
	size_t backslashes = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '#' && backslashes % 2 == 0)
			return i;
		backslashes = line[i] == '\\' ? backslashes + 1 : 0;
	}
	return len;
}

/* Whether the line goes on: an odd number of backslashes at its end, blanks behind them allowed. *ret_len: without the
 * last. */
static bool goes_on(const char *line, size_t len, size_t *ret_len)
{
	size_t end = len, backslashes = 0;
	while (end > 0 && lines_is_space(line[end - 1]))
		end--;
	while (backslashes < end && line[end - backslashes - 1] == '\\')
		backslashes++;
	*ret_len = backslashes % 2 ? end - 1 : len;
	return backslashes % 2 == 1;
}

static void strip_escapes(struct strbuf *b)
{
	size_t out = 0;
	for (size_t in = 0; in < b->len; in++) {
		if (b->data[in] == '\\' && in + 1 < b->len)
			in++;
		b->data[out++] = b->data[in];
	}
	b->len = out;
	b->data[out] = '\0';
}

bool lines_next(const char **p, const char *end, struct strbuf *out, unsigned *line)
{
	bool more = true;
	if (*p >= end)
		return false;
	strbuf_reset(out);
	while (more && *p < end) {
		const char *newline = memchr(*p, '\n', (size_t)(end - *p));
		size_t len = (size_t)((newline ? newline : end) - *p);
		size_t keep = without_comment(*p, len);
		more = goes_on(*p, keep, &keep);
		if (out->len + keep <= LINES_MAX_BYTES)
			strbuf_add(out, *p, keep);
		else
			out->len = LINES_MAX_BYTES + 1; /* reported by the caller; nothing of it is used */
		*p = newline ? newline + 1 : end;
		(*line)++;
		if (out->len > LINES_MAX_BYTES)
			return true;
	}
	strbuf_adds(out, "");
	strip_escapes(out);
	return true;
}

const char *lines_included(const char *p, size_t *ret_len)
{
	p = lines_skip_space(p);
	if (strncasecmp(p, "Include", 7) != 0 || !lines_is_space(p[7]) || *lines_skip_space(p + 7) == '=')
		return NULL;
	p = lines_skip_space(p + 7);
	*ret_len = strcspn(p, " \t\r\v\f");
	return p;
}
