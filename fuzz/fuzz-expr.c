/* Fuzzes expressions: any text is an expression or a fault within it, and what is said of the first keeps its promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "expr/expr.h"

#define FACTS 9U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct expr_name names[FACTS + 1] = {
    {"arch", EXPR_TEXT, NULL},   {"name", EXPR_TEXT, NULL},   {"memory", EXPR_MEMORY, NULL},
    {"cores", EXPR_COUNT, NULL}, {"cpus", EXPR_COUNT, NULL},  {"virtual", EXPR_BOOL, NULL},
    {"links", EXPR_TEXTS, NULL}, {"speed", EXPR_SPEED, NULL}, {"kernel", EXPR_VERSION, NULL},
    {NULL, EXPR_BOOL, NULL},
};

/* A host made of the input itself, so that the fuzzer finds what fits. */
static void make_host(struct arena *arena, const char *text, uint64_t seed, struct expr_value *values)
{
	size_t len = strlen(text);
	const char **texts = arena_calloc(arena, 2, sizeof *texts);
	texts[0] = arena_strndup(arena, text + len / 2, len - len / 2);
	for (size_t i = 0; i < FACTS; i++) {
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		size_t from = len ? (seed >> 33) % len : 0, width = (seed >> 20) % 12;
		values[i].known = (seed >> 60) != 0;
		values[i].truth = (seed >> 59) & 1;
		values[i].number = (seed >> 40) % 9000;
		values[i].text =
		    (seed >> 50) % 20 ? arena_strndup(arena, text + from, strnlen(text + from, width)) : NULL;
		values[i].texts = texts;
		values[i].text_count = (seed >> 45) % 3;
	}
}

static void check_fault(const char *text, const struct expr_fault *fault)
{
	size_t len = strlen(text);
	if (fault->at > len || fault->width > len - fault->at || (!fault->width && fault->at < len) || !*fault->text ||
	    !str_is_utf8(fault->text, strlen(fault->text)))
		abort();
}

static void check_expr(const struct expr *e, const char *text, const struct expr_value *values, struct arena *arena)
{
	static const struct expr_value nothing[FACTS];
	struct expr_fault fault;
	enum expr_truth truth = expr_judge(e, values);
	const char *why = expr_why_not(e, values, arena);
	if (expr_holds(e, values) != (truth == EXPR_YES) || (why == NULL) != (truth == EXPR_YES))
		abort();
	for (const char *p = why; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			abort();
	if (why && (!*why || !str_is_utf8(why, strlen(why))))
		abort();
	/* `not` turns it over; only the bounds may refuse it. */
	const struct expr *negated = expr_parse(arena_printf(arena, "not (%s)", text), names, arena, &fault);
	if (negated ? expr_judge(negated, values) != EXPR_YES - truth
		    : !str_starts(fault.text, "more than") && !str_starts(fault.text, "an expression of more"))
		abort();
	if (expr_judge(e, nothing) != EXPR_UNKNOWN)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *text = malloc(size + 1); /* at its exact size, so that a read past it is seen */
	struct expr_value values[FACTS] = {0};
	struct expr_fault fault = {0};
	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	const struct expr *e = expr_parse(text, names, arena, &fault);
	if (e) {
		for (uint64_t seed = 1; seed < 5; seed++) {
			make_host(arena, text, seed * 977 + size, values);
			check_expr(e, text, values, arena);
		}
	} else {
		check_fault(text, &fault);
	}
	free(text);
	arena_free(arena);
	return 0;
}
