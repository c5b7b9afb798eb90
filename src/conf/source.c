#include "conf/source.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/value.h"

struct source source_open(const char *text, size_t len, struct arena *arena)
{
	struct source s = {.text = text, .len = len, .line_count = 1};
	for (const char *p = text, *end = text + len; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		s.line_count++;
	size_t *lines = arena_calloc(arena, s.line_count, sizeof *lines), n = 1;
	for (const char *p = text, *end = text + len; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines[n++] = (size_t)(p + 1 - text);
	s.lines = lines;
	return s;
}

static size_t line_end(const struct source *s, size_t line)
{
	size_t end = line + 1 < s->line_count ? s->lines[line + 1] - 1 : s->len;
	return end > s->lines[line] && s->text[end - 1] == '\r' ? end - 1 : end;
}

struct span source_span(const struct source *s, size_t from, size_t to)
{
	if (from > s->len)
		from = s->len;
	size_t low = 0, high = s->line_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (s->lines[middle] <= from)
			low = middle;
		else
			high = middle;
	}
	size_t end = line_end(s, low);
	if (to > end)
		to = end;
	return (struct span){
	    .line = (unsigned)(low + 1),
	    .column = (unsigned)(from - s->lines[low] + 1),
	    .width = to > from ? (unsigned)(to - from) : 1,
	};
}

struct span source_place(const struct source *s, int line, int column)
{
	size_t at = s->len;
	if (line >= 1 && (size_t)line <= s->line_count) {
		size_t end = line_end(s, (size_t)line - 1);
		at = s->lines[line - 1];
		for (int i = 1; i < column && at < end; i++)
			do
				at++;
			while (at < end && ((unsigned char)s->text[at] & 0xC0) == 0x80);
	}
	/* What is missing at the end is shown behind the last thing that is there. */
	if (at >= s->len)
		for (at = s->len;
		     at > 0 && (s->text[at - 1] == '\n' || s->text[at - 1] == '\r' || s->text[at - 1] == ' ');)
			at--;
	return source_span(s, at, at + 1);
}

/* One finding a line at most: the first byte in it that no text file has. */
static bool check_line(const struct source *s, size_t from, size_t to, struct diags *diags)
{
	if (to - from > CONF_MAX_LINE) {
		diag_error(diags, CONF_TOO_LARGE_CODE, source_span(s, from, from + 1), "break the line",
			   "the line is longer than %d KiB", CONF_MAX_LINE >> 10);
		return false;
	}
	for (size_t i = from; i < to; i++) {
		unsigned char c = (unsigned char)s->text[i];
		bool c1 = c == 0xC2 && i + 1 < to && (unsigned char)s->text[i + 1] >= 0x80 &&
			  (unsigned char)s->text[i + 1] < 0xA0;
		if ((c < 0x20 && c != '\t') || c == 0x7F || c1) {
			diag_error(diags, CONF_NOT_TEXT_CODE, source_span(s, i, i + 1), NULL,
				   "the control character 0x%02x does not belong in a text file",
				   c1 ? (unsigned char)s->text[i + 1] : c);
			return false;
		}
	}
	if (str_is_utf8(s->text + from, to - from))
		return true;
	/* The first byte that begins no character: everything before it is good. */
	size_t bad = from;
	while (bad < to) {
		size_t n = 1;
		while (n <= 4 && bad + n <= to && !str_is_utf8(s->text + bad, n))
			n++;
		if (n > 4 || bad + n > to)
			break;
		bad += n;
	}
	diag_error(diags, CONF_NOT_TEXT_CODE, source_span(s, bad, bad + 1), "save the file as UTF-8",
		   "the byte 0x%02x is not UTF-8", (unsigned char)s->text[bad]);
	return false;
}

static bool check_tabs(const struct source *s, size_t from, size_t to, struct diags *diags)
{
	size_t first = to, i = from;
	for (; i < to && (s->text[i] == ' ' || s->text[i] == '\t'); i++)
		if (s->text[i] == '\t' && first == to)
			first = i;
	if (first == to || i == to || s->text[i] == '#')
		return true;
	diag_error(diags, CONF_TAB_CODE, source_span(s, first, i), "indent with spaces only",
		   "a tab indents this line; YAML does not take tabs there");
	return false;
}

int source_check(const struct source *s, struct diags *diags)
{
	if (s->len > CONF_MAX_BYTES) {
		diag_error(diags, CONF_TOO_LARGE_CODE, source_span(s, 0, 1), NULL,
			   "the file is larger than %d MiB, the most that reeve reads", CONF_MAX_BYTES >> 20);
		return -1;
	}
	size_t brackets = 0;
	for (size_t i = 0; i < s->len; i++) {
		brackets += s->text[i] == '[' || s->text[i] == '{';
		if (brackets > CONF_MAX_BRACKETS) {
			diag_error(diags, CONF_TOO_MANY_CODE, source_span(s, i, i + 1), NULL,
				   "more than %d opening brackets", CONF_MAX_BRACKETS);
			return -1;
		}
	}
	bool text = true, tabs = false;
	for (size_t line = 0; line < s->line_count; line++) {
		size_t end = line_end(s, line);
		text = check_line(s, s->lines[line], end, diags) && text;
		tabs = !check_tabs(s, s->lines[line], end, diags) || tabs;
	}
	return !text ? -1 : tabs ? 1 : 0;
}
