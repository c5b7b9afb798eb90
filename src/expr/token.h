/*
 * token: the pieces of an expression. Reading one keeps no state, so that a reader may look ahead at no cost.
 */
#ifndef REEVE_EXPR_TOKEN_H
#define REEVE_EXPR_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_BAD,    /* nothing that an expression may hold; `message` says why */
	TOKEN_WORD,   /* a letter or '_', then letters, digits and _ - . / */
	TOKEN_NUMBER, /* digits, also with dots between them */
	TOKEN_QUOTED, /* with its quotes */
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_HAS,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_LIKE, /* ~ */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_LIST_OPEN,
	TOKEN_LIST_CLOSE,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	size_t at, width;
	const char *message, *hint; /* of TOKEN_BAD; constants, hint may be NULL */
};

/* The first token of `text` from byte `at` on, blanks left out. `text` is valid UTF-8. */
struct token token_read(const char *text, size_t at);

/* The sign or word of a kind that has only one, NULL for the others. */
const char *token_sign(enum token_kind kind);

static inline bool token_compares(enum token_kind kind)
{
	return kind >= TOKEN_EQ && kind <= TOKEN_GE;
}

#endif
