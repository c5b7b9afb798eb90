/*
 * reader: what the two halves of the parser share: where it is, the names, and how it gives up. Inside src/expr only.
 */
#ifndef REEVE_EXPR_READER_H
#define REEVE_EXPR_READER_H

#include "expr/node.h"

struct reader {
	const char *text;
	const struct expr_name *names;
	struct arena *arena;
	struct expr_fault *fault;
	struct token now; /* not used up yet */
	size_t end;       /* of what is used up, without the blanks behind it */
	unsigned depth, terms;
};

void reader_next(struct reader *r);

/* A copy of a piece of the text, line breaks and tabs made blanks. */
const char *reader_slice(struct reader *r, size_t at, size_t width);

/* Fills the fault; NULL, which is also false, so that `return reader_fail(...)` reads well. */
void *reader_fail(struct reader *r, struct token at, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The token in hand is right nowhere here. */
void *reader_unexpected(struct reader *r);

/* The index of the fact that a word names, or -1. */
ptrdiff_t reader_fact(const struct reader *r, struct token word);

/* Hints for a word that names no fact: the fact that was surely meant, or NULL; all facts there are. */
const char *reader_nearest(struct reader *r, struct token word);
const char *reader_all(struct reader *r);

/* "a number", "an amount of memory", ... */
const char *reader_type(enum expr_type type);

/* Reads one value to the right of test->op, fit for the test's fact. False: the fault is filled. */
bool operand_read(struct reader *r, const struct node *test, struct operand *ret);

#endif
