#include "slurm/gres.h"

#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

enum { NODES_MAX = 65536 };

/* Adds "NODE Name Type Cores" of each node of a line to `seen`; false where one of them is not in `known`. */
static bool take_line(struct arena *arena, char *line, struct map *seen, const struct map *known)
{
	const char *nodes = "", *name = "", *type = "", *cores = "", *const * names;
	size_t count;
	bool all = true;
	const struct {
		const char *key, **to;
	} keys[] = {{"NodeName=", &nodes}, {"Name=", &name}, {"Type=", &type}, {"Cores=", &cores}};
	line[strcspn(line, "#")] = '\0';
	for (char *word; (word = str_next(&line, " \t"));)
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (strncasecmp(word, keys[i].key, strlen(keys[i].key)) == 0)
				*keys[i].to = word + strlen(keys[i].key);
	if (!*name)
		return true;
	if (hostlist_expand(nodes, NODES_MAX, arena, &names, &count, NULL, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		char *entry = arena_printf(arena, "%s %s %s %s", names[i], name, type, cores);
		map_set(seen, entry, entry);
		all &= known && map_has(known, entry);
	}
	return all;
}

static bool take(struct arena *arena, const char *text, struct map *seen, const struct map *known)
{
	char *rest = arena_strdup(arena, text);
	bool all = true;
	for (char *line; rest && (line = str_next_line(&rest));)
		all &= take_line(arena, line, seen, known);
	return all;
}

bool slurm_gres_names(const char *gres, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = gres; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strcspn(p, ":,") == len && strncmp(p, name, len) == 0)
			return true;
	return false;
}

enum slurm_need slurm_gres_need(unsigned release, const char *old, const char *now)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_map_ struct map before = {0}, after = {0};
	if (streq(old ? old : "", now ? now : ""))
		return SLURM_NEED_NOTHING;
	take(arena, old, &before, NULL);
	if (release <= 2302 && !take(arena, now, &after, &before))
		return SLURM_NEED_RESTART_BOTH;
	return SLURM_NEED_RECONFIGURE;
}
