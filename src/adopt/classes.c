/*
 * What a slurm.conf says of nodes beyond what is measured, as classes. A class is told by the names of its nodes: by
 * patterns where no other host has such a name, else by a list. An expression is bounded (expr/expr.h): nodes beyond that
 * get another class that says the same.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adopt/make.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "inventory/inventory.h"

/* Of the language's 256 classes, and of the bytes and tests of an expression; some are left for the operator. */
enum { MOST_CLASSES = 200, MOST_BYTES = 900, MOST_TESTS = 50, MOST_FEATURES = 64 };

static size_t prefix_length(const char *name)
{
	return strcspn(name, "0123456789");
}

/* Does no host but those of the group have a name that begins so? `members` are the group's names. */
static bool is_own_prefix(const struct builder *b, const struct map *members, const char *name, size_t len)
{
	if (!len)
		return false;
	for (size_t i = 0; i < b->out->hosts.len; i++) {
		const char *other = b->out->hosts.items[i].name;
		if (strncmp(other, name, len) == 0 && !map_has(members, other))
			return false;
	}
	return true;
}

/* "node" of "node-01"; what a class of such nodes can be called. */
static const char *class_name(struct builder *b, const char *node)
{
	size_t len = prefix_length(node);
	while (len && strchr("-_.", node[len - 1]))
		len--;
	const char *stem = len ? arena_strndup(b->arena, node, len < 40 ? len : 40) : "nodes", *name = stem;
	for (size_t n = 2;; n++) {
		bool taken = false;
		for (size_t i = 0; i < b->out->classes.len; i++)
			taken |= streq(b->out->classes.items[i].name, name);
		if (!taken)
			return name;
		name = arena_printf(b->arena, "%s-%zu", stem, n);
	}
}

/* The class is made only when its condition is known. */
struct writer {
	struct builder *b;
	const struct adopt_class *like;
	const char *first; /* node */
	struct strbuf tests, list;
	size_t count;
	bool full; /* no class is left */
};

static void end_list(struct writer *w)
{
	if (!w->list.len)
		return;
	strbuf_addf(&w->tests, "%sname in [%s]", w->tests.len ? " or " : "", strbuf_str(&w->list));
	strbuf_reset(&w->list);
	w->count++;
}

static void end_class(struct writer *w)
{
	struct builder *b = w->b;
	end_list(w);
	if (!w->tests.len)
		return;
	if (b->out->classes.len == MOST_CLASSES) {
		w->full = true;
	} else {
		const char *name = class_name(b, w->first);
		struct adopt_class *class = vec_push_in(b->arena, &b->out->classes);
		*class = *w->like;
		class->name = name;
		class->when = arena_strndup(b->arena, w->tests.data, w->tests.len);
	}
	strbuf_reset(&w->tests);
	w->first = NULL;
	w->count = 0;
}

static void add_test(struct writer *w, const char *node, const char *test, bool listed)
{
	if (w->tests.len + w->list.len + strlen(test) > MOST_BYTES || w->count == MOST_TESTS)
		end_class(w);
	if (!w->first)
		w->first = node;
	if (listed) {
		strbuf_addf(&w->list, "%s'%s'", w->list.len ? ", " : "", test);
	} else {
		strbuf_addf(&w->tests, "%sname ~ '%s*'", w->tests.len ? " or " : "", test);
		w->count++;
	}
}

static bool is_feature_list(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy;
	const char *seen[MOST_FEATURES];
	size_t n = 0;
	for (char *word; (word = str_next(&rest, ","));) {
		for (size_t i = 0; i < n; i++)
			if (streq(seen[i], word))
				return false;
		if (n == MOST_FEATURES || !inventory_is_feature(word))
			return false;
		seen[n++] = word;
	}
	return n > 0;
}

/* Those that are words, each once. */
static const char *features_of(struct builder *b, const char *value, const char **ret_note)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_map_ struct map seen = {0};
	char *rest = arena_strdup(b->arena, value);
	bool lost = false;
	for (const char *word; (word = str_next(&rest, ","));) {
		if (!inventory_is_feature(word))
			lost = true;
		else if (!map_set(&seen, word, (void *)word))
			strbuf_addf(&out, "%s%s", out.len ? "," : "", word);
	}
	if (!out.len)
		return value;
	const char *kept = arena_strdup(b->arena, strbuf_str(&out));
	if (lost)
		*ret_note = arena_printf(b->arena,
					 "Features=%s is written %s: others are no words that --constraint "
					 "could name",
					 value, kept);
	return kept;
}

const char *make_class_value(struct builder *b, const char *key, const char *value, const char **ret_note)
{
	const struct slurm_param *param = slurm_param_find(SLURM_NODE, key);
	*ret_note = NULL;
	if (!param || slurm_param_owned(SLURM_NODE, key))
		return strcasecmp(key, "Features") == 0 ? features_of(b, value, ret_note) : value;
	return make_value(b, param, value, ret_note);
}

const char *make_class_fault(struct builder *b, const char *key, const char *value)
{
	const struct slurm_param *param = slurm_param_find(SLURM_NODE, key);
	const struct slurm_owned *owned = slurm_param_owned(SLURM_NODE, key);
	if (!param)
		return "Slurm has no such parameter of a node";
	if (strcasecmp(param->name, "Features") == 0)
		return is_feature_list(value) ? NULL : "a class takes features that are words, each once";
	return owned ? owned->reason : make_param_fault(b, param, value);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t common_length(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* A name of the group among all that there are, in their order. */
struct member {
	const char *name;
	size_t own; /* so many of its bytes begin no name but the group's; more than it has: it begins one itself */
};

/* Members of the group whose names hosts of others share a stem with, with what tells them from those. */
static size_t tell_apart(struct builder *b, const struct map *members, struct member *ret)
{
	size_t count = b->out->hosts.len, n = 0;
	const char **all = arena_calloc(b->arena, count, sizeof *all), *other = NULL;
	for (size_t i = 0; i < count; i++)
		all[i] = b->out->hosts.items[i].name;
	qsort(all, count, sizeof *all, compare_names);
	for (size_t i = 0; i < count; i++) {
		if (!map_has(members, all[i]))
			other = all[i];
		else
			ret[n++] = (struct member){all[i], other ? common_length(all[i], other) + 1 : 1};
	}
	other = NULL;
	for (size_t i = count, k = n; i-- > 0;) {
		if (!map_has(members, all[i])) {
			other = all[i];
			continue;
		}
		size_t own = other ? common_length(all[i], other) + 1 : 1, stem = prefix_length(all[i]) + 1;
		struct member *m = &ret[--k];
		m->own = own > m->own ? own : m->own;
		m->own = stem > m->own ? stem : m->own;
	}
	return n;
}

/* Of several that begin alike one test, with all that they have in common; of few a list, which says more. */
static void add_apart(struct writer *w, const struct member *members, size_t count)
{
	enum { FEW = 3 };
	for (size_t i = 0, end; i < count && !w->full; i = end) {
		const char *name = members[i].name;
		size_t len = members[i].own, same = strlen(name);
		for (end = i + 1; end < count && len <= strlen(name) && strncmp(members[end].name, name, len) == 0;
		     end++)
			same = common_length(members[end].name, name) < same ? common_length(members[end].name, name)
									     : same;
		if (end - i > FEW)
			add_test(w, name, arena_strndup(w->b->arena, name, same), false);
		for (size_t k = i; end - i <= FEW && k < end; k++)
			add_test(w, members[k].name, members[k].name, true);
	}
}

bool make_class(struct builder *b, const struct adopt_class *like, const char *const *nodes, size_t count)
{
	struct writer w = {.b = b, .like = like};
	_cleanup_map_ struct map members = {0};
	_cleanup_map_ struct map prefixes = {0}; /* -> whether it is the group's own, as a text */
	size_t shared = 0;
	if (b->out->classes.len == MOST_CLASSES)
		return false;
	for (size_t i = 0; i < count; i++)
		map_set(&members, nodes[i], (void *)nodes[i]);
	for (size_t i = 0; i < count && !w.full; i++) {
		size_t len = prefix_length(nodes[i]);
		const char *prefix = arena_strndup(b->arena, nodes[i], len);
		const char *known = map_get(&prefixes, prefix);
		if (!known) {
			known = is_own_prefix(b, &members, nodes[i], len) ? "own" : "shared";
			map_set(&prefixes, prefix, (void *)known);
			if (streq(known, "own") && nodes[i][len])
				add_test(&w, nodes[i], prefix, false);
		}
		shared += streq(known, "shared") || !nodes[i][len];
	}
	struct member *apart = arena_calloc(b->arena, shared ? count : 0, sizeof *apart);
	size_t n = shared ? tell_apart(b, &members, apart) : 0, kept = 0;
	for (size_t i = 0; i < n; i++) {
		const char *prefix = arena_strndup(b->arena, apart[i].name, prefix_length(apart[i].name));
		if (streq(map_get(&prefixes, prefix), "shared") || streq(prefix, apart[i].name))
			apart[kept++] = apart[i];
	}
	add_apart(&w, apart, kept);
	end_class(&w);
	strbuf_free(&w.tests);
	strbuf_free(&w.list);
	return !w.full;
}
