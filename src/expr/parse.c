/* Reads expressions by recursive descent, one function a rule of the grammar. What stands to the right of an operator is
 * operand.c's. */
#include "expr/reader.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

#define OPS(kind) (1U << (kind))
#define OPS_EQUAL (OPS(TOKEN_EQ) | OPS(TOKEN_NE) | OPS(TOKEN_IN))
#define OPS_ORDER (OPS(TOKEN_LT) | OPS(TOKEN_LE) | OPS(TOKEN_GT) | OPS(TOKEN_GE))

static const struct {
	unsigned ops;
	const char *hint; /* for operators that it does not have, and for none at all; %s is the fact */
} types[] = {
    [EXPR_BOOL] = {0, "write '%s' or 'not %s' alone"},
    [EXPR_COUNT] = {OPS_EQUAL | OPS_ORDER, "compare it, as in '%s >= 1'"},
    [EXPR_MEMORY] = {OPS_EQUAL | OPS_ORDER, "compare it, as in '%s >= 7000 MB'"},
    [EXPR_SPEED] = {OPS_EQUAL | OPS_ORDER, "compare it, as in '%s >= 10 Gbit'"},
    [EXPR_TEXT] = {OPS_EQUAL | OPS(TOKEN_LIKE), "write '%s == word', '%s in [word, word]' or '%s ~ \"pattern*\"'"},
    [EXPR_TEXTS] = {OPS(TOKEN_HAS) | OPS(TOKEN_LIKE), "write '%s has word' or '%s ~ \"pattern*\"'"},
    [EXPR_VERSION] = {OPS_EQUAL | OPS_ORDER, "compare it, as in '%s >= 6.1'"},
};

static const struct node *read_chain(struct reader *r);

static const char *type_hint(struct reader *r, size_t fact)
{
	const struct expr_name *name = &r->names[fact];
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const char *p = types[name->type].hint; *p; p++) {
		if (!str_starts(p, "%s")) {
			strbuf_addc(&out, *p);
			continue;
		}
		strbuf_adds(&out, name->name);
		p++;
	}
	return arena_strndup(r->arena, out.data, out.len);
}

/* `7000 MB <= memory`, perhaps in the middle of a chain. */
static const char *turned_hint(struct reader *r, size_t from)
{
	static const enum token_kind turned[] = {[TOKEN_EQ] = TOKEN_EQ, [TOKEN_NE] = TOKEN_NE, [TOKEN_LT] = TOKEN_GT,
						 [TOKEN_LE] = TOKEN_GE, [TOKEN_GT] = TOKEN_LT, [TOKEN_GE] = TOKEN_LE};
	struct token op = r->now;
	if (op.kind == TOKEN_WORD) /* a unit */
		op = token_read(r->text, op.at + op.width);
	struct token fact = token_read(r->text, op.at + op.width);
	if (!token_compares(op.kind) || fact.kind != TOKEN_WORD || reader_fact(r, fact) < 0)
		return NULL;
	size_t len = op.at - from;
	while (len > 1 && strchr(" \t\r\n", r->text[from + len - 1]))
		len--;
	return arena_printf(r->arena, "the fact goes first: '%s %s %s'", reader_slice(r, fact.at, fact.width),
			    token_sign(turned[op.kind]), reader_slice(r, from, len));
}

static const struct node *no_fact_here(struct reader *r)
{
	struct token t = r->now;
	const char *word = reader_slice(r, t.at, t.width);
	if (t.kind == TOKEN_END)
		return reader_fail(r, t, NULL, "a condition is missing here");
	if (t.kind == TOKEN_AND || t.kind == TOKEN_OR)
		return reader_fail(r, t, NULL, "a condition is missing before '%s'", word);
	if (t.kind != TOKEN_WORD && t.kind != TOKEN_NUMBER && t.kind != TOKEN_QUOTED)
		return reader_fail(r, t, NULL, "the name of a fact should stand here, not '%s'", word);
	r->now = token_read(r->text, t.at + t.width);
	const char *hint = turned_hint(r, t.at);
	if (t.kind != TOKEN_WORD)
		return reader_fail(r, t, hint, "the name of a fact should stand here, not '%s'", word);
	if (!hint)
		hint = reader_nearest(r, t);
	return reader_fail(r, t, hint ? hint : reader_all(r), "there is no fact '%s'", word);
}

/* r->now is behind the operator. */
static bool read_list(struct reader *r, struct node *test)
{
	VEC(struct operand) list = {0};
	if (r->now.kind == TOKEN_BAD)
		return reader_unexpected(r);
	if (r->now.kind != TOKEN_LIST_OPEN)
		return reader_fail(r, r->now,
				   arena_printf(r->arena, "write '%s in [..., ...]'", r->names[test->fact].name),
				   "a list in brackets should stand behind 'in'");
	do {
		reader_next(r);
		if (r->now.kind == TOKEN_LIST_CLOSE || r->now.kind == TOKEN_COMMA)
			return reader_fail(r, r->now, NULL, "a value is missing here");
		if (!operand_read(r, test, vec_push_in(r->arena, &list)))
			return false;
	} while (r->now.kind == TOKEN_COMMA);
	if (r->now.kind == TOKEN_BAD)
		return reader_unexpected(r);
	if (r->now.kind != TOKEN_LIST_CLOSE)
		return reader_fail(r, r->now, NULL, "',' or the closing bracket of the list should stand here");
	reader_next(r);
	test->operands = list.items;
	test->operand_count = list.len;
	return true;
}

static bool read_right_side(struct reader *r, struct node *test)
{
	if (test->op == TOKEN_IN)
		return read_list(r, test);
	struct operand *operand = arena_alloc(r->arena, sizeof *operand);
	if (!operand_read(r, test, operand))
		return false;
	test->operands = operand;
	test->operand_count = 1;
	return true;
}

static bool is_operator(enum token_kind kind)
{
	return token_compares(kind) || kind == TOKEN_LIKE || kind == TOKEN_IN || kind == TOKEN_HAS;
}

/* test = fact | fact operator value | fact [ "not" ] "in" list */
static const struct node *read_test(struct reader *r)
{
	struct token first = r->now;
	ptrdiff_t fact = first.kind == TOKEN_WORD ? reader_fact(r, first) : -1;
	if (first.kind == TOKEN_BAD)
		return reader_unexpected(r);
	if (fact < 0)
		return no_fact_here(r);
	if (++r->terms > EXPR_TERMS_MAX)
		return reader_fail(r, first, NULL, "more than %u tests in one expression", EXPR_TERMS_MAX);
	struct node *test = arena_alloc(r->arena, sizeof *test);
	*test = (struct node){.kind = NODE_TEST, .fact = (size_t)fact, .op = TOKEN_END};
	const struct expr_name *name = &r->names[fact];
	reader_next(r);
	struct token op = r->now;
	if (op.kind == TOKEN_NOT) {
		reader_next(r);
		if (r->now.kind != TOKEN_IN)
			return reader_fail(r, op, "'not' stands before a fact, or in 'not in'",
					   "'not' cannot stand here");
		op.width = r->now.at + r->now.width - op.at;
		op.kind = TOKEN_IN;
		test->negated = true;
	}
	if (op.kind == TOKEN_BAD)
		return reader_unexpected(r);
	if (is_operator(op.kind)) {
		if (!(types[name->type].ops & OPS(op.kind)))
			return reader_fail(r, op, type_hint(r, test->fact), "'%s' is %s, for which there is no '%s'",
					   name->name, reader_type(name->type), reader_slice(r, op.at, op.width));
		test->op = op.kind;
		reader_next(r);
		if (!read_right_side(r, test))
			return NULL;
	} else if (name->type != EXPR_BOOL) {
		return reader_fail(r, first, type_hint(r, test->fact), "'%s' is %s, and neither true nor false",
				   name->name, reader_type(name->type));
	}
	test->spelled = reader_slice(r, first.at, r->end - first.at);
	if (is_operator(r->now.kind)) {
		size_t again = test->operand_count && test->operands[0].is_fact ? test->operands[0].fact : test->fact;
		return reader_fail(r, r->now,
				   arena_printf(r->arena, "write two tests: '%s and %s %s ...'", test->spelled,
						r->names[again].name, token_sign(r->now.kind)),
				   "comparisons cannot be chained");
	}
	return test;
}

static bool deeper(struct reader *r)
{
	if (++r->depth <= EXPR_DEPTH_MAX)
		return true;
	return reader_fail(r, r->now, NULL, "more than %u parentheses and 'not' within each other", EXPR_DEPTH_MAX);
}

/* part = "not" part | "(" chain ")" | test */
static const struct node *read_part(struct reader *r)
{
	struct token first = r->now;
	const struct node *inner;
	if (first.kind != TOKEN_NOT && first.kind != TOKEN_OPEN)
		return read_test(r);
	if (!deeper(r))
		return NULL;
	reader_next(r);
	inner = first.kind == TOKEN_NOT ? read_part(r) : read_chain(r);
	if (!inner)
		return NULL;
	r->depth--;
	if (first.kind == TOKEN_NOT) {
		struct node *node = arena_alloc(r->arena, sizeof *node);
		*node = (struct node){.kind = NODE_NOT, .children = inner};
		return node;
	}
	if (r->now.kind == TOKEN_END)
		return reader_fail(r, first, NULL, "this parenthesis is not closed");
	if (r->now.kind != TOKEN_CLOSE)
		return reader_unexpected(r);
	reader_next(r);
	return inner;
}

static const struct node *mixed(struct reader *r, size_t from, enum token_kind op)
{
	const char *before = reader_slice(r, from, r->end - from);
	return reader_fail(r, r->now,
			   arena_printf(r->arena, "parentheses say what belongs together, as in '(%s) %s ...'",
					strlen(before) > 100 ? "..." : before, token_sign(r->now.kind)),
			   "'%s' and '%s' are mixed without parentheses", token_sign(op), token_sign(r->now.kind));
}

/* chain = part { "and" part } | part { "or" part } */
static const struct node *read_chain(struct reader *r)
{
	size_t from = r->now.at;
	const struct node *first = read_part(r);
	enum token_kind op = r->now.kind;
	if (!first || (op != TOKEN_AND && op != TOKEN_OR))
		return first;
	struct node *chain = arena_alloc(r->arena, sizeof *chain), *last = NULL;
	chain->kind = op == TOKEN_AND ? NODE_AND : NODE_OR;
	for (const struct node *part = first;; part = read_part(r)) {
		if (!part)
			return NULL;
		struct node *child = arena_alloc(r->arena, sizeof *child);
		*child = *part;
		child->next = NULL;
		if (last)
			last->next = child;
		else
			chain->children = child;
		last = child;
		if (r->now.kind != TOKEN_AND && r->now.kind != TOKEN_OR)
			return chain;
		if (r->now.kind != op)
			return mixed(r, from, op);
		reader_next(r);
	}
}

const struct expr *expr_parse(const char *text, const struct expr_name *names, struct arena *arena,
			      struct expr_fault *fault)
{
	size_t len = strnlen(text, EXPR_TEXT_MAX + 1);
	struct reader r = {.names = names, .arena = arena, .fault = fault};
	if (len > EXPR_TEXT_MAX) {
		*fault = (struct expr_fault){.at = EXPR_TEXT_MAX, .width = 1};
		snprintf(fault->text, sizeof fault->text, "an expression of more than %u bytes", EXPR_TEXT_MAX);
		return NULL;
	}
	if (!str_is_utf8(text, len)) {
		*fault = (struct expr_fault){.width = len, .text = "this text is not UTF-8"};
		return NULL;
	}
	r.text = arena_strndup(arena, text, len);
	reader_next(&r);
	const struct node *root = read_chain(&r);
	if (root && r.now.kind != TOKEN_END)
		root = reader_unexpected(&r);
	if (!root)
		return NULL;
	struct expr *e = arena_alloc(arena, sizeof *e);
	*e = (struct expr){.names = names, .root = root};
	return e;
}
