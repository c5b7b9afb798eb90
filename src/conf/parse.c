/*
 * libfyaml's events made a tree. Its document interface is not used: it stops at the first duplicate key, takes ten
 * times as long for ten thousand hosts, and writes aliases out (3 GB for a bomb of ten lines). Its columns are not used
 * either (they count characters, and tabs as several): places come from byte offsets.
 *
 * Recursion is as deep as CONF_MAX_DEPTH allows.
 */
#include "conf/value.h"

#include <libfyaml.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/source.h"

/* A list or map of at most this many keys is searched, a longer one hashed. */
enum { FEW_KEYS = 8 };

static const struct span top = {.line = 1, .column = 1, .width = 1};

struct anchor {
	const struct conf_value *value; /* NULL: the value is not complete yet */
	struct span at;
};

struct parser {
	struct fy_parser *fy;
	struct source source;
	struct arena *arena;
	struct diags *diags;
	struct map anchors; /* name -> struct anchor */
	size_t values;      /* so far, aliases written out */
	bool stopped;       /* a bound or a syntax error: no more events */
	bool broken;        /* findings after which no tree is given */
};

static const struct conf_value *parse_value(struct parser *p, struct fy_event *event, struct span owner,
					    unsigned depth);

static struct span token_span(struct parser *p, struct fy_token *token, struct span owner)
{
	const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
	if (!start)
		return owner;
	/* A block scalar's token begins with its indentation. */
	size_t from = start->input_pos, to = end ? end->input_pos : from + 1;
	while (from + 1 < to && to <= p->source.len && p->source.text[from] == ' ')
		from++;
	return source_span(&p->source, from, to);
}

static void stop(struct parser *p)
{
	p->stopped = p->broken = true;
}

/* The next event, NULL at the end and when there is no sense in going on. The caller frees it. */
static struct fy_event *next_event(struct parser *p)
{
	return p->stopped ? NULL : fy_parser_parse(p->fy);
}

static void count_values(struct parser *p, size_t more, struct span at)
{
	p->values += more;
	if (p->values <= CONF_MAX_VALUES || p->stopped)
		return;
	diag_error(p->diags, CONF_TOO_MANY_CODE, at, NULL, "more than %d values, aliases written out", CONF_MAX_VALUES);
	stop(p);
}

static bool check_depth(struct parser *p, unsigned depth, struct span at)
{
	if (depth <= CONF_MAX_DEPTH)
		return true;
	if (!p->stopped)
		diag_error(p->diags, CONF_TOO_DEEP_CODE, at, NULL, "nested deeper than %d levels", CONF_MAX_DEPTH);
	stop(p);
	return false;
}

static struct conf_value *new_value(struct parser *p, enum conf_kind kind, struct span at)
{
	struct conf_value *v = arena_alloc(p->arena, sizeof *v);
	*v = (struct conf_value){.kind = kind, .at = at, .text = "", .weight = 1, .depth = 1};
	count_values(p, 1, at);
	return v;
}

static struct anchor *new_anchor(struct parser *p, struct fy_token *token)
{
	size_t len;
	const char *name = token ? fy_token_get_text(token, &len) : NULL;
	if (!name)
		return NULL;
	struct anchor *a = arena_alloc(p->arena, sizeof *a);
	a->at = token_span(p, token, (struct span){0});
	map_set(&p->anchors, arena_strndup(p->arena, name, len), a);
	return a;
}

static void refuse_tag(struct parser *p, struct fy_token *tag, struct span at)
{
	if (tag)
		diag_error(p->diags, CONF_TAG_CODE, token_span(p, tag, at), NULL,
			   "a YAML tag has no meaning here: leave it out");
}

static const struct conf_value *parse_alias(struct parser *p, struct fy_event *event, struct span owner, unsigned depth)
{
	struct fy_token *token = event->alias.anchor;
	struct span at = token_span(p, token, owner);
	size_t len = 0;
	const char *text = fy_token_get_text(token, &len);
	_cleanup_free_ char *name = text ? strndup(text, len) : xstrdup("");
	const struct anchor *a = map_get(&p->anchors, name);
	if (!a || !a->value) {
		if (!a)
			diag_error(p->diags, CONF_ALIAS_CODE, at, NULL, "the alias *%s has no anchor before it", name);
		else
			diag_error(p->diags, CONF_ALIAS_CODE, at, NULL,
				   "the alias *%s stands inside its own anchor, at line %u", name, a->at.line);
		p->broken = true;
		return new_value(p, CONF_NULL, at);
	}
	count_values(p, a->value->weight, at);
	check_depth(p, depth + a->value->depth - 1, at);
	return a->value;
}

static const struct conf_value *parse_scalar(struct parser *p, struct fy_event *event, struct span owner)
{
	struct fy_token *token = event->scalar.value;
	struct anchor *anchor = new_anchor(p, event->scalar.anchor);
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : "";
	bool plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
	if (!text) {
		diag_error(p->diags, CONF_SYNTAX_CODE, owner, NULL, "this text cannot be read");
		stop(p);
		text = "";
	}
	bool null = plain && (!len || (len == 4 && !memcmp(text, "null", 4)) || (len == 1 && *text == '~'));
	struct conf_value *v =
	    new_value(p, null ? CONF_NULL : CONF_SCALAR, len || !plain ? token_span(p, token, owner) : owner);
	refuse_tag(p, event->scalar.tag, v->at);
	if (!null) {
		v->text = arena_strndup(p->arena, text, len);
		v->len = len;
		v->plain = plain;
		if (!str_is_utf8(text, len)) {
			diag_error(p->diags, CONF_CONTROL_CODE, v->at, NULL,
				   "this text has a NUL byte or is not UTF-8");
			p->broken = true;
		}
	}
	if (anchor)
		anchor->value = v;
	return v;
}

static void add_child(struct conf_value *parent, const struct conf_value *child)
{
	parent->weight += child->weight;
	if (child->depth >= parent->depth)
		parent->depth = child->depth + 1;
}

static const struct conf_value *parse_list(struct parser *p, struct fy_event *start, struct span owner, unsigned depth)
{
	struct anchor *anchor = new_anchor(p, start->sequence_start.anchor);
	struct conf_value *list = new_value(p, CONF_LIST, token_span(p, start->sequence_start.sequence_start, owner));
	refuse_tag(p, start->sequence_start.tag, list->at);
	list->at.width = 1;
	VEC(const struct conf_value *) items = {0};
	for (struct fy_event *event; (event = next_event(p));) {
		enum fy_event_type type = event->type;
		if (type != FYET_SEQUENCE_END) {
			const struct conf_value *item = parse_value(p, event, list->at, depth + 1);
			add_child(list, item);
			*vec_push_in(p->arena, &items) = item;
		}
		fy_parser_event_free(p->fy, event);
		if (type == FYET_SEQUENCE_END)
			break;
	}
	list->items = items.items;
	list->count = items.len;
	if (anchor)
		anchor->value = list;
	return list;
}

/* The place where `key` was given before in this map, line 0 if it was not. */
static struct span key_before(const struct map *known, const struct conf_pair *pairs, size_t count, const char *key)
{
	if (count > FEW_KEYS) {
		const struct span *at = map_get(known, key);
		return at ? *at : (struct span){0};
	}
	for (size_t i = 0; i < count; i++)
		if (streq(pairs[i].key, key))
			return pairs[i].at;
	return (struct span){0};
}

static void learn_keys(struct parser *p, struct map *known, const struct conf_pair *pairs, size_t count)
{
	if (count <= FEW_KEYS)
		return;
	for (size_t i = count == FEW_KEYS + 1 ? 0 : count - 1; i < count; i++) {
		/* The pairs move when their array grows. */
		struct span *at = arena_alloc(p->arena, sizeof *at);
		*at = pairs[i].at;
		map_set(known, pairs[i].key, at);
	}
}

/* Is the key one that a map can have? Findings otherwise. */
static bool check_key(struct parser *p, const struct conf_value *key, const struct fy_event *event)
{
	if (p->stopped)
		return false;
	if (event->type == FYET_ALIAS || key->kind == CONF_LIST || key->kind == CONF_MAP) {
		diag_error(p->diags, CONF_KEY_CODE, key->at, NULL, "a key must be a text written out, this is %s",
			   event->type == FYET_ALIAS ? "an alias" : conf_kind_name(key));
		return false;
	}
	if (key->kind == CONF_NULL || !key->len) {
		diag_error(p->diags, CONF_KEY_CODE, key->at, NULL, "a key is missing before the ':'");
		return false;
	}
	if (key->plain && streq(key->text, "<<")) {
		diag_error(p->diags, CONF_TAG_CODE, key->at, "an alias can stand for a whole value: 'debug: *general'",
			   "merge keys ('<<') are not part of YAML 1.2");
		return false;
	}
	return true;
}

static const struct conf_value *parse_map(struct parser *p, struct fy_event *start, struct span owner, unsigned depth)
{
	struct anchor *anchor = new_anchor(p, start->mapping_start.anchor);
	struct conf_value *map = new_value(p, CONF_MAP, token_span(p, start->mapping_start.mapping_start, owner));
	refuse_tag(p, start->mapping_start.tag, map->at);
	map->at.width = 1;
	VEC(struct conf_pair) pairs = {0};
	_cleanup_map_ struct map known = {0};
	struct span last = map->at; /* the place for a key that is not there */
	for (struct fy_event *event; (event = next_event(p));) {
		if (event->type == FYET_MAPPING_END) {
			fy_parser_event_free(p->fy, event);
			break;
		}
		const struct conf_value *key = parse_value(p, event, last, depth + 1);
		last = key->at;
		bool good = check_key(p, key, event);
		fy_parser_event_free(p->fy, event);
		event = next_event(p);
		if (!event)
			break;
		const struct conf_value *value = parse_value(p, event, key->at, depth + 1);
		fy_parser_event_free(p->fy, event);
		add_child(map, key);
		add_child(map, value);
		if (!good)
			continue;
		struct span before = key_before(&known, pairs.items, pairs.len, key->text);
		if (before.line) {
			diag_error(p->diags, CONF_DUPLICATE_KEY_CODE, key->at, NULL,
				   "'%s' is given twice, first at line %u", key->text, before.line);
			continue;
		}
		*vec_push_in(p->arena, &pairs) = (struct conf_pair){.key = key->text, .at = key->at, .value = value};
		learn_keys(p, &known, pairs.items, pairs.len);
	}
	map->pairs = pairs.items;
	map->count = pairs.len;
	if (anchor)
		anchor->value = map;
	return map;
}

/* The value that begins with `event`, which stays the caller's. `owner` is the place for what has none. Never NULL. */
static const struct conf_value *parse_value(struct parser *p, struct fy_event *event, struct span owner, unsigned depth)
{
	switch (event->type) {
	case FYET_ALIAS:
		return parse_alias(p, event, owner, depth);
	case FYET_SEQUENCE_START:
		if (check_depth(p, depth, token_span(p, event->sequence_start.sequence_start, owner)))
			return parse_list(p, event, owner, depth);
		break;
	case FYET_MAPPING_START:
		if (check_depth(p, depth, token_span(p, event->mapping_start.mapping_start, owner)))
			return parse_map(p, event, owner, depth);
		break;
	case FYET_SCALAR:
		return parse_scalar(p, event, owner);
	default:
		stop(p);
		break;
	}
	return new_value(p, CONF_NULL, owner);
}

static const struct conf_value *parse_stream(struct parser *p)
{
	const struct conf_value *root = NULL;
	for (struct fy_event *event; (event = next_event(p)); fy_parser_event_free(p->fy, event)) {
		switch (event->type) {
		case FYET_STREAM_START:
		case FYET_STREAM_END:
		case FYET_DOCUMENT_END:
			break;
		case FYET_DOCUMENT_START:
			if (!root)
				break;
			diag_error(p->diags, CONF_TAG_CODE, token_span(p, event->document_start.document_start, top),
				   NULL, "a second YAML document begins here; the file is one document");
			stop(p);
			break;
		default:
			root = parse_value(p, event, top, 1);
			break;
		}
	}
	return root ? root : new_value(p, CONF_NULL, top);
}

/* What libfyaml has found: syntax errors, of which it gives the first. `echo`: they are known to be effects of others.
 */
static void add_syntax_findings(struct parser *p, struct fy_diag *fydiag, bool echo)
{
	void *iter = NULL;
	bool any = false;
	for (struct fy_diag_error *e; (e = fy_diag_errors_iterate(fydiag, &iter));) {
		if (e->type != FYET_ERROR)
			continue;
		if (!echo && !any)
			diag_error(p->diags, CONF_SYNTAX_CODE, source_place(&p->source, e->line, e->column), NULL,
				   "not YAML: %s", e->msg ? e->msg : "syntax error");
		any = true;
	}
	if (any || fy_diag_got_error(fydiag)) {
		if (!any && !echo && !p->stopped)
			diag_error(p->diags, CONF_SYNTAX_CODE, top, NULL, "not YAML");
		p->broken = true;
	}
}

const struct conf_value *conf_parse(const char *text, size_t len, struct arena *arena, struct diags *diags)
{
	struct parser p = {.source = source_open(text, len, arena), .arena = arena, .diags = diags};
	int checked = source_check(&p.source, diags);
	if (checked < 0)
		return NULL;
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	struct fy_diag *fydiag = fy_diag_create(&diag_cfg);
	if (fydiag)
		fy_diag_set_collect_errors(fydiag, true);
	const struct fy_parse_cfg cfg = {
	    .flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION, .diag = fydiag};
	p.fy = fydiag ? fy_parser_create(&cfg) : NULL;
	const struct conf_value *root = NULL;
	if (p.fy && fy_parser_set_string(p.fy, text, len) == 0) {
		root = parse_stream(&p);
		add_syntax_findings(&p, fydiag, checked > 0);
	} else {
		diag_error(diags, CONF_SYNTAX_CODE, top, NULL, "the YAML parser cannot be started");
	}
	fy_parser_destroy(p.fy);
	fy_diag_destroy(fydiag);
	map_free(&p.anchors);
	return p.broken ? NULL : root;
}
