/*
 * expr: conditions over the facts of a host, as an operator writes them.
 *
 *	arch == aarch64 and memory >= 7000 MB
 *
 * The grammar stands in reeve-cluster.yaml(5), EXPRESSIONS; the reasons in docs/adr/0013-expressions.md. Which facts there
 * are is the caller's table. Everything that can be wrong with an expression is found when it is read: types, units,
 * facts that do not exist; judging cannot fail.
 *
 * Judging knows three values. A test of a fact that is not known is neither true nor false, `not` leaves it so, `and` and
 * `or` are decided without it where the rest decides them (Kleene's logic). What is not known does not hold.
 *
 * Bounds: EXPR_TEXT_MAX bytes, EXPR_TERMS_MAX tests, EXPR_DEPTH_MAX open parentheses and `not`; recursion goes no deeper
 * than that. Nothing here prints; nothing is kept outside the arena.
 */
#ifndef REEVE_EXPR_EXPR_H
#define REEVE_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define EXPR_TEXT_MAX 1024U
#define EXPR_TERMS_MAX 64U
#define EXPR_DEPTH_MAX 16U

enum expr_type {
	EXPR_BOOL,    /* stands alone: `virtual` */
	EXPR_COUNT,   /* a number without a unit */
	EXPR_MEMORY,  /* MiB; written with MB, GB, TB, which are MiB, GiB, TiB here as in Slurm and in conf_mib() */
	EXPR_SPEED,   /* Mbit/s, of 10^6 bits; written with Mbit, Gbit, Tbit */
	EXPR_TEXT,    /* compared byte by byte */
	EXPR_TEXTS,   /* a set of texts */
	EXPR_VERSION, /* numbers between dots, compared as far as the expression writes them: 6.1.0-28 == 6.1 */
};

/* A fact that may be named: lower-case letters, digits and '_', none of `and or not in has`. Tables end with a NULL name.
 */
struct expr_name {
	const char *name;
	enum expr_type type;
	const char *help; /* for people; not read here */
};

/* What a host says of a fact. By type: `truth`; `number` in the unit of the type; `text`, also for a version; `texts`,
 * NULL where there are none. A NULL text, and a version that does not begin with a number, count as not known. */
struct expr_value {
	bool known;
	bool truth;
	uint64_t number;
	const char *text;
	const char *const *texts;
	size_t text_count;
};

/* What is wrong with an expression. */
struct expr_fault {
	size_t at;        /* the first byte, from 0; where something is missing at the end, the text's length */
	size_t width;     /* bytes, at + width is within the text; 0 only at its end */
	char text[200];   /* one sentence without a final full stop; may hold what the operator wrote, and may be cut */
	const char *hint; /* what to write instead, in the arena; or NULL */
};

enum expr_truth { EXPR_NO, EXPR_UNKNOWN, EXPR_YES };

struct expr;

/* Reads an expression. It borrows `names`, and lives in the arena with a copy of the text. NULL with *fault where there
 * is something wrong: the first such place. */
const struct expr *expr_parse(const char *text, const struct expr_name *names, struct arena *arena,
			      struct expr_fault *fault) __attribute__((nonnull));

/* `values` stand in the order of the names that the expression was read with. */
enum expr_truth expr_judge(const struct expr *e, const struct expr_value *values);
bool expr_holds(const struct expr *e, const struct expr_value *values); /* EXPR_YES */

/* Why it does not hold, for a person: the tests that decided, each with what the host has, e.g. "memory >= 7000 MB: it has
 * 3797 MB; gpus >= 1: gpus is not known". What hosts said is made printable and cut. NULL where it holds. */
const char *expr_why_not(const struct expr *e, const struct expr_value *values, struct arena *arena);

#endif
