#include "adopt/range.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { DIGITS = 9 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *text)
{
	size_t n = 0;
	while (is_digit(text[n]))
		n++;
	return n;
}

/* The place where `b` is `a` counted up by one; -1: it is not. */
static long step(const char *a, const char *b)
{
	size_t at = 0;
	while (a[at] && a[at] == b[at])
		at++;
	while (at && is_digit(a[at - 1]))
		at--;
	size_t m = digits(a + at), n = digits(b + at);
	if (!m || !n || m > DIGITS || n > DIGITS || !streq(a + at + m, b + at + n))
		return -1;
	if ((a[at] == '0' && m > 1) || (b[at] == '0' && n > 1) ? m != n : n < m)
		return -1;
	return strtoul(b + at, NULL, 10) == strtoul(a + at, NULL, 10) + 1 ? (long)at : -1;
}

bool range_extend(struct range *range, const char *next)
{
	long at = step(range->last, next);
	if (at < 0 || (range->first != range->last && (size_t)at != range->prefix))
		return false;
	range->prefix = (size_t)at;
	range->last = next;
	return true;
}

const char *range_text(const struct range *range, struct arena *arena)
{
	if (range->first == range->last)
		return range->first;
	const char *from = range->first + range->prefix, *to = range->last + range->prefix;
	size_t m = digits(from), n = digits(to);
	return arena_printf(arena, "%.*s[%.*s-%.*s]%s", (int)range->prefix, range->first, (int)m, from, (int)n, to,
			    from + m);
}
