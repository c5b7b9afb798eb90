/* The files, the default versions, and the list of what a host was given, which comes behind all of them. */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "modules/modulefiles/modulefiles.h"

enum { LIST_MAX = 1 << 20, MOST_GIVEN = 4000 };

struct given {
	const char **items;
	size_t len, cap;
};

void modulefiles_ask(const struct inventory *inv, const struct inv_host *host, json_t *items)
{
	(void)inv;
	(void)host;
	json_array_append_new(items,
			      json_pack("{s:s, s:s, s:i}", "name", "list", "read", MODULEFILES_LIST, "max", LIST_MAX));
}

/* Only what can be ours: a host that says otherwise loses nothing by it. */
void *modulefiles_take(const json_t *items, struct arena *arena, struct err *err)
{
	(void)err;
	struct given *given = arena_alloc(arena, sizeof *given);
	char *rest = arena_strdup(arena, json_string_value(json_object_get(json_object_get(items, "list"), "text")));
	*given = (struct given){0};
	for (char *line; rest && given->len < MOST_GIVEN && (line = str_next_line(&rest));)
		if (!conf_path_fault(line) &&
		    (str_starts(line, MODULEFILES_TREE "/") || str_starts(line, MODULEFILES_UNDER "/")))
			*vec_push_in(arena, given) = line;
	return given;
}

struct putting {
	struct catalog *out;
	struct strbuf list;
	struct map wanted; /* paths */
};

static void put_path(struct putting *p, const char *path)
{
	map_set(&p->wanted, path, (void *)path);
	strbuf_addf(&p->list, "%s\n", path);
}

static void put_one(struct putting *p, const struct modulefiles *all, const struct modulefile *m)
{
	const char *text = modulefile_text(all, m, p->out->arena);
	struct resource *r = catalog_file(p->out, STAGE_OFFERS, m->path, "root", "root", 0644, text, strlen(text));
	r->origin = m->of->at;
	r->needs = m->of->needs;
	put_path(p, m->path);
	if (!m->of->is_default)
		return;
	const char *link = arena_printf(p->out->arena, "%.*s/default", (int)(strrchr(m->path, '/') - m->path), m->path);
	if (map_has(&p->wanted, link))
		return;
	r = catalog_link(p->out, STAGE_OFFERS, link, strrchr(m->path, '/') + 1);
	r->origin = m->of->at;
	r->needs = m->of->needs;
	put_path(p, link);
}

void modulefiles_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	const struct modulefiles all = modulefiles_of(c, host, out->arena);
	const struct given *given = module_own(c->hosts[host].facts, &modulefiles_module);
	struct putting p = {.out = out};
	for (size_t i = 0; i < all.len; i++)
		put_one(&p, &all, &all.items[i]);
	for (size_t i = 0; given && i < given->len; i++)
		if (!map_has(&p.wanted, given->items[i]))
			catalog_absent(out, STAGE_OFFERS, given->items[i]);
	catalog_file(out, STAGE_OFFERS, MODULEFILES_LIST, "root", "root", 0644,
		     arena_strndup(out->arena, strbuf_str(&p.list), p.list.len), p.list.len);
	strbuf_free(&p.list);
	map_free(&p.wanted);
}
