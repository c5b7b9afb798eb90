#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "hostlist/hostlist.h"

#define DIGITS_MAX 18

/* A name taken apart: what stands before the number at its end, and the number. */
struct part {
	const char *name;
	size_t prefix; /* its length */
	unsigned digits;
	unsigned width; /* digits it is padded to; 0: not padded */
	uint64_t value;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int compare_n(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i = 0, j = 0;
	while (i < a_len && j < b_len) {
		if (!is_digit(a[i]) || !is_digit(b[j])) {
			if (a[i] != b[j])
				return (unsigned char)a[i] < (unsigned char)b[j] ? -1 : 1;
			i++;
			j++;
			continue;
		}
		size_t a_end, b_end;
		while (i < a_len && a[i] == '0')
			i++;
		while (j < b_len && b[j] == '0')
			j++;
		for (a_end = i; a_end < a_len && is_digit(a[a_end]); a_end++)
			;
		for (b_end = j; b_end < b_len && is_digit(b[b_end]); b_end++)
			;
		if (a_end - i != b_end - j)
			return a_end - i < b_end - j ? -1 : 1;
		int order = memcmp(a + i, b + j, a_end - i);
		if (order != 0)
			return order;
		i = a_end;
		j = b_end;
	}
	if (i < a_len || j < b_len)
		return i < a_len ? 1 : -1;
	/* Equal but for leading zeros. */
	size_t shorter = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, shorter);
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

int hostlist_compare(const char *a, const char *b)
{
	return compare_n(a, strlen(a), b, strlen(b));
}

static int compare_prefix(const struct part *a, const struct part *b)
{
	int order = compare_n(a->name, a->prefix, b->name, b->prefix);
	return order != 0 ? order : (a->digits > 0) - (b->digits > 0);
}

static int compare_part(const void *pa, const void *pb)
{
	const struct part *a = pa, *b = pb;
	int order = compare_prefix(a, b);
	if (order != 0)
		return order;
	if (a->width != b->width)
		return a->width < b->width ? -1 : 1;
	return (a->value > b->value) - (a->value < b->value);
}

static struct part split(const char *name)
{
	struct part part = {.name = name, .prefix = strlen(name)};
	size_t end = part.prefix, start = end;
	while (start > 0 && end - start < DIGITS_MAX && is_digit(name[start - 1]))
		start--;
	if (start == end)
		return part;
	part.prefix = start;
	part.digits = (unsigned)(end - start);
	for (size_t i = start; i < end; i++)
		part.value = part.value * 10 + (uint64_t)(name[i] - '0');
	if (part.digits > 1 && name[start] == '0')
		part.width = part.digits;
	return part;
}

/*
 * A number without leading zeros goes with the padded ones of its prefix where its digits fill their width: n08, n09
 * and n10 are n[08-10]. `parts` are all of one prefix.
 */
static void join_widths(struct part *parts, size_t count)
{
	unsigned widths = 0; /* bit n: there are numbers padded to n digits */
	for (size_t i = 0; i < count; i++)
		widths |= 1U << parts[i].width;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].width > 0)
			continue;
		for (unsigned w = parts[i].digits; w > 0 && parts[i].width == 0; w--)
			if (widths & 1U << w)
				parts[i].width = w;
	}
	qsort(parts, count, sizeof *parts, compare_part);
}

static void print_range(struct strbuf *out, const struct part *low, const struct part *high)
{
	strbuf_adds(out, low->name + low->prefix);
	if (high != low) {
		strbuf_addc(out, '-');
		strbuf_adds(out, high->name + high->prefix);
	}
}

/* All of one prefix, sorted, without duplicates. */
static void print_group(struct strbuf *out, const struct part *parts, size_t count)
{
	if (out->len > 0)
		strbuf_addc(out, ',');
	if (count == 1) {
		strbuf_adds(out, parts[0].name);
		return;
	}
	strbuf_add(out, parts[0].name, parts[0].prefix);
	strbuf_addc(out, '[');
	for (size_t i = 0; i < count;) {
		size_t j = i;
		while (j + 1 < count && parts[j + 1].width == parts[j].width &&
		       parts[j + 1].value == parts[j].value + 1)
			j++;
		if (i > 0)
			strbuf_addc(out, ',');
		print_range(out, &parts[i], &parts[j]);
		i = j + 1;
	}
	strbuf_addc(out, ']');
}

char *hostlist_compress(const char *const *names, size_t count, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_free_ struct part *parts = xcalloc(count + 1, sizeof *parts);
	for (size_t i = 0; i < count; i++)
		parts[i] = split(names[i]);
	qsort(parts, count, sizeof *parts, compare_part);
	size_t unique = 0;
	for (size_t i = 0; i < count; i++)
		if (unique == 0 || !streq(parts[unique - 1].name, parts[i].name))
			parts[unique++] = parts[i];
	for (size_t i = 0, j; i < unique; i = j) {
		for (j = i + 1; j < unique && compare_prefix(&parts[i], &parts[j]) == 0; j++)
			;
		join_widths(parts + i, j - i);
		print_group(&out, parts + i, j - i);
	}
	return arena_strndup(arena, strbuf_str(&out), out.len);
}
