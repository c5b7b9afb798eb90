/* What may stand to the right of an operator. Its type is the fact's on the left, or it is an error that names both. */
#include "expr/reader.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "expr/judge.h"

#define NUMBER_DIGITS_MAX 20
#define AMOUNT_MAX (1ULL << 40) /* MiB, Mbit/s; as conf_mib() and conf_mbit() */

/* Memory as conf_mib() has it: MB are Slurm's, and MiB. */
static const struct unit {
	const char *name;
	enum expr_type type;
	uint64_t factor;
} units[] = {
    {"MB", EXPR_MEMORY, 1},         {"MiB", EXPR_MEMORY, 1},       {"GB", EXPR_MEMORY, 1U << 10},
    {"GiB", EXPR_MEMORY, 1U << 10}, {"TB", EXPR_MEMORY, 1U << 20}, {"TiB", EXPR_MEMORY, 1U << 20},
    {"Mbit", EXPR_SPEED, 1},        {"Mbit/s", EXPR_SPEED, 1},     {"Gbit", EXPR_SPEED, 1000},
    {"Gbit/s", EXPR_SPEED, 1000},   {"Tbit", EXPR_SPEED, 1000000}, {"Tbit/s", EXPR_SPEED, 1000000},
};

static const char *const examples[] = {
    [EXPR_COUNT] = "4",   [EXPR_MEMORY] = "7000 MB", [EXPR_SPEED] = "10 Gbit",
    [EXPR_TEXT] = "word", [EXPR_TEXTS] = "word",     [EXPR_VERSION] = "6.1",
};

/* A value as it stands there: a word, a text in quotes, a number with what may be its unit. */
struct value {
	struct token first, unit; /* unit.width 0: there is none */
	struct token all;         /* both, for carets */
	const char *spelled;
};

static bool is_texts(enum expr_type type)
{
	return type == EXPR_TEXT || type == EXPR_TEXTS;
}

static bool differ(struct reader *r, const struct node *test, struct token at, const char *spelled, const char *what,
		   const char *hint)
{
	const struct expr_name *name = &r->names[test->fact];
	return reader_fail(r, at, hint, "'%s' is %s, '%s' is %s", name->name, reader_type(name->type), spelled, what);
}

static const char *like_hint(struct reader *r, const struct node *test)
{
	const struct expr_name *name = &r->names[test->fact];
	return arena_printf(r->arena, "write a value like '%s'", examples[name->type]);
}

static const char *quoted_hint(struct reader *r, const char *spelled)
{
	return arena_printf(r->arena, "a text of that spelling stands in quotes: \"%s\"", spelled);
}

static bool use_fact(struct reader *r, const struct node *test, const struct value *v, size_t fact, struct operand *ret)
{
	enum expr_type type = r->names[test->fact].type, other = r->names[fact].type;
	if (is_texts(type))
		return differ(r, test, v->all, v->spelled, "another fact", quoted_hint(r, v->spelled));
	if (type != other)
		return differ(r, test, v->all, v->spelled, reader_type(other), like_hint(r, test));
	if (type == EXPR_VERSION || test->op == TOKEN_IN)
		return differ(r, test, v->all, v->spelled, "another fact", like_hint(r, test));
	ret->is_fact = true;
	ret->fact = fact;
	return true;
}

static bool use_pattern(struct reader *r, const struct node *test, const struct value *v, struct operand *ret)
{
	const struct expr_name *name = &r->names[test->fact];
	size_t odd = strcspn(ret->text, "[]{}^$|");
	if (v->first.kind != TOKEN_QUOTED)
		return reader_fail(r, v->all, arena_printf(r->arena, "write: %s ~ \"%s*\"", name->name, v->spelled),
				   "a pattern stands in quotes");
	if (ret->text[odd]) {
		struct token at = v->all;
		at.at += 1 + odd;
		at.width = 1;
		return reader_fail(r, at,
				   "'*' is any text, '?' any character; there are no ranges and no regular expressions",
				   "'%c' cannot stand in a pattern", ret->text[odd]);
	}
	if (!strpbrk(ret->text, "*?"))
		return reader_fail(r, v->all,
				   arena_printf(r->arena,
						"write: %s %s %s; or with '*' for any text before or behind it",
						name->name, name->type == EXPR_TEXTS ? "has" : "==", v->spelled),
				   "this pattern has neither '*' nor '?'");
	return true;
}

static bool use_text(struct reader *r, const struct node *test, const struct value *v, struct operand *ret)
{
	bool quoted = v->first.kind == TOKEN_QUOTED;
	const char *text = quoted ? arena_strndup(r->arena, r->text + v->first.at + 1, v->first.width - 2) : v->spelled;
	switch (r->names[test->fact].type) {
	case EXPR_TEXT:
	case EXPR_TEXTS:
		ret->text = text;
		return test->op != TOKEN_LIKE || use_pattern(r, test, v, ret);
	case EXPR_VERSION:
		if (quoted && judge_is_version(text)) {
			ret->text = text;
			return true;
		}
		break;
	default:
		break;
	}
	if (quoted && r->names[test->fact].type == EXPR_VERSION)
		return differ(r, test, v->all, text, "a text", like_hint(r, test));
	if (quoted)
		return differ(r, test, v->all, text, "a text",
			      arena_printf(r->arena, "%s, without quotes", like_hint(r, test)));
	const char *near = reader_nearest(r, v->first);
	return reader_fail(r, v->all, near ? near : like_hint(r, test), "there is no fact '%s', and '%s' is %s", text,
			   r->names[test->fact].name, reader_type(r->names[test->fact].type));
}

static const struct unit *find_unit(struct reader *r, struct token t)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == t.width && !strncasecmp(units[i].name, r->text + t.at, t.width))
			return &units[i];
	return NULL;
}

static bool no_unit(struct reader *r, const struct node *test, const struct value *v)
{
	static const char *const letters[][3] = {{"M", "MB", "Mbit"}, {"G", "GB", "Gbit"}, {"T", "TB", "Tbit"}};
	static const char *const joins[] = {"and", "or", "in", "has", NULL};
	const struct expr_name *name = &r->names[test->fact];
	bool memory = name->type == EXPR_MEMORY;
	const char *word = reader_slice(r, v->unit.at, v->unit.width), *hint = NULL, *near = str_nearest(word, joins);
	const char *number = reader_slice(r, v->first.at, v->first.width);
	if (memory || name->type == EXPR_SPEED) {
		for (size_t i = 0; i < ARRAY_LEN(letters); i++)
			if (!strcasecmp(word, letters[i][0]))
				hint = arena_printf(r->arena, "write '%s %s'", number, letters[i][memory ? 1 : 2]);
		return reader_fail(r, v->unit, hint, "'%s' is not a unit of %s, these are: %s", word,
				   memory ? "memory" : "speeds", memory ? "MB, GB, TB" : "Mbit, Gbit, Tbit");
	}
	if (near)
		hint = arena_printf(r->arena, "did you mean '%s'?", near);
	if (is_texts(name->type))
		hint = quoted_hint(r, v->spelled);
	return reader_fail(r, v->unit, hint, "'%s' is %s, and '%s' no unit", name->name, reader_type(name->type), word);
}

static bool use_amount(struct reader *r, const struct node *test, const struct value *v, const struct unit *unit,
		       struct operand *ret)
{
	char digits[NUMBER_DIGITS_MAX + 1];
	const char *spelled = reader_slice(r, v->first.at, v->first.width);
	uint64_t number, factor = unit ? unit->factor : 1;
	if (strchr(spelled, '.')) {
		return reader_fail(r, v->first, factor > 1 ? "write it in a smaller unit" : NULL,
				   "'%s' is not a whole number", spelled);
	}
	size_t len = strlen(spelled);
	if (len < sizeof digits) {
		memcpy(digits, spelled, len + 1);
		if (str_to_u64(digits, 0, unit ? AMOUNT_MAX / factor : UINT64_MAX, &number) == 0) {
			ret->number = number * factor;
			ret->scaled = unit && unit->type == EXPR_MEMORY && factor > 1;
			return true;
		}
	}
	return reader_fail(r, v->all, NULL, "'%s' is too much for %s", v->spelled,
			   reader_type(r->names[test->fact].type));
}

static bool use_number(struct reader *r, const struct node *test, const struct value *v, struct operand *ret)
{
	const struct expr_name *name = &r->names[test->fact];
	const struct unit *unit = v->unit.width ? find_unit(r, v->unit) : NULL;
	if (v->unit.width && !unit)
		return no_unit(r, test, v);
	enum expr_type type = unit ? unit->type : EXPR_COUNT;
	if (!unit && name->type == EXPR_VERSION) {
		ret->text = v->spelled;
		if (judge_is_version(ret->text))
			return true;
		return reader_fail(r, v->all, NULL, "a number of more than 9 digits in a version");
	}
	if (is_texts(name->type))
		return differ(r, test, v->all, v->spelled, reader_type(type), quoted_hint(r, v->spelled));
	if (type == name->type)
		return use_amount(r, test, v, unit, ret);
	if (!unit && (name->type == EXPR_MEMORY || name->type == EXPR_SPEED)) {
		return reader_fail(
		    r, v->all,
		    name->type == EXPR_MEMORY
			? arena_printf(r->arena, "with its unit: '%s MB', '%s GB'", v->spelled, v->spelled)
			: arena_printf(r->arena, "with its unit: '%s Mbit', '%s Gbit'", v->spelled, v->spelled),
		    "'%s' is %s, '%s' is a number without a unit", name->name, reader_type(name->type), v->spelled);
	}
	return differ(r, test, v->all, v->spelled, reader_type(type), like_hint(r, test));
}

bool operand_read(struct reader *r, const struct node *test, struct operand *ret)
{
	struct value v = {.first = r->now};
	const struct expr_name *name = &r->names[test->fact];
	if (v.first.kind == TOKEN_BAD) {
		return reader_unexpected(r);
	}
	if (v.first.kind != TOKEN_WORD && v.first.kind != TOKEN_NUMBER && v.first.kind != TOKEN_QUOTED) {
		return reader_fail(r, v.first, like_hint(r, test), "a value to compare '%s' with is missing here",
				   name->name);
	}
	reader_next(r);
	if (v.first.kind == TOKEN_NUMBER && r->now.kind == TOKEN_WORD) {
		v.unit = r->now;
		reader_next(r);
	}
	v.all = v.first;
	v.all.width = r->end - v.first.at;
	v.spelled = reader_slice(r, v.all.at, v.all.width);
	ret->spelled = v.spelled;
	ptrdiff_t fact = v.first.kind == TOKEN_WORD ? reader_fact(r, v.first) : -1;
	if (fact >= 0)
		return use_fact(r, test, &v, (size_t)fact, ret);
	return v.first.kind == TOKEN_NUMBER ? use_number(r, test, &v, ret) : use_text(r, test, &v, ret);
}
