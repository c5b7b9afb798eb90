#include "modules/modulefiles/modulefiles.h"

#include "base/map.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"

const struct inv_section modulefiles_section = {
    .name = "modulefiles",
    .leaves = "the module files on " MODULEFILES_LIST,
    .parse = modulefiles_parse,
};

void *modulefiles_parse(struct inv_reader *r, const struct conf_value *value)
{
	static const struct conf_key keys[] = {{NULL, false}};
	const struct conf_value *values[1];
	if (value && value->kind != CONF_NULL)
		conf_walk(value, "'modulefiles'", keys, values, r->diags);
	return NULL;
}

static const char *path_of(const struct installed *i, struct arena *arena)
{
	const char *under = i->module->under;
	return arena_printf(arena, "%s%s%s/%s/%s.lua", under ? MODULEFILES_UNDER : MODULEFILES_TREE, under ? "/" : "",
			    under ? under : "", i->module->name, i->version);
}

struct modulefiles modulefiles_of(const struct cluster *c, size_t host, struct arena *arena)
{
	const struct cluster_host *h = &c->hosts[host];
	struct modulefiles all = {0};
	_cleanup_map_ struct map known = {0};
	for (size_t i = 0; i < h->installed.len; i++) {
		struct modulefile one = {.of = &h->installed.items[i], .path = path_of(&h->installed.items[i], arena)};
		if (!map_set(&known, one.path, (void *)one.path))
			*vec_push_in(arena, &all) = one;
	}
	return all;
}

const struct module modulefiles_module = {
    .name = "modulefiles",
    .summary = "a module file for each version of software",
    .section = &modulefiles_section,
    .ask = modulefiles_ask,
    .take = modulefiles_take,
    .compile = modulefiles_compile,
    .prove = modulefiles_prove,
};
