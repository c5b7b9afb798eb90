/* Nodes and partitions of a slurm.conf, one by one, with the DEFAULT lines above them applied. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/conf.h"

#define KEYS_MAX 64U /* on one line, defaults included; Slurm knows fewer than 50 */

/* Of a whole file. A line of many nodes is short, and what it says is looked at for each of them. */
#define PAIRS_MAX 400000U      /* keys of all lines, the defaults in each of them */
#define NAME_BYTES (4U << 20)  /* of all nodes */
#define NODE_BYTES (16U << 20) /* of what is said of each node, added up */

struct collecting {
	struct arena *arena;
	struct unit_list {
		struct slurm_unit *items;
		size_t len, cap;
	} units;
	struct map seen;
	size_t pairs, name_bytes, node_bytes;
	bool own_keys; /* some keys are not inherited */
	struct err *err;
};

/* What a partition has of its own line alone (_parse_partitionname() of src/common/read_config.c, 22.05 to 26.05). */
bool slurm_conf_is_inherited(const char *key)
{
	static const char *const own[] = {"DisableRootJobs", "ExclusiveUser",        "ExclusiveTopo",
					  "PowerDownOnIdle", "SelectTypeParameters", "SuspendTime"};
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcasecmp(own[i], key) == 0)
			return false;
	return true;
}

/* Two names of one key: the first is asked for before the second, of a line and its defaults together, or of each (same file,
 * _parse_nodename() and _parse_partitionname()). */
static const struct spelling {
	const char *first, *second;
	bool by_line;
} spellings[] = {{"Feature", "Features", true}, {"CPUs", "Procs", false}, {"OverSubscribe", "Shared", false}};

/* The pair is not read: another spelling of its key is, on this line or on one of the two. */
static bool is_passed_over(const struct slurm_pair *pair, const struct slurm_line *own, const struct slurm_line *other,
			   bool is_over)
{
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		const struct spelling *s = &spellings[i];
		bool first = strcasecmp(pair->key, s->first) == 0, second = strcasecmp(pair->key, s->second) == 0;
		if (second &&
		    (slurm_line_get(own, s->first) || (other && !s->by_line && slurm_line_get(other, s->first))))
			return true;
		if ((first || second) && s->by_line && !is_over && other &&
		    (slurm_line_get(other, s->first) || slurm_line_get(other, s->second)))
			return true;
	}
	return false;
}

/* `over` replaces what `under` says of the same keys. NULL where there are too many keys. */
static struct slurm_line *overlay(struct collecting *c, const struct slurm_line *under, const struct slurm_line *over)
{
	bool named = strcasecmp(over->names, "DEFAULT") != 0;
	size_t count = 0, most = (under ? under->count : 0) + over->count;
	if (most > KEYS_MAX || most > PAIRS_MAX - c->pairs) {
		err_set(c->err, ERR_LIMIT, "line %u: more than %u keys", over->line,
			most > KEYS_MAX ? KEYS_MAX : PAIRS_MAX);
		return NULL;
	}
	c->pairs += most;
	struct slurm_line *line = arena_alloc(c->arena, sizeof *line);
	struct slurm_pair *pairs = arena_calloc(c->arena, most + 1, sizeof *pairs);
	for (size_t i = 0; under && i < under->count; i++)
		if (!slurm_line_get(over, under->pairs[i].key) &&
		    !(named && c->own_keys && !slurm_conf_is_inherited(under->pairs[i].key)) &&
		    !(named && is_passed_over(&under->pairs[i], under, over, false)))
			pairs[count++] = under->pairs[i];
	for (size_t i = 0; i < over->count; i++) {
		bool repeated = false;
		for (size_t j = i + 1; j < over->count; j++)
			repeated |= strcasecmp(over->pairs[i].key, over->pairs[j].key) == 0;
		if (!repeated && !(named && is_passed_over(&over->pairs[i], over, under, true)))
			pairs[count++] = over->pairs[i];
	}
	*line = (struct slurm_line){.names = over->names, .pairs = pairs, .count = count, .line = over->line};
	return line;
}

/* What a line says of its nodes: a list is shared out between them, and must not be longer than they are many. */
static int weigh(struct collecting *c, const struct slurm_line *line, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < line->count; i++) {
		const struct slurm_pair *p = &line->pairs[i];
		size_t names, len, all = (strlen(p->value) + sizeof(void *)) * count;
		if (slurm_conf_is_paired(p->key) && strpbrk(p->value, "[,") &&
		    hostlist_measure(p->value, SIZE_MAX / 512, &names, &len, NULL, NULL) == 0) {
			if (names > count)
				return err_set(c->err, ERR_INPUT,
					       "line %u: %s gives more than there are nodes on the line", line->line,
					       p->key);
			all = len;
		}
		bytes += all;
	}
	if (bytes > NODE_BYTES - c->node_bytes)
		return err_set(c->err, ERR_LIMIT, "line %u: it says too much of too many nodes", line->line);
	c->node_bytes += bytes;
	return 0;
}

static int add_nodes(struct collecting *c, const struct slurm_line *line)
{
	const char *const *names;
	size_t count, bytes;
	if (hostlist_measure(line->names, SLURM_CONF_NODES_MAX - c->units.len, &count, &bytes, NULL, c->err) < 0)
		return err_wrap(c->err, "line %u: NodeName=%.60s", line->line, line->names);
	if (count == 0)
		return err_set(c->err, ERR_INPUT, "line %u: NodeName names no node", line->line);
	if (bytes > NAME_BYTES - c->name_bytes)
		return err_set(c->err, ERR_LIMIT, "line %u: the names of all nodes are longer than %u bytes",
			       line->line, NAME_BYTES);
	c->name_bytes += bytes;
	if (weigh(c, line, count) < 0 ||
	    hostlist_expand(line->names, count, c->arena, &names, &count, NULL, c->err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (map_has(&c->seen, names[i]))
			return err_set(c->err, ERR_INPUT, "line %u: node %s is described twice", line->line, names[i]);
		map_set(&c->seen, names[i], (void *)names[i]);
		*vec_push_in(c->arena, &c->units) = (struct slurm_unit){.name = names[i], .line = line, .index = i};
	}
	return 0;
}

static int add_partition(struct collecting *c, const struct slurm_line *line)
{
	if (map_has(&c->seen, line->names))
		return err_set(c->err, ERR_INPUT, "line %u: partition %.60s is described twice", line->line,
			       line->names);
	map_set(&c->seen, line->names, (void *)line->names);
	*vec_push_in(c->arena, &c->units) = (struct slurm_unit){.name = line->names, .line = line};
	return 0;
}

static int add_lines(struct collecting *c, const struct slurm_lines *lines,
		     int (*add)(struct collecting *, const struct slurm_line *))
{
	const struct slurm_line *defaults = NULL;
	for (size_t i = 0; i < lines->len; i++) {
		const struct slurm_line *line = overlay(c, defaults, &lines->items[i]);
		if (!line)
			return -1;
		if (strcasecmp(line->names, "DEFAULT") == 0)
			defaults = line;
		else if (add(c, line) < 0)
			return -1;
	}
	return 0;
}

static int collect(const struct slurm_lines *lines, bool nodes, struct arena *arena, struct slurm_units *ret,
		   struct err *err)
{
	struct collecting c = {.arena = arena, .own_keys = !nodes, .err = err};
	struct slurm_units out = {0};
	int rc = add_lines(&c, lines, nodes ? add_nodes : add_partition);
	map_free(&c.seen);
	if (rc < 0)
		return -1;
	out.items = c.units.items;
	out.count = c.units.len;
	for (size_t i = 0; i < out.count; i++)
		map_set(&out.by_name, out.items[i].name, (void *)&out.items[i]);
	*ret = out;
	return 0;
}

bool slurm_conf_is_paired(const char *key)
{
	static const char *const keys[] = {"NodeAddr", "NodeHostname", "BcastAddr", "Port"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcasecmp(keys[i], key) == 0)
			return true;
	return false;
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
