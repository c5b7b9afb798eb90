#include "modules/module.h"

#include "base/str.h"
#include "base/vec.h"
#include "modules/core/core.h"

const struct module *const module_slurm = &core_module;

const struct role_names *const module_roles = core_roles;

const struct secret_row *const *modules_secrets(const struct inventory *inv, struct arena *arena)
{
	struct secret_rows all = {.arena = arena}, sorted = {.arena = arena};
	for (size_t i = 0; modules[i]; i++)
		if (modules[i]->secrets)
			modules[i]->secrets(inv, &all);
	for (int given = 0; given < 2; given++)
		for (size_t i = 0; i < all.len; i++)
			if (!all.items[i]->file == !given)
				*vec_push_in(arena, &sorted) = all.items[i];
	*vec_push_in(arena, &sorted) = NULL;
	return sorted.items;
}

bool module_enabled(const struct inventory *inv, const struct module *module)
{
	return module == module_slurm || inventory_has_module(inv, module->name);
}

size_t module_index(const char *name)
{
	for (size_t i = 0; modules[i]; i++)
		if (streq(modules[i]->name, name))
			return i;
	return MODULES_MAX;
}

const struct module *module_named(const char *name)
{
	for (size_t i = 0; modules[i]; i++)
		if (streq(modules[i]->name, name))
			return modules[i];
	return NULL;
}

/* Of a host with core alone, with room for some more: what grows leaves its smaller copies in the arena. */
enum { USUAL_RESOURCES = 24 };

struct catalog *modules_compile(const struct cluster *cluster, size_t host, struct arena *arena)
{
	struct catalog *c = arena_alloc(arena, sizeof *c);
	*c = (struct catalog){.arena = arena,
			      .items = arena_calloc(arena, USUAL_RESOURCES, sizeof *c->items),
			      .cap = USUAL_RESOURCES,
			      .digests = &cluster->texts->digests};
	for (const struct module *const *m = modules; *m; m++) {
		if (!(*m)->compile || !cluster_has_module(cluster, host, (*m)->name))
			continue;
		size_t first = c->len;
		(*m)->compile(cluster, host, c);
		for (size_t i = first; i < c->len; i++) {
			c->items[i].module = (*m)->name;
			if (!c->items[i].origin.line)
				c->items[i].origin = cluster->inv->hosts[host].at;
		}
	}
	return c;
}

void modules_guide(const struct inventory *inv, struct strbuf *out)
{
	for (const struct module *const *m = modules; *m; m++)
		if ((*m)->guide && module_enabled(inv, *m))
			(*m)->guide(inv, out);
}

struct check *checks_add(struct checks *checks, const char *module, const char *id, const char *title,
			 enum check_where where, const bool *hosts)
{
	struct check *check = vec_push_in(checks->arena, checks);
	*check = (struct check){
	    .module = module, .id = id, .title = title, .where = where, .hosts = hosts, .timeout_ms = 20000};
	return check;
}

struct check *checks_add_for_all(struct checks *checks, const struct verify_context *v, const char *module,
				 const char *id, const char *title)
{
	bool *hosts = arena_calloc(checks->arena, v->cluster->inv->host_count, sizeof *hosts);
	hosts[v->controller] = true;
	struct check *check = checks_add(checks, module, id, title, CHECK_RUN, hosts);
	check->for_all = true;
	return check;
}
