/* `classes`: kinds of hosts, told by what they are. The first that fits is a host's class (model/class.h). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "inventory/build.h"
#include "inventory/fact-names.h"

enum { MOST_CLASSES = 256, MOST_FEATURES = 64, MOST_REASON = 200 };

/* What a class has beside Slurm's own keys of a node. */
enum { NAME, WHEN, FEATURES, RESERVE, BANDWIDTH, GPUS, EXCLUDE, EXPECT, MODULES, GRES_CONF, OWN_KEYS };
static const char *const own_keys[OWN_KEYS + 1] = {"name", "when",    "features", "reserve", "bandwidth_gres",
						   "gpus", "exclude", "expect",   "modules", "gres_conf"};

static const struct expr *parse_expression(struct build *b, const struct conf_value *value, const char *text)
{
	struct expr_fault fault = {0};
	const struct expr *e = expr_parse(text, inv_fact_names, b->arena, &fault);
	if (e)
		return e;
	struct span at = build_offset(value, fault.at);
	if (fault.width && at.width > fault.width)
		at.width = (unsigned)fault.width;
	diag_error(b->diags, INV_EXPRESSION_CODE, at, fault.hint, "%s", fault.text);
	return NULL;
}

static void read_when(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const char *text;
	if (conf_text(value, "'when'", &text, b->diags) == 0)
		class->when = parse_expression(b, value, text);
	class->when_at = value->at;
}

/* Slurm separates features with commas and gives '&', '|', '*', '[', '(' and others a meaning in --constraint. */
bool inventory_is_feature(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	for (char *p = copy; *p; p++)
		if (*p == ':' && p > copy)
			*p = '_';
	return str_is_name(copy, 63);
}

static void read_features(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const struct conf_value *const *texts;
	size_t count, n = 0;
	if (conf_texts(value, "'features'", b->arena, &texts, &count, b->diags) < 0)
		return;
	if (count > MOST_FEATURES) {
		diag_error(b->diags, INV_FEATURE_CODE, value->at, NULL, "more than %d features", MOST_FEATURES);
		return;
	}
	const char **features = arena_calloc(b->arena, count + 1, sizeof *features);
	for (size_t i = 0; i < count; i++) {
		const char *text = texts[i]->text;
		bool twice = false;
		for (size_t k = 0; k < n; k++)
			twice |= streq(features[k], text);
		if (!inventory_is_feature(text))
			diag_error(
			    b->diags, INV_FEATURE_CODE, texts[i]->at, NULL,
			    "the feature '%s' is not a word that --constraint could name: letters, digits, '.', '_', "
			    "':' and '-'",
			    text);
		else if (twice)
			diag_error(b->diags, INV_FEATURE_CODE, texts[i]->at, NULL, "the feature '%s' is given twice",
				   text);
		else
			features[n++] = text;
	}
	class->features = features;
	class->feature_count = n;
}

/* A reason is printed by Slurm on one line, and goes through scontrol's arguments. */
static void read_exclude(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const char *text;
	if (conf_text(value, "'exclude'", &text, b->diags) < 0)
		return;
	if (value->len > MOST_REASON || strpbrk(text, "\"'\\#"))
		diag_error(b->diags, INV_REASON_CODE, value->at, NULL,
			   "'exclude' is a reason of at most %d bytes without quotes, '#' and '\\'", MOST_REASON);
	else
		class->exclude = (struct inv_text){.text = text, .at = value->at};
}

static const struct expr_name *find_fact(const char *name)
{
	for (size_t i = 0; i < INV_FACTS; i++)
		if (streq(inv_fact_names[i].name, name))
			return &inv_fact_names[i];
	return NULL;
}

static void unknown_fact(struct build *b, const struct conf_pair *pair)
{
	const char *names[INV_FACTS + 1] = {NULL};
	for (size_t i = 0; i < INV_FACTS; i++)
		names[i] = inv_fact_names[i].name;
	conf_unknown_key(pair, "'expect'", names, b->diags);
}

/* One pair as an expression, behind what `all` has; findings instead. */
static int expect_pair(struct build *b, const struct conf_pair *pair, struct strbuf *all)
{
	const struct expr_name *fact = find_fact(pair->key);
	const char *text;
	bool yes = false;
	if (!fact) {
		unknown_fact(b, pair);
		return -1;
	}
	if (conf_text(pair->value, "an expected value", &text, b->diags) < 0 ||
	    (fact->type == EXPR_BOOL && conf_bool(pair->value, pair->key, &yes, b->diags) < 0))
		return -1;
	bool amount = fact->type == EXPR_MEMORY || fact->type == EXPR_SPEED;
	_cleanup_strbuf_ struct strbuf one = {0};
	if (fact->type == EXPR_BOOL)
		strbuf_addf(&one, "%s%s", yes ? "" : "not ", pair->key);
	else if (fact->type == EXPR_TEXT)
		strbuf_addf(&one, "%s == \"%s\"", pair->key, text);
	else
		strbuf_addf(&one, "%s %s %s", pair->key, amount ? ">=" : "==", text);
	struct expr_fault fault = {0};
	if (!expr_parse(strbuf_str(&one), inv_fact_names, b->arena, &fault)) {
		diag_error(b->diags, INV_EXPRESSION_CODE, pair->value->at, fault.hint, "'expect' of %s: %s", pair->key,
			   fault.text);
		return -1;
	}
	strbuf_addf(all, "%s%s", all->len ? " and " : "", strbuf_str(&one));
	return 0;
}

/* { cores: 4, memory: 7 GB } is short for "cores == 4 and memory >= 7 GB": what must not become less is an amount. */
static const struct expr *expect_map(struct build *b, const struct conf_value *map)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	int result = 0;
	for (size_t i = 0; i < map->count; i++)
		result |= expect_pair(b, &map->pairs[i], &all);
	return result ? NULL : parse_expression(b, map, arena_strndup(b->arena, strbuf_str(&all), all.len));
}

static void read_expect(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	const char *text;
	class->expect_at = value->at;
	if (value->kind == CONF_MAP && value->count)
		class->expect = expect_map(b, value);
	else if (conf_text(value, "'expect'", &text, b->diags) == 0)
		class->expect = parse_expression(b, value, text);
}

static void read_class(struct build *b, struct inv_class *class, const struct conf_value *value)
{
	struct build_params params = {0};
	const struct conf_value *gres = NULL;
	char what[100];
	snprintf(what, sizeof what, "class '%.63s'", class->name);
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		size_t key = 0;
		while (key < OWN_KEYS && !streq(pair->key, own_keys[key]))
			key++;
		switch (key) {
		case NAME:
			break;
		case WHEN:
			read_when(b, class, pair->value);
			break;
		case FEATURES:
			read_features(b, class, pair->value);
			break;
		case RESERVE:
			build_reserve(b, pair->value, &class->reserve);
			break;
		case BANDWIDTH:
			build_bandwidth(b, pair->value, &class->bandwidth);
			break;
		case GPUS:
			build_gpus(b, pair->value, &class->gpus);
			break;
		case EXCLUDE:
			read_exclude(b, class, pair->value);
			break;
		case EXPECT:
			read_expect(b, class, pair->value);
			break;
		case MODULES:
			break; /* modules.c */
		case GRES_CONF:
			gres = pair->value;
			break;
		default:
			if (!build_is_module(b, pair))
				build_param(b, SLURM_NODE, what, pair, &params);
		}
	}
	class->params = params.items;
	class->param_count = params.len;
	if (gres)
		build_gres(b, class, gres);
}

/* A name that is in order and not taken; NULL with a finding. */
static const char *class_name(struct build *b, const struct conf_value *value, size_t count,
			      const struct inv_class *before)
{
	const struct conf_value *name = value->kind == CONF_MAP ? conf_get(value, "name") : NULL;
	const char *text;
	if (value->kind != CONF_MAP) {
		diag_error(b->diags, CONF_TYPE_CODE, value->at,
			   "for example: { name: pi8, when: \"memory >= 7000 MB\" }",
			   "a class should be a map with 'name', this is %s", conf_kind_name(value));
		return NULL;
	}
	if (!name) {
		diag_error(b->diags, CONF_MISSING_KEY_CODE, value->at, NULL, "a class has no 'name'");
		return NULL;
	}
	if (conf_name(name, "the class's name", 63, &text, b->diags) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (streq(before[i].name, text)) {
			diag_error(b->diags, INV_CLASS_TWICE_CODE, name->at, NULL,
				   "the class '%s' is given already at line %u", text, before[i].at.line);
			return NULL;
		}
	return text;
}

void build_classes(struct build *b, const struct conf_value *value)
{
	if (!value)
		return;
	if (value->kind == CONF_LIST && value->count > MOST_CLASSES) {
		diag_error(b->diags, INV_CLASS_COUNT_CODE, value->at, NULL,
			   "'classes' has %zu classes; there can be at most %d", value->count, MOST_CLASSES);
		return;
	}
	if (value->kind != CONF_LIST || !value->count) {
		bool empty = value->kind == CONF_NULL || value->kind == CONF_LIST;
		diag_error(b->diags, empty ? CONF_EMPTY_CODE : CONF_TYPE_CODE, value->at,
			   "for example: - { name: pi8, when: \"memory >= 7000 MB\", features: [pi] }",
			   "'classes' should be a list of 1 to %d classes, this is %s", MOST_CLASSES,
			   value->kind == CONF_LIST ? "an empty one" : conf_kind_name(value));
		return;
	}
	struct inv_class *classes = arena_calloc(b->arena, value->count, sizeof *classes);
	size_t count = 0;
	b->classes = classes;
	b->class_values = arena_calloc(b->arena, value->count, sizeof *b->class_values);
	for (size_t i = 0; i < value->count; i++) {
		const char *name = class_name(b, value->items[i], count, classes);
		if (!name)
			continue;
		b->class_values[count] = value->items[i];
		struct inv_class *class = &classes[count++];
		class->name = name;
		class->at = conf_get(value->items[i], "name")->at;
		read_class(b, class, value->items[i]);
		const struct inv_class *before = count > 1 ? class - 1 : NULL;
		if (before && !before->when_at.line)
			diag_error(b->diags, INV_CLASS_NEVER_CODE, class->at,
				   "put it before, or give that one a 'when'",
				   "no host can be of class '%s': '%s' before it has no 'when' and takes all", name,
				   before->name);
	}
	b->inv->classes = classes;
	b->inv->class_count = count;
}
