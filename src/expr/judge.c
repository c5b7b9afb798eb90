#include "expr/judge.h"

#include <string.h>

#include "base/str.h"

#define VERSION_DIGITS_MAX 9

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One number of a version; *p is behind it. False where there is none, or one that is too long. */
static bool read_part(const char **p, uint64_t *ret)
{
	const char *start = *p;
	*ret = 0;
	for (; is_digit(**p); (*p)++) {
		if (*p - start == VERSION_DIGITS_MAX)
			return false;
		*ret = *ret * 10 + (uint64_t)(**p - '0');
	}
	return *p > start;
}

bool judge_is_version(const char *text)
{
	uint64_t part;
	for (;; text++) {
		if (!read_part(&text, &part))
			return false;
		if (*text != '.')
			return !*text;
	}
}

/* What a host has: numbers between dots, then anything; not an epoch, which would be taken for the version. */
static bool is_version_of_host(const char *text)
{
	uint64_t part;
	while (read_part(&text, &part)) {
		if (*text != '.')
			return *text != ':';
		if (!is_digit(*++text))
			return true;
	}
	return false;
}

/* Compares as many numbers as `wanted` has; what `has` lacks is 0. */
static int compare_versions(const char *has, const char *wanted)
{
	bool more = true;
	for (;;) {
		uint64_t a = 0, b = 0;
		if (more)
			more = read_part(&has, &a);
		read_part(&wanted, &b);
		if (a != b)
			return a < b ? -1 : 1;
		if (*wanted != '.')
			return 0;
		wanted++;
		if (more && *has == '.')
			has++;
		else
			more = false;
	}
}

static const char *next_character(const char *s)
{
	s++;
	while (((unsigned char)*s & 0xC0) == 0x80)
		s++;
	return s;
}

/* '*' is anything, '?' one character. Goes back to the last '*' only: no more steps than text times pattern. */
static bool matches(const char *text, const char *pattern)
{
	const char *star = NULL, *resume = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?') {
			pattern++;
			text = next_character(text);
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = resume = next_character(resume);
		} else {
			return false;
		}
	}
	return !pattern[strspn(pattern, "*")];
}

static bool text_fits(const char *text, enum token_kind op, const char *wanted)
{
	return text && (op == TOKEN_LIKE ? matches(text, wanted) : streq(text, wanted));
}

static bool fits_order(int order, enum token_kind op)
{
	switch (op) {
	case TOKEN_NE:
		return order != 0;
	case TOKEN_LT:
		return order < 0;
	case TOKEN_LE:
		return order <= 0;
	case TOKEN_GT:
		return order > 0;
	case TOKEN_GE:
		return order >= 0;
	default: /* ==, and each of a list */
		return order == 0;
	}
}

bool judge_knows(enum expr_type type, const struct expr_value *value)
{
	if (!value->known)
		return false;
	if (type == EXPR_VERSION)
		return value->text && is_version_of_host(value->text);
	return type != EXPR_TEXT || value->text;
}

static bool operand_fits(const struct node *test, enum expr_type type, const struct operand *o,
			 const struct expr_value *has, const struct expr_value *values)
{
	uint64_t number = o->is_fact ? values[o->fact].number : o->number;
	switch (type) {
	case EXPR_TEXT:
		return test->op == TOKEN_NE ? !streq(has->text, o->text) : text_fits(has->text, test->op, o->text);
	case EXPR_TEXTS:
		for (size_t i = 0; i < has->text_count; i++)
			if (text_fits(has->texts[i], test->op, o->text))
				return true;
		return false;
	case EXPR_VERSION:
		return fits_order(compare_versions(has->text, o->text), test->op);
	default:
		return fits_order(has->number < number ? -1 : has->number > number, test->op);
	}
}

static enum expr_truth test_node(const struct expr *e, const struct node *test, const struct expr_value *values)
{
	enum expr_type type = e->names[test->fact].type;
	const struct expr_value *has = &values[test->fact];
	bool fits = type == EXPR_BOOL && has->truth;
	if (!judge_knows(type, has))
		return EXPR_UNKNOWN;
	for (size_t i = 0; i < test->operand_count; i++) {
		if (test->operands[i].is_fact && !judge_knows(type, &values[test->operands[i].fact]))
			return EXPR_UNKNOWN;
		fits |= operand_fits(test, type, &test->operands[i], has, values);
	}
	return fits != test->negated ? EXPR_YES : EXPR_NO;
}

enum expr_truth judge_node(const struct expr *e, const struct node *node, const struct expr_value *values)
{
	if (node->kind == NODE_TEST)
		return test_node(e, node, values);
	if (node->kind == NODE_NOT)
		return EXPR_YES - judge_node(e, node->children, values);
	bool all = node->kind == NODE_AND;
	enum expr_truth truth = all ? EXPR_YES : EXPR_NO;
	for (const struct node *c = node->children; c; c = c->next) {
		enum expr_truth one = judge_node(e, c, values);
		if (all ? one < truth : one > truth)
			truth = one;
	}
	return truth;
}

enum expr_truth expr_judge(const struct expr *e, const struct expr_value *values)
{
	return judge_node(e, e->root, values);
}

bool expr_holds(const struct expr *e, const struct expr_value *values)
{
	return expr_judge(e, values) == EXPR_YES;
}
