#include "slurm/gres.h"

#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"

/* Names of all lines of a file: four kinds of GPU a node, on the largest cluster there is; and their bytes. */
enum { NAMES_MAX = 262144, BYTES_MAX = 8 << 20 };

struct line {
	const char *hosts, *name, *type, *cores, *detect;
	const char *const *nodes;
	size_t node_count;
};

/* A file while it is read. */
struct reading {
	struct arena *arena;
	struct map *kinds; /* what a line says beside its nodes -> itself: kept once, and compared by its address */
	size_t names_left, bytes_left;
};

static struct reading reading_of(struct arena *arena, struct map *kinds)
{
	return (struct reading){.arena = arena, .kinds = kinds, .names_left = NAMES_MAX, .bytes_left = BYTES_MAX};
}

static struct line split(char *text)
{
	struct line line = {.hosts = "", .name = "", .type = "", .cores = "", .detect = ""};
	const struct {
		const char *key, **to;
	} keys[] = {{"NodeName=", &line.hosts},
		    {"Name=", &line.name},
		    {"Type=", &line.type},
		    {"Cores=", &line.cores},
		    {"AutoDetect=", &line.detect}};
	text[strcspn(text, "#")] = '\0';
	for (char *word; (word = str_next(&text, " \t"));)
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (strncasecmp(word, keys[i].key, strlen(keys[i].key)) == 0)
				*keys[i].to = word + strlen(keys[i].key);
	return line;
}

/* How many nodes a line has; -1 where they cannot be told, -2 where they are more than is left. */
static ssize_t charge(struct reading *r, const struct line *line)
{
	size_t count, bytes;
	struct err err = {0};
	if (hostlist_measure(line->hosts, r->names_left, &count, &bytes, NULL, &err) < 0)
		return err.code == ERR_LIMIT ? -2 : -1;
	if (bytes > r->bytes_left)
		return -2;
	r->names_left -= count;
	r->bytes_left -= bytes;
	return (ssize_t)count;
}

/* -1 where its nodes cannot be told, or are more than is left. */
static int expand(struct reading *r, struct line *line)
{
	ssize_t count = charge(r, line);
	return count < 0
		   ? -1
		   : hostlist_expand(line->hosts, (size_t)count, r->arena, &line->nodes, &line->node_count, NULL, NULL);
}

static const void *kind_of(struct reading *r, const struct line *line)
{
	const char *kind = arena_printf(r->arena, "%s %s %s %s", line->name, line->type, line->cores, line->detect);
	const void *known = map_get(r->kinds, kind);
	if (!known)
		map_set(r->kinds, kind, (void *)kind);
	return known ? known : kind;
}

/* Adds each node of a line, with what the line says, to `seen`; false where one of them is not in `known`. */
static bool take_line(struct reading *r, char *text, struct map *seen, const struct map *known)
{
	struct line line = split(text);
	bool all = true;
	if (!*line.name)
		return true;
	if (expand(r, &line) < 0)
		return false;
	const void *kind = kind_of(r, &line);
	for (size_t i = 0; i < line.node_count; i++) {
		char *entry = arena_printf(r->arena, "%p %s", kind, line.nodes[i]);
		map_set(seen, entry, entry);
		all &= known && map_has(known, entry);
	}
	return all;
}

static bool take(struct reading r, const char *text, struct map *seen, const struct map *known)
{
	char *rest = arena_strdup(r.arena, text);
	bool all = true;
	for (char *line; rest && (line = str_next_line(&rest));)
		all &= take_line(&r, line, seen, known);
	return all;
}

int slurm_gres_check(const char *text, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	struct reading r = reading_of(arena, NULL);
	char *rest = arena_strdup(arena, text);
	unsigned number = 0;
	for (char *p; (p = str_next_line(&rest));) {
		struct line line = split(p);
		number++;
		if (charge(&r, &line) == -2)
			return err_set(err, ERR_LIMIT, "line %u: more nodes on all lines than %d, or longer names",
				       number, NAMES_MAX);
	}
	return 0;
}

bool slurm_gres_names(const char *gres, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = gres; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strcspn(p, ":,") == len && strncmp(p, name, len) == 0)
			return true;
	return false;
}

long slurm_gres_highest_core(const char *line)
{
	long highest = -1;
	for (const char *p = line; *p; p++) {
		if (p > line && p[-1] != ' ')
			continue;
		size_t key = strncasecmp(p, "Cores=", 6) == 0 ? 6 : strncasecmp(p, "CPUs=", 5) == 0 ? 5 : 0;
		for (const char *v = p + key; key && *v && *v != ' ';) {
			uint64_t n;
			size_t digits = str_read_u64(v, INT32_MAX, &n);
			highest = digits && (long)n > highest ? (long)n : highest;
			v += digits ? digits : 1;
		}
	}
	return highest;
}

enum slurm_need slurm_gres_need(unsigned release, const char *old, const char *now)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	_cleanup_map_ struct map before = {0}, after = {0}, kinds = {0};
	if (streq(old ? old : "", now ? now : ""))
		return SLURM_NEED_NOTHING;
	if (release > 2302)
		return SLURM_NEED_RECONFIGURE;
	take(reading_of(arena, &kinds), old, &before, NULL);
	return take(reading_of(arena, &kinds), now, &after, &before) ? SLURM_NEED_RECONFIGURE : SLURM_NEED_RESTART_BOTH;
}

static void take_detect(struct reading r, const char *text, struct map *by_node, struct names *nodes)
{
	char *rest = arena_strdup(r.arena, text);
	for (char *p; rest && (p = str_next_line(&rest));) {
		struct line line = split(p);
		if (!*line.detect || expand(&r, &line) < 0)
			continue;
		for (size_t i = 0; i < line.node_count; i++)
			if (!map_set(by_node, line.nodes[i], (void *)line.detect))
				*vec_push_in(r.arena, nodes) = line.nodes[i];
	}
}

void slurm_gres_reordered(const char *old, const char *now, struct arena *arena, struct names *ret)
{
	_cleanup_map_ struct map before = {0}, after = {0};
	struct names old_nodes = {0}, new_nodes = {0};
	take_detect(reading_of(arena, NULL), old, &before, &old_nodes);
	take_detect(reading_of(arena, NULL), now, &after, &new_nodes);
	for (size_t i = 0; i < new_nodes.len; i++) {
		const char *was = map_get(&before, new_nodes.items[i]);
		if (!was || strcasecmp(was, map_get(&after, new_nodes.items[i])) != 0)
			*vec_push_in(arena, ret) = new_nodes.items[i];
	}
	for (size_t i = 0; i < old_nodes.len; i++)
		if (!map_has(&after, old_nodes.items[i]))
			*vec_push_in(arena, ret) = old_nodes.items[i];
}
