/*
 * Who builds the cache. Whoever does makes its directory, which may lie on a file server: root must be root there, as
 * root of the controllers is unless cluster.yaml says otherwise. One host does it, so that what two would write need not be told apart.
 */
#include "base/mem.h"
#include "base/str.h"
#include "modules/lmod/lmod.h"

static const struct lmod *lmod_of(const struct cluster *c)
{
	return inventory_section(c->inv, NULL, lmod_section.name);
}

static bool can_build(const struct cluster *c, size_t host, const void *about)
{
	(void)about;
	return cluster_has_module(c, host, lmod_section.name) && !cluster_is_out(&c->hosts[host]) &&
	       cluster_is_root_at(&c->hosts[host], lmod_of(c)->cache);
}

size_t lmod_builder(const struct cluster *c)
{
	return lmod_of(c)->cache ? cluster_first(c, can_build, NULL) : SIZE_MAX;
}

static void ask_stat(json_t *items, const char *name, const char *path)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:b}", "name", name, "stat", path, "follow", 0));
}

/* No program is started to find it out. */
void lmod_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	const struct lmod *lmod = inventory_section(inv, NULL, lmod_section.name);
	(void)host;
	ask_stat(items, "timer", LMOD_UNITS LMOD_CACHE_TIMER);
	if (!lmod || !lmod->cache)
		return;
	_cleanup_free_ char *trees = xasprintf("%s/" LMOD_CACHE_TREES, lmod->cache);
	ask_stat(items, "cache", lmod->cache);
	ask_stat(items, "trees", trees);
}

static json_int_t owner_of(const json_t *items, const char *name, const char *type)
{
	const json_t *answer = json_object_get(items, name), *uid = json_object_get(answer, "uid");
	return str_same(json_string_value(json_object_get(answer, "type")), type) && json_is_integer(uid)
		   ? json_integer_value(uid)
		   : 0;
}

void *lmod_take(const json_t *items, struct arena *arena, struct err *err)
{
	struct lmod_there *t = arena_alloc(arena, sizeof *t);
	(void)err;
	json_int_t owner = owner_of(items, "cache", "directory");
	*t = (struct lmod_there){.builds = json_object_get(json_object_get(items, "timer"), "type") != NULL,
				 .made = owner > 0 && owner == owner_of(items, "trees", "file")};
	return t;
}

void lmod_settle(struct cluster *c)
{
	const struct lmod *lmod = lmod_of(c);
	bool any = false;
	for (size_t i = 0; i < c->inv->host_count; i++)
		any |= cluster_has_module(c, i, lmod_section.name) && !cluster_is_out(&c->hosts[i]);
	if (!lmod->cache || !any || lmod_builder(c) != SIZE_MAX)
		return;
	struct finding *f = finding_add(
	    &c->findings, FINDING_WARNING, CODE_LMOD_CACHE, NULL,
	    "no host can build Lmod's cache in %s: root of each that has lmod is nobody there", lmod->cache);
	f->fix = "name one of them in `root` of that mount, or another directory in `cache`";
	f->origin = lmod->at;
}
