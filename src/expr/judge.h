/*
 * judge: the truth of a tree and its parts. Inside src/expr only.
 */
#ifndef REEVE_EXPR_JUDGE_H
#define REEVE_EXPR_JUDGE_H

#include "expr/node.h"

enum expr_truth judge_node(const struct expr *e, const struct node *node, const struct expr_value *values);

/* Can what the host says be used? */
bool judge_knows(enum expr_type type, const struct expr_value *value);

/* Is `text` numbers of at most 9 digits between dots, and nothing else? */
bool judge_is_version(const char *text);

#endif
