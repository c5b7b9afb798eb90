#include "slurm/gres.h"

#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

enum { NODES_MAX = 65536 };

struct line {
	const char *name, *type, *cores, *detect;
	const char *const *nodes;
	size_t node_count;
};

/* -1 where its nodes cannot be told. */
static int read_line(struct arena *arena, char *text, struct line *ret)
{
	struct line line = {.name = "", .type = "", .cores = "", .detect = ""};
	const char *nodes = "";
	const struct {
		const char *key, **to;
	} keys[] = {{"NodeName=", &nodes},
		    {"Name=", &line.name},
		    {"Type=", &line.type},
		    {"Cores=", &line.cores},
		    {"AutoDetect=", &line.detect}};
	text[strcspn(text, "#")] = '\0';
	for (char *word; (word = str_next(&text, " \t"));)
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (strncasecmp(word, keys[i].key, strlen(keys[i].key)) == 0)
				*keys[i].to = word + strlen(keys[i].key);
	int rc = hostlist_expand(nodes, NODES_MAX, arena, &line.nodes, &line.node_count, NULL, NULL);
	*ret = line;
	return rc;
}

/* Adds "NODE Name Type Cores AutoDetect" of each node of a line to `seen`; false where one of them is not in `known`. */
static bool take_line(struct arena *arena, char *text, struct map *seen, const struct map *known)
{
	struct line line;
	bool all = true;
	int rc = read_line(arena, text, &line);
	if (!*line.name)
		return true;
	if (rc < 0)
		return false;
	for (size_t i = 0; i < line.node_count; i++) {
		char *entry =
		    arena_printf(arena, "%s %s %s %s %s", line.nodes[i], line.name, line.type, line.cores, line.detect);
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

static void take_detect(struct arena *arena, const char *text, struct map *by_node, struct slurm_names *nodes)
{
	char *rest = arena_strdup(arena, text);
	struct line line;
	for (char *p; rest && (p = str_next_line(&rest));)
		if (read_line(arena, p, &line) == 0 && *line.detect)
			for (size_t i = 0; i < line.node_count; i++)
				if (!map_set(by_node, line.nodes[i], (void *)line.detect))
					*vec_push_in(arena, nodes) = line.nodes[i];
}

void slurm_gres_reordered(const char *old, const char *now, struct arena *arena, struct slurm_names *ret)
{
	_cleanup_map_ struct map before = {0}, after = {0};
	struct slurm_names old_nodes = {0}, new_nodes = {0};
	take_detect(arena, old, &before, &old_nodes);
	take_detect(arena, now, &after, &new_nodes);
	for (size_t i = 0; i < new_nodes.len; i++) {
		const char *was = map_get(&before, new_nodes.items[i]);
		if (!was || strcasecmp(was, map_get(&after, new_nodes.items[i])) != 0)
			*vec_push_in(arena, ret) = new_nodes.items[i];
	}
	for (size_t i = 0; i < old_nodes.len; i++)
		if (!map_has(&after, old_nodes.items[i]))
			*vec_push_in(arena, ret) = old_nodes.items[i];
}
