#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "hostlist/hostlist.h"

/* Several brackets are read as the digits of a number that counts up; Slurm itself stops at five dimensions. */
#define BRACKETS_MAX 8
#define DIGITS_MAX 18 /* fits uint64_t with room */

struct range {
	uint64_t low, high;
	unsigned width;
};

struct reader {
	const char *text;
	const char *p;
	size_t *ret_at;
	struct err *err;
};

static int fail(struct reader *r, const char *at, enum err_code code, const char *message)
{
	if (r->ret_at)
		*r->ret_at = (size_t)(at - r->text);
	return err_set(r->err, code, "%s", message);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-' ||
	       c == ':';
}

static int read_number(struct reader *r, uint64_t *ret, unsigned *ret_digits)
{
	const char *start = r->p;
	uint64_t value = 0;
	for (; is_digit(*r->p); r->p++) {
		if (r->p - start == DIGITS_MAX)
			return fail(r, start, ERR_INPUT, "a number of more than 18 digits");
		value = value * 10 + (uint64_t)(*r->p - '0');
	}
	if (r->p == start)
		return fail(r, start, ERR_INPUT,
			    *start == ']' || *start == ',' ? "a number is missing here"
			    : *start == '\0'               ? "a closing bracket is missing"
					     : "only numbers and ranges of numbers may stand in brackets");
	*ret = value;
	*ret_digits = (unsigned)(r->p - start);
	return 0;
}

/* Reads one number or range; r->p is behind it, on ',' or ']'. */
static int read_range(struct reader *r, struct range *ret)
{
	const char *start = r->p;
	unsigned high_digits = 0;
	*ret = (struct range){0};
	if (read_number(r, &ret->low, &ret->width) < 0)
		return -1;
	ret->high = ret->low;
	if (*r->p == '-') {
		r->p++;
		if (read_number(r, &ret->high, &high_digits) < 0)
			return -1;
		if (ret->high < ret->low)
			return fail(r, start, ERR_INPUT, "this range runs backwards");
	}
	if (*r->p == '\0')
		return fail(r, r->p, ERR_INPUT, "a closing bracket is missing");
	if (*r->p != ',' && *r->p != ']')
		return fail(r, r->p, ERR_INPUT, "only numbers and ranges of numbers may stand in brackets");
	return 0;
}

static unsigned digits_of(uint64_t value)
{
	unsigned n = 1;
	for (; value >= 10; value /= 10)
		n++;
	return n;
}

/* r->p is behind '['. Ends behind ']'. How many numbers the brackets hold, at most `max`; the widest one's digits. */
static int read_brackets(struct reader *r, uint64_t max, uint64_t *ret_count, unsigned *ret_width)
{
	uint64_t count = 0;
	unsigned width = 0;
	for (;;) {
		struct range range = {0};
		const char *start = r->p;
		if (read_range(r, &range) < 0)
			return -1;
		uint64_t here = range.high - range.low + 1;
		if (here > max || count > max - here)
			return fail(r, start, ERR_LIMIT, "too many names");
		count += here;
		unsigned digits = digits_of(range.high);
		if (digits < range.width)
			digits = range.width;
		if (digits > width)
			width = digits;
		if (*r->p++ == ']')
			break;
	}
	*ret_count = count;
	*ret_width = width;
	return 0;
}

/* Reads one item, from r->p to the ',' or blank or end behind it. */
static int read_item(struct reader *r, size_t max, size_t *ret_count, size_t *ret_len)
{
	const char *start = r->p;
	uint64_t count = 1;
	size_t len = 0, brackets = 0;
	while (*r->p != '\0' && *r->p != ',' && !is_blank(*r->p)) {
		if (*r->p == '[') {
			const char *open = r->p++;
			uint64_t here = 0;
			unsigned width = 0;
			if (++brackets > BRACKETS_MAX)
				return fail(r, open, ERR_INPUT, "more than 8 pairs of brackets in one name");
			if (read_brackets(r, max, &here, &width) < 0)
				return -1;
			if (__builtin_mul_overflow(count, here, &count) || count > max)
				return fail(r, start, ERR_LIMIT, "too many names");
			len += width;
		} else if (is_name_byte(*r->p)) {
			r->p++;
			len++;
		} else {
			return fail(r, r->p, ERR_INPUT,
				    *r->p == ']' ? "a closing bracket without an opening one"
						 : "this character cannot stand in a name");
		}
		if (len > HOSTLIST_NAME_MAX)
			return fail(r, start, ERR_INPUT, "a name of more than 255 characters");
	}
	if (r->p == start)
		return fail(r, start, ERR_INPUT, "a name is missing here");
	if (count > max)
		return fail(r, start, ERR_LIMIT, "too many names");
	*ret_count = (size_t)count;
	*ret_len = len;
	return 0;
}

static void skip_blanks(struct reader *r)
{
	while (is_blank(*r->p))
		r->p++;
}

/* Goes on to the next item. 1: there is one; 0: the end; -1: an error. */
static int next_item(struct reader *r)
{
	bool first = r->p == r->text;
	skip_blanks(r);
	if (!first && *r->p == ',') {
		r->p++;
		skip_blanks(r);
		if (*r->p == '\0')
			return fail(r, r->p, ERR_INPUT, "a name is missing here");
	}
	return *r->p != '\0';
}

int hostlist_measure(const char *text, size_t max, size_t *ret_count, size_t *ret_bytes, size_t *ret_at,
		     struct err *err)
{
	struct reader r = {.text = text, .p = text, .ret_at = ret_at, .err = err};
	size_t total = 0, bytes = 0;
	int more;
	while ((more = next_item(&r)) > 0) {
		const char *start = r.p;
		size_t here = 0, len = 0;
		if (read_item(&r, max, &here, &len) < 0)
			return -1;
		if (here > max - total)
			return fail(&r, start, ERR_LIMIT, "too many names");
		total += here;
		bytes += here * (len + 1);
	}
	if (more < 0)
		return -1;
	*ret_count = total;
	*ret_bytes = bytes;
	return 0;
}

int hostlist_count(const char *text, size_t max, size_t *ret_count, size_t *ret_at, struct err *err)
{
	size_t bytes;
	return hostlist_measure(text, max, ret_count, &bytes, ret_at, err);
}

/* One bracket while its item is expanded. */
struct wheel {
	const char *first; /* behind '[' */
	const char *next;  /* the range behind the one that turns */
	struct range range;
	uint64_t value;
};

/* Texts have been checked by hostlist_count: reading cannot fail. */
static void wheel_load(struct wheel *w, const char *from)
{
	struct reader r = {.text = from, .p = from};
	(void)read_range(&r, &w->range);
	w->next = *r.p == ',' ? r.p + 1 : NULL;
	w->value = w->range.low;
}

/* Goes one on; false where it is back at its beginning. */
static bool wheel_turn(struct wheel *w)
{
	if (w->value < w->range.high) {
		w->value++;
		return true;
	}
	bool more = w->next != NULL;
	wheel_load(w, more ? w->next : w->first);
	return more;
}

static char *item_print(const char *item, const char *end, const struct wheel *wheels, struct arena *arena)
{
	char name[HOSTLIST_NAME_MAX + 1];
	size_t len = 0;
	for (const char *p = item; p < end; p++) {
		if (*p != '[') {
			name[len++] = *p;
			continue;
		}
		char digits[24];
		unsigned n = 0, width = wheels->range.width;
		for (uint64_t v = wheels->value; n == 0 || v > 0; v /= 10)
			digits[n++] = (char)('0' + v % 10);
		while (n < width)
			digits[n++] = '0';
		while (n > 0)
			name[len++] = digits[--n];
		wheels++;
		while (*p != ']')
			p++;
	}
	return arena_strndup(arena, name, len);
}

static size_t item_expand(const char *item, const char *end, struct arena *arena, const char **names)
{
	struct wheel wheels[BRACKETS_MAX] = {0};
	size_t n = 0, count = 0;
	for (const char *p = item; p < end; p++) {
		if (*p == '[') {
			wheels[n].first = p + 1;
			wheel_load(&wheels[n++], p + 1);
		}
	}
	for (;;) {
		names[count++] = item_print(item, end, wheels, arena);
		size_t i = n;
		while (i > 0 && !wheel_turn(&wheels[i - 1]))
			i--;
		if (i == 0)
			return count;
	}
}

int hostlist_expand(const char *text, size_t max, struct arena *arena, const char *const **ret_names, size_t *ret_count,
		    size_t *ret_at, struct err *err)
{
	size_t count = 0, done = 0, here = 0, len = 0;
	if (hostlist_count(text, max, &count, ret_at, err) < 0)
		return -1;
	const char **names = arena_calloc(arena, count + 1, sizeof *names);
	struct reader r = {.text = text, .p = text};
	while (next_item(&r) > 0) {
		const char *item = r.p;
		if (read_item(&r, max, &here, &len) < 0)
			return -1;
		done += item_expand(item, r.p, arena, names + done);
	}
	*ret_names = names;
	*ret_count = done;
	return 0;
}
