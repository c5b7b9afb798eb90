/*
 * node: an expression once it is read: a tree that is right in itself. Inside src/expr only.
 */
#ifndef REEVE_EXPR_NODE_H
#define REEVE_EXPR_NODE_H

#include "expr/expr.h"
#include "expr/token.h"

/* What stands to the right of an operator; by the type of the fact on its left. */
struct operand {
	bool is_fact; /* counts, amounts of memory and speeds only */
	size_t fact;
	uint64_t number;
	bool scaled;         /* memory in another unit than MB */
	const char *text;    /* a text without its quotes, a pattern, or a version */
	const char *spelled; /* as it was written */
};

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

struct node {
	enum node_kind kind;
	const struct node *children, *next; /* `next` of the same parent; a NODE_NOT has one child */
	/* NODE_TEST */
	const char *spelled; /* as it was written */
	size_t fact;
	enum token_kind op; /* TOKEN_END: a fact of EXPR_BOOL that stands alone */
	bool negated;       /* `not in` */
	const struct operand *operands;
	size_t operand_count; /* 1, more in a list; 0 without an operator */
};

struct expr {
	const struct expr_name *names;
	const struct node *root;
};

#endif
