#include "base/term.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { MARK = 0xFF };

struct guard {
	FILE *stream;
	int fd;
	bool json;
	char rest[4]; /* of a character that is not whole yet, or a mark without its letter */
	size_t rest_len;
};

static struct guard guards[2];

static const struct {
	char letter;
	const char *sequence;
} marks[] = {{'0', "\033[0m"},    {'1', "\033[1m"},      {'2', "\033[2m"},   {'r', "\033[31m"},   {'g', "\033[32m"},
	     {'y', "\033[33m"},   {'m', "\033[35m"},     {'c', "\033[36m"},  {'R', "\033[1;31m"}, {'M', "\033[1;35m"},
	     {'C', "\033[1;36m"}, {'h', "\033[?25l"},    {'s', "\033[?25h"}, {'<', "\r"},         {'^', "\033[A"},
	     {'J', "\033[J"},     {'H', "\033[H\033[2J"}};

static const char *sequence_of(unsigned char letter)
{
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (marks[i].letter == (char)letter)
			return marks[i].sequence;
	return NULL;
}

static void escape(const struct guard *g, const unsigned char *s, size_t len, struct strbuf *out)
{
	uint32_t point = len == 0 ? 0xFFFD : len == 1 ? *s : *s & (0xFFU >> (len + 1));
	for (size_t i = 1; i < len; i++)
		point = point << 6 | (s[i] & 0x3FU);
	if (g->json && point < 0x10000)
		strbuf_addf(out, "\\u%04x", point);
	else if (g->json)
		strbuf_addf(out, "\\u%04x\\u%04x", 0xD800 + ((point - 0x10000) >> 10), 0xDC00 + (point & 0x3FF));
	else
		for (size_t i = 0; i < (len ? len : 1); i++)
			strbuf_addf(out, "\\x%02x", s[i]);
}

/* What of these bytes can be judged already goes to `out`; gives how many that were. */
static size_t pass(const struct guard *g, const unsigned char *s, size_t len, bool last, struct strbuf *out)
{
	size_t i = 0;
	while (i < len) {
		if (s[i] == MARK && i + 1 == len && !last)
			break;
		const char *ours = s[i] == MARK && i + 1 < len ? sequence_of(s[i + 1]) : NULL;
		if (ours) {
			strbuf_adds(out, ours);
			i += 2;
			continue;
		}
		size_t n = str_utf8_length(s + i, len - i);
		if (!n && !last && str_utf8_begins(s + i, len - i))
			break;
		if (n && (s[i] == '\n' || s[i] == '\t' || str_is_plain(s + i, n)))
			strbuf_add(out, s + i, n);
		else
			escape(g, s + i, n, out);
		i += n ? n : 1;
	}
	return i;
}

static ssize_t on_write(void *cookie, const char *bytes, size_t size)
{
	struct guard *g = cookie;
	_cleanup_strbuf_ struct strbuf in = {0}, out = {0};
	strbuf_add(&in, g->rest, g->rest_len);
	strbuf_add(&in, bytes, size);
	size_t used = pass(g, (const unsigned char *)strbuf_str(&in), in.len, false, &out);
	g->rest_len = in.len - used;
	memcpy(g->rest, in.data + used, g->rest_len);
	return fd_write_all(g->fd, strbuf_str(&out), out.len) < 0 ? 0 : (ssize_t)size;
}

static void guard(struct guard *g, FILE **stream, int buffering)
{
	*g = (struct guard){.fd = fileno(*stream)};
	g->stream = fopencookie(g, "w", (cookie_io_functions_t){.write = on_write});
	if (!g->stream)
		abort();
	setvbuf(g->stream, NULL, buffering, BUFSIZ);
	*stream = g->stream;
}

void term_guard(void)
{
	guard(&guards[0], &stdout, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
	guard(&guards[1], &stderr, _IONBF);
}

static struct guard *guard_of(const FILE *f)
{
	for (size_t i = 0; i < 2; i++)
		if (guards[i].stream == f)
			return &guards[i];
	return NULL;
}

void term_json(void)
{
	struct guard *g = guard_of(stdout);
	if (g)
		g->json = true;
}

int term_fd(FILE *f)
{
	const struct guard *g = guard_of(f);
	return g ? g->fd : fileno(f);
}
