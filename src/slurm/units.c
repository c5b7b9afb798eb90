/* Nodes and partitions of a slurm.conf, one by one, with the DEFAULT lines above them applied. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/conf.h"

#define KEYS_MAX 200U /* on one line, defaults included; Slurm knows fewer than 50 */

/* `over` replaces what `under` says of the same keys. NULL where there are too many keys. */
static struct slurm_line *overlay(struct arena *arena, const struct slurm_line *under, const struct slurm_line *over)
{
	struct slurm_line *line = arena_alloc(arena, sizeof *line);
	struct slurm_pair *pairs = arena_calloc(arena, (under ? under->count : 0) + over->count + 1, sizeof *pairs);
	size_t count = 0;
	if ((under ? under->count : 0) + over->count > KEYS_MAX)
		return NULL;
	for (size_t i = 0; under && i < under->count; i++)
		if (!slurm_line_get(over, under->pairs[i].key))
			pairs[count++] = under->pairs[i];
	for (size_t i = 0; i < over->count; i++) {
		bool repeated = false;
		for (size_t j = i + 1; j < over->count; j++)
			repeated |= strcasecmp(over->pairs[i].key, over->pairs[j].key) == 0;
		if (!repeated)
			pairs[count++] = over->pairs[i];
	}
	*line = (struct slurm_line){.names = over->names, .pairs = pairs, .count = count, .line = over->line};
	return line;
}

struct unit_list {
	struct slurm_unit *items;
	size_t len, cap;
};

static int too_many_keys(const struct slurm_line *line, struct err *err)
{
	return err_set(err, ERR_LIMIT, "line %u: more than %u keys", line->line, KEYS_MAX);
}

static int add_nodes(const struct slurm_line *line, struct arena *arena, struct unit_list *units, struct map *by_name,
		     struct err *err)
{
	const char *const *names;
	size_t count;
	if (hostlist_expand(line->names, SLURM_CONF_NODES_MAX - units->len, arena, &names, &count, NULL, err) < 0)
		return err_wrap(err, "line %u: NodeName=%.60s", line->line, line->names);
	if (count == 0)
		return err_set(err, ERR_INPUT, "line %u: NodeName names no node", line->line);
	for (size_t i = 0; i < count; i++) {
		if (map_has(by_name, names[i]))
			return err_set(err, ERR_INPUT, "line %u: node %s is described twice", line->line, names[i]);
		map_set(by_name, names[i], (void *)names[i]);
		*vec_push_in(arena, units) = (struct slurm_unit){.name = names[i], .line = line, .index = i};
	}
	return 0;
}

static int add_partition(const struct slurm_line *line, struct arena *arena, struct unit_list *units,
			 struct map *by_name, struct err *err)
{
	if (map_has(by_name, line->names))
		return err_set(err, ERR_INPUT, "line %u: partition %.60s is described twice", line->line, line->names);
	map_set(by_name, line->names, (void *)line->names);
	*vec_push_in(arena, units) = (struct slurm_unit){.name = line->names, .line = line};
	return 0;
}

static int collect(const struct slurm_lines *lines, bool nodes, struct arena *arena, struct slurm_units *ret,
		   struct err *err)
{
	const struct slurm_line *defaults = NULL;
	struct unit_list units = {0};
	struct slurm_units out = {0};
	_cleanup_map_ struct map seen = {0};
	for (size_t i = 0; i < lines->len; i++) {
		const struct slurm_line *line = overlay(arena, defaults, &lines->items[i]);
		if (!line)
			return too_many_keys(&lines->items[i], err);
		if (strcasecmp(line->names, "DEFAULT") == 0)
			defaults = line;
		else if ((nodes ? add_nodes(line, arena, &units, &seen, err)
				: add_partition(line, arena, &units, &seen, err)) < 0)
			return -1;
	}
	out.items = units.items;
	out.count = units.len;
	for (size_t i = 0; i < units.len; i++)
		map_set(&out.by_name, units.items[i].name, &units.items[i]);
	*ret = out;
	return 0;
}

int slurm_conf_nodes(const struct slurm_conf *conf, struct arena *arena, struct slurm_units *ret, struct err *err)
{
	return collect(&conf->nodes, true, arena, ret, err);
}

int slurm_conf_partitions(const struct slurm_conf *conf, struct arena *arena, struct slurm_units *ret, struct err *err)
{
	return collect(&conf->partitions, false, arena, ret, err);
}

const struct slurm_unit *slurm_units_get(const struct slurm_units *units, const char *name)
{
	return map_get(&units->by_name, name);
}

void slurm_units_free(struct slurm_units *units)
{
	map_free(&units->by_name);
	*units = (struct slurm_units){0};
}
