#include "model/beside.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

const struct slurm_besides *beside_of(const struct inventory *inv, bool controller, bool compute, struct arena *arena)
{
	unsigned role = (controller ? BESIDE_CONTROLLERS : 0U) | (compute ? BESIDE_NODES : 0U);
	struct slurm_besides all = {0}, *out = arena_alloc(arena, sizeof *out);
	for (size_t i = 0; i < inv->param_count; i++)
		slurm_beside(inv->params[i].key, inv->params[i].value, arena, &all);
	for (size_t i = 0; i < all.len; i++)
		if (all.items[i].readers & role)
			*vec_push_in(arena, out) = all.items[i];
	return out;
}

struct names_once {
	const char **items;
	size_t len, cap;
	struct map seen;
};

/* "HOST", or "HOST:PORT"; addresses need nobody to look them up. */
static void add_name(struct names_once *names, struct arena *arena, const char *text)
{
	if (!text || inventory_is_address(text) || strchr(text, '%'))
		return;
	const char *colon = strchr(text, ':');
	const char *name = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;
	if (*name && *name != '-' && names->len < FACTS_NAMES && !map_set(&names->seen, name, (void *)name))
		*vec_push_in(arena, names) = name;
}

void beside_scope(const struct inventory *inv, const struct inv_host *host, struct arena *arena,
		  struct facts_scope *scope)
{
	static const char *const servers[] = {"AccountingStorageHost", "AccountingStorageBackupHost", "JobCompHost"};
	const struct slurm_besides *all = beside_of(inv, host->controller, host->compute, arena);
	const char **paths = arena_calloc(arena, all->len + 2, sizeof *paths);
	struct names_once names = {0};
	for (size_t i = 0; i < all->len; i++)
		if (all->items[i].kind == BESIDE_PLUGIN)
			scope->plugins = true;
		else
			paths[scope->path_count++] = all->items[i].path;
	if (inv->network.topology != INV_TOPOLOGY_NONE)
		paths[scope->path_count++] = BESIDE_TOPOLOGY;
	scope->paths = paths;
	for (size_t i = 0; i < inv->controller_count; i++)
		add_name(&names, arena, inv->hosts[inv->controllers[i]].slurm_address);
	for (size_t i = 0; host->controller && i < ARRAY_LEN(servers); i++)
		add_name(&names, arena, inventory_param(inv->params, inv->param_count, servers[i]));
	for (size_t i = 0; host->controller && i < inv->compute_count; i++)
		add_name(&names, arena, inv->hosts[inv->compute[i]].slurm_address);
	map_free(&names.seen);
	scope->names = names.items;
	scope->name_count = names.len;
}
