/*
 * Subordinate ids (subuid(5)). An account's range follows from its uid, so that it is the same on every host. Ranges of others stay
 * and are never overlapped; whoever has one that is large enough already, from an earlier useradd(8), keeps it and gets no second.
 */
#include <string.h>

#include "base/map.h"
#include "base/passwd-line.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/containers/containers.h"

enum { RANGES_MOST = 20000 };

/* NAME:FIRST:COUNT; newuidmap(1) ignores what is not so, and so does this. */
static bool parse(char *line, struct containers_range *ret)
{
	const char *who = strsep(&line, ":"), *first = strsep(&line, ":"), *count = line;
	*ret = (struct containers_range){.who = who};
	return first && count && *who && str_to_u64(first, 0, UINT32_MAX, &ret->first) == 0 &&
	       str_to_u64(count, 1, UINT32_MAX, &ret->count) == 0;
}

struct containers_ranges containers_ranges_of(const char *text, struct arena *arena)
{
	struct containers_ranges all = {.there = text};
	char *rest = text ? arena_strdup(arena, text) : NULL;
	bool ours = false;
	for (char *line; rest && all.len < RANGES_MOST && (line = str_next_line(&rest));) {
		struct containers_range one;
		if (streq(line, BLOCK_BEGIN) || streq(line, BLOCK_END))
			ours = streq(line, BLOCK_BEGIN);
		else if (!ours && parse(line, &one))
			*vec_push_in(arena, &all) = one;
	}
	return all;
}

/* One file of one host. */
struct giving {
	const struct containers *k;
	const struct containers_ranges *ranges;
	struct map own; /* whoever has a range that is large enough, by name or by uid as text */
	struct strbuf lines;
	struct strbuf clashes;
	size_t clash_count, beyond;
};

static bool has_own(const struct giving *g, const struct cluster_account *a)
{
	char uid[16];
	snprintf(uid, sizeof uid, "%u", a->uid);
	return map_has(&g->own, a->name) || map_has(&g->own, uid);
}

static bool is_of(const struct containers_range *range, const struct cluster_account *a)
{
	uint64_t uid;
	return streq(range->who, a->name) || (str_to_u64(range->who, 0, UINT32_MAX, &uid) == 0 && uid == a->uid);
}

static const struct containers_range *overlapped(const struct giving *g, uint64_t first)
{
	for (size_t i = 0; i < g->ranges->len; i++) {
		const struct containers_range *one = &g->ranges->items[i];
		if (one->first < first + g->k->count && first < one->first + one->count)
			return one;
	}
	return NULL;
}

static void give(struct giving *g, const struct cluster_account *a)
{
	enum { SHOWN = 3 };
	if (a->uid < PERSON_UID_FIRST || has_own(g, a))
		return;
	uint64_t first = g->k->first + (a->uid - (uint64_t)PERSON_UID_FIRST) * g->k->count;
	if (first + g->k->count - 1 > CONTAINERS_ID_MAX) {
		g->beyond++;
		return;
	}
	const struct containers_range *other = overlapped(g, first);
	if (!other)
		strbuf_addf(&g->lines, "%s:%llu:%llu\n", a->name, (unsigned long long)first,
			    (unsigned long long)g->k->count);
	else if (g->clash_count++ < SHOWN)
		strbuf_addf(&g->clashes, "%s%s would have those of %s, from %llu", g->clashes.len ? "; " : "", a->name,
			    is_of(other, a) ? "its own" : other->who, (unsigned long long)other->first);
}

static void say(const struct cluster *c, size_t host, const char *path, const struct giving *g, struct findings *out)
{
	const char *name = c->inv->hosts[host].name;
	if (g->clash_count) {
		struct finding *f =
		    finding_add(out, FINDING_WARNING, CODE_CONTAINERS_IDS, name, "%zu %s no subordinate ids in %s: %s",
				g->clash_count, g->clash_count == 1 ? "account gets" : "accounts get", path,
				strbuf_str(&g->clashes));
		f->fix = "`subids: { first: ... }` in `containers`, beyond what hosts have given already";
		f->origin = g->k->at;
	}
	if (g->beyond) {
		struct finding *f = finding_add(out, FINDING_WARNING, CODE_CONTAINERS_IDS, name,
						"%zu %s no subordinate ids in %s: there are none left for such a uid",
						g->beyond, g->beyond == 1 ? "account gets" : "accounts get", path);
		f->fix = "a smaller `count`, or `first`, of `subids` in `containers`";
		f->origin = g->k->at;
	}
}

const char *containers_ids(const struct cluster *c, size_t host, const char *path,
			   const struct containers_ranges *ranges, struct arena *arena, struct findings *findings)
{
	const struct cluster_host *h = &c->hosts[host];
	struct giving g = {.k = containers_of(c, host), .ranges = ranges};
	for (size_t i = 0; i < ranges->len; i++)
		if (ranges->items[i].count >= g.k->count)
			map_set(&g.own, ranges->items[i].who, &ranges->items[i]);
	for (size_t i = 0; i < h->account_count; i++)
		give(&g, &h->accounts[i]);
	const char *lines = arena_strndup(arena, strbuf_str(&g.lines), g.lines.len);
	if (findings)
		say(c, host, path, &g, findings);
	map_free(&g.own);
	strbuf_free(&g.lines);
	strbuf_free(&g.clashes);
	return lines;
}
