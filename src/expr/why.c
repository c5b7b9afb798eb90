/* Why an expression does not hold: of all its tests, those that decided. */
#include "expr/judge.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

#define SHOWN_BYTES 60U /* of one text of a host's */
#define SHOWN_TEXTS 8U  /* of a set */

struct reasons {
	const struct expr *e;
	const struct expr_value *values;
	struct arena *arena;
	struct strbuf out;
};

static void add_text(struct reasons *reasons, const char *text)
{
	size_t len = strnlen(text, SHOWN_BYTES + 1);
	bool cut = len > SHOWN_BYTES;
	if (cut) {
		len = SHOWN_BYTES;
		while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	}
	strbuf_addf(&reasons->out, "%s%s",
		    len   ? str_printable(reasons->arena, text, len)
		    : cut ? ""
			  : "empty",
		    cut ? "..." : "");
}

static void add_texts(struct reasons *reasons, const struct expr_value *value)
{
	size_t shown = value->text_count < SHOWN_TEXTS ? value->text_count : SHOWN_TEXTS;
	if (!shown)
		strbuf_adds(&reasons->out, "none");
	for (size_t i = 0; i < shown; i++) {
		strbuf_adds(&reasons->out, i ? ", " : "");
		add_text(reasons, value->texts[i] ? value->texts[i] : "");
	}
	if (shown < value->text_count)
		strbuf_addf(&reasons->out, " and %zu more", value->text_count - shown);
}

static void add_value(struct reasons *reasons, size_t fact)
{
	const struct expr_value *value = &reasons->values[fact];
	switch (reasons->e->names[fact].type) {
	case EXPR_BOOL:
		strbuf_adds(&reasons->out, value->truth ? "true" : "false");
		return;
	case EXPR_COUNT:
		strbuf_addf(&reasons->out, "%" PRIu64, value->number);
		return;
	case EXPR_MEMORY:
		strbuf_addf(&reasons->out, "%" PRIu64 " MB", value->number);
		return;
	case EXPR_SPEED:
		if (value->number && value->number % 1000 == 0)
			strbuf_addf(&reasons->out, "%" PRIu64 " Gbit", value->number / 1000);
		else
			strbuf_addf(&reasons->out, "%" PRIu64 " Mbit", value->number);
		return;
	case EXPR_TEXTS:
		add_texts(reasons, value);
		return;
	case EXPR_TEXT:
	case EXPR_VERSION:
		add_text(reasons, value->text);
	}
}

static bool has_or_is(enum expr_type type)
{
	return type == EXPR_COUNT || type == EXPR_MEMORY || type == EXPR_SPEED || type == EXPR_TEXTS;
}

/* The two facts of a comparison, or the one that is not known. */
static void add_facts(struct reasons *reasons, const struct node *test)
{
	const struct operand *o = test->operand_count ? &test->operands[0] : NULL;
	size_t facts[] = {test->fact, o && o->is_fact ? o->fact : test->fact};
	size_t count = facts[0] == facts[1] ? 1 : 2, unknown = 0;
	for (size_t i = 0; i < count; i++) {
		const struct expr_name *name = &reasons->e->names[facts[i]];
		if (!judge_knows(name->type, &reasons->values[facts[i]]))
			strbuf_addf(&reasons->out, "%s%s is not known", unknown++ ? ", " : "", name->name);
	}
	if (unknown)
		return;
	if (count == 1) {
		strbuf_adds(&reasons->out, has_or_is(reasons->e->names[test->fact].type) ? "it has " : "it is ");
		add_value(reasons, test->fact);
		if (o && test->operand_count == 1 && o->scaled)
			strbuf_addf(&reasons->out, ", %s is %" PRIu64 " MB", o->spelled, o->number);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(&reasons->out, "%s%s is ", i ? ", " : "", reasons->e->names[facts[i]].name);
		add_value(reasons, facts[i]);
	}
}

/*
 * Adds the tests because of which `node`, or `not` of it, does not hold. An `and` is decided by the children that are
 * false, or without such by those that are not known; in an `or` all had their say. Under `not` it is the other way round.
 */
static void add_reasons(struct reasons *reasons, const struct node *node, bool negated)
{
	if (node->kind == NODE_TEST) {
		strbuf_adds(&reasons->out, reasons->out.len ? "; " : "");
		strbuf_addf(&reasons->out, "%s%s: ", negated ? "not " : "", node->spelled);
		add_facts(reasons, node);
		return;
	}
	if (node->kind == NODE_NOT) {
		add_reasons(reasons, node->children, !negated);
		return;
	}
	bool needs_all = (node->kind == NODE_AND) != negated;
	enum expr_truth truth = judge_node(reasons->e, node, reasons->values);
	for (const struct node *c = node->children; c; c = c->next)
		if (!needs_all || judge_node(reasons->e, c, reasons->values) == truth)
			add_reasons(reasons, c, negated);
}

const char *expr_why_not(const struct expr *e, const struct expr_value *values, struct arena *arena)
{
	if (expr_holds(e, values))
		return NULL;
	struct reasons reasons = {.e = e, .values = values, .arena = arena};
	add_reasons(&reasons, e->root, false);
	const char *text = arena_strndup(arena, reasons.out.data, reasons.out.len);
	strbuf_free(&reasons.out);
	return text;
}
