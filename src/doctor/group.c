#include "doctor/group.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

enum { EVIDENCE_MOST = 6 };

struct member_list {
	const struct finding **items;
	size_t len, cap;
};

struct grouping {
	const struct findings *f;
	struct arena *arena;
	struct map by_key;
	struct {
		struct member_list *items;
		size_t len, cap;
	} groups;
};

static bool is_part_of_name(char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c);
}

/* The text with `to` for each whole word `name`. */
static const char *renamed(const char *text, const char *name, const char *to, struct arena *arena)
{
	if (!text || !name || !to)
		return text;
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t len = strlen(name);
	for (const char *p = text; *p;) {
		bool whole =
		    strncmp(p, name, len) == 0 && !is_part_of_name(p[len]) && (p == text || !is_part_of_name(p[-1]));
		strbuf_add(&out, whole ? to : p, whole ? strlen(to) : 1);
		p += whole ? len : 1;
	}
	return arena_strndup(arena, strbuf_str(&out), out.len);
}

/* Two findings of one key are the same thing on two hosts. */
static const char *key_of(const struct finding *x, struct arena *arena)
{
	return arena_printf(arena, "%d %s\n%s\n%s\n%s", (int)x->weight, x->code, renamed(x->what, x->host, "\1", arena),
			    x->fix ? renamed(x->fix, x->host, "\1", arena) : "", x->host ? "host" : "");
}

static void add(struct grouping *g, const struct finding *x)
{
	const char *key = key_of(x, g->arena);
	size_t place = (size_t)(uintptr_t)map_get(&g->by_key, key);
	if (!place) {
		vec_push_in(g->arena, &g->groups);
		place = g->groups.len;
		map_set(&g->by_key, key, (void *)(uintptr_t)place);
	}
	*vec_push_in(g->arena, &g->groups.items[place - 1]) = x;
}

static void set_hosts(struct doctor_group *out, const struct member_list *members, struct arena *arena)
{
	const char **names = arena_calloc(arena, members->len, sizeof *names);
	size_t n = 0;
	for (size_t i = 0; i < members->len; i++) {
		bool seen = !members->items[i]->host;
		for (size_t k = 0; !seen && k < n; k++)
			seen = streq(names[k], members->items[i]->host);
		if (!seen)
			names[n++] = members->items[i]->host;
	}
	out->host_count = n;
	out->hosts = n ? hostlist_compress(names, n, arena) : NULL;
}

static void set_evidence(struct doctor_group *out, const struct member_list *members, struct arena *arena)
{
	VEC(const char *) lines = {0};
	bool differ = false;
	for (size_t i = 1; i < members->len; i++)
		differ |= !str_same(members->items[0]->evidence, members->items[i]->evidence);
	for (size_t i = 0; i < (differ ? members->len : 1); i++) {
		const struct finding *x = members->items[i];
		char *rest = x->evidence ? arena_strdup(arena, x->evidence) : NULL;
		for (char *line; rest && (line = str_next_line(&rest));) {
			if (lines.len == EVIDENCE_MOST)
				out->left_out++;
			else
				*vec_push_in(arena, &lines) =
				    differ && x->host ? arena_printf(arena, "%s: %s", x->host, line) : line;
		}
	}
	out->evidence = lines.items;
	out->evidence_count = lines.len;
}

static int by_weight(const void *a, const void *b)
{
	const struct doctor_group *x = a, *y = b;
	if (x->first->weight != y->first->weight)
		return x->first->weight < y->first->weight ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static size_t finish(struct grouping *g, const struct doctor_group **ret);

static void set_effects(struct doctor_group *out, const struct member_list *members, const struct findings *f,
			struct arena *arena)
{
	struct grouping g = {.f = f, .arena = arena};
	for (size_t i = 0; i < f->len; i++)
		for (size_t k = 0; k < members->len; k++)
			if (f->items[i].cause == (size_t)(members->items[k] - f->items) + 1)
				add(&g, &f->items[i]);
	out->effect_count = finish(&g, &out->effects);
}

/* Hands out the groups. Effects have none of their own: what explains them stands at the top. */
static size_t finish(struct grouping *g, const struct doctor_group **ret)
{
	struct doctor_group *all = arena_calloc(g->arena, g->groups.len + 1, sizeof *all);
	for (size_t i = 0; i < g->groups.len; i++) {
		const struct member_list *members = &g->groups.items[i];
		struct doctor_group *out = &all[i];
		out->first = members->items[0];
		set_hosts(out, members, g->arena);
		set_evidence(out, members, g->arena);
		out->what = renamed(out->first->what, out->first->host, out->hosts, g->arena);
		out->fix = renamed(out->first->fix, out->first->host, out->hosts, g->arena);
		if (!out->first->cause)
			set_effects(out, members, g->f, g->arena);
	}
	if (g->groups.len)
		qsort(all, g->groups.len, sizeof *all, by_weight);
	map_free(&g->by_key);
	*ret = all;
	return g->groups.len;
}

size_t doctor_group(const struct findings *f, enum finding_weight least, struct arena *arena,
		    const struct doctor_group **ret)
{
	struct grouping g = {.f = f, .arena = arena};
	for (size_t i = 0; i < f->len; i++)
		if (!f->items[i].cause && f->items[i].weight >= least)
			add(&g, &f->items[i]);
	return finish(&g, ret);
}
