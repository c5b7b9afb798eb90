#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_is_under(const char *path, const char *directory)
{
	size_t len = strlen(directory);
	return streq(directory, "/") || (str_starts(path, directory) && (!path[len] || path[len] == '/'));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

size_t str_read_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	size_t len = 0;
	for (; s[len] >= '0' && s[len] <= '9'; len++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(s[len] - '0'), &n) ||
		    n > max)
			return 0;
	if (len)
		*ret = n;
	return len;
}

int str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return -1;
	}
	if (n < min || n > max)
		return -1;
	*ret = n;
	return 0;
}

bool str_is_name(const char *s, size_t max)
{
	size_t len = strnlen(s, max + 1);
	if (!len || len > max || *s == '-' || *s == '.')
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '.' ||
		      *s == '_' || *s == '-'))
			return false;
	return true;
}

bool str_is_address(const char *s)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, s, bytes) == 1 || inet_pton(AF_INET6, s, bytes) == 1;
}

static char fold(char c)
{
	return (char)tolower((unsigned char)c);
}

size_t str_distance(const char *a, const char *b, size_t bound)
{
	size_t n = strlen(a), m = strlen(b);
	if ((n > m ? n - m : m - n) > bound)
		return bound + 1;
	/* Three rows of the usual table: before the last, the last, this one. */
	_cleanup_free_ size_t *rows = xcalloc(3 * (m + 1), sizeof *rows);
	size_t *older = rows, *old = rows + m + 1, *now = rows + 2 * (m + 1);
	for (size_t j = 0; j <= m; j++)
		old[j] = j;
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		size_t least = i;
		for (size_t j = 1; j <= m; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			size_t d = old[j - 1] + !same;
			if (old[j] + 1 < d)
				d = old[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
			    older[j - 2] + 1 < d)
				d = older[j - 2] + 1;
			now[j] = d;
			if (d < least)
				least = d;
		}
		if (least > bound)
			return bound + 1;
		size_t *spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[m] > bound ? bound + 1 : old[m];
}

const char *str_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word);
	if (len > 200)
		return NULL;
	size_t bound = len <= 3 ? 1 : len <= 7 ? 2 : 3;
	const char *nearest = NULL;
	for (; *words; words++) {
		size_t d = str_distance(word, *words, bound);
		if (d <= bound) {
			nearest = *words;
			if (!d)
				break;
			bound = d - 1;
		}
	}
	return nearest;
}

/* RFC 3629: no surrogates, nothing overlong, up to U+10FFFF. */
size_t str_utf8_length(const unsigned char *s, size_t len)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	if (s[0] < 0xC2 || s[0] > 0xF4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
	    (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

bool str_is_utf8(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = s[i] ? str_utf8_length((const unsigned char *)s + i, len - i) : 0;
		if (!n)
			return false;
		i += n;
	}
	return true;
}

bool str_utf8_begins(const unsigned char *s, size_t len)
{
	static const unsigned char least[2] = {0x80, 0xBF};
	unsigned char whole[4];
	if (len == 0 || len > 3)
		return false;
	/* what is not there yet is the least, or the greatest, that may follow: second bytes have bounds of their own */
	for (size_t i = 0; i < 2; i++) {
		memset(whole, least[i], sizeof whole);
		memcpy(whole, s, len);
		if (str_utf8_length(whole, sizeof whole) > len)
			return true;
	}
	return false;
}

/* First and last of each range. */
static const uint32_t not_plain[][2] = {
    {0x00, 0x1F},       {0x7F, 0x9F},     /* controls, C0 and C1 */
    {0x061C, 0x061C},   {0x200E, 0x200F}, /* marks of direction */
    {0x2028, 0x202E},   {0x2066, 0x206F}, /* separators of lines, embeddings, overrides, isolates */
    {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB}, /* byte order, annotations */
    {0xE0000, 0xE007F},                   /* tags */
};

bool str_is_plain(const unsigned char *s, size_t len)
{
	uint32_t point = len == 1 ? *s : *s & (0xFFU >> (len + 1));
	for (size_t i = 1; i < len; i++)
		point = point << 6 | (s[i] & 0x3FU);
	for (size_t i = 0; i < sizeof not_plain / sizeof *not_plain; i++)
		if (point >= not_plain[i][0] && point <= not_plain[i][1])
			return false;
	return true;
}

static void add_printable(struct strbuf *out, const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	for (size_t i = 0; i < len;) {
		size_t n = str_utf8_length(u + i, len - i);
		if (n && str_is_plain(u + i, n)) {
			strbuf_add(out, s + i, n);
			i += n;
		} else {
			if (u[i] == '\n')
				strbuf_adds(out, "\\n");
			else if (u[i] == '\t')
				strbuf_addc(out, ' ');
			else
				strbuf_addf(out, "\\x%02x", u[i]);
			i++;
		}
	}
}

char *str_printable_whole(struct arena *a, const char *s, size_t len)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	add_printable(&out, s, len);
	return arena_strndup(a, strbuf_str(&out), out.len);
}

char *str_printable(struct arena *a, const char *s, size_t len)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	add_printable(&out, s, len < STR_PRINTABLE_MAX ? len : STR_PRINTABLE_MAX);
	if (len > STR_PRINTABLE_MAX)
		strbuf_adds(&out, "...");
	return arena_strndup(a, strbuf_str(&out), out.len);
}

bool str_has_item(const char *list, const char *item, int (*compare)(const char *, const char *, size_t))
{
	size_t len = strlen(item);
	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ",");
		if (n == len && compare(p, item, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

char *str_next(char **rest, const char *separators)
{
	char *s = *rest;
	if (!s)
		return NULL;
	s += strspn(s, separators);
	if (!*s) {
		*rest = NULL;
		return NULL;
	}
	char *end = s + strcspn(s, separators);
	if (*end) {
		*end = '\0';
		*rest = end + 1;
	} else {
		*rest = NULL;
	}
	return s;
}

char *str_next_line(char **rest)
{
	char *s = *rest;
	if (!s || !*s)
		return NULL;
	char *end = strchr(s, '\n');
	if (end) {
		*end = '\0';
		*rest = end + 1;
		if (end > s && end[-1] == '\r')
			end[-1] = '\0';
	} else {
		*rest = NULL;
	}
	return s;
}
