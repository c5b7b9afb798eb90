/* The text of gres.conf, and what slurm.conf says for it outside of node lines. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "model/gpus.h"
#include "model/network.h"
#include "modules/core/core.h"

/* Nodes with the same lines. */
struct group {
	const char *lines;
	VEC(const char *) names;
};

static void put_group(struct strbuf *out, const struct cluster *c, const struct group *g)
{
	const char *names = hostlist_compress(g->names.items, g->names.len, c->arena);
	char *rest = arena_strdup(c->arena, g->lines);
	for (char *line; (line = str_next_line(&rest));)
		if (*line)
			strbuf_addf(out, "NodeName=%s%s\n", names, line);
}

/* " Name=...\n" for each resource of a node; empty where it has none. A count is all that there is of bandwidth: no plugin
 * and no file stands behind it (gres.conf(5), CountOnly). */
static const char *lines_of(const struct cluster *c, const struct cluster_host *h)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	unsigned bandwidth = network_bandwidth(c, h);
	if (h->gpus_there.len)
		strbuf_adds(&out, gpus_lines(&h->gpus_there, h->nvml, c->arena));
	if (bandwidth)
		strbuf_addf(&out, " Name=bandwidth Count=%u Flags=CountOnly\n", bandwidth);
	for (size_t i = 0; h->class && i < h->class->gres_conf_count; i++)
		strbuf_addf(&out, " %s\n", h->class->gres_conf[i]);
	return arena_strdup(c->arena, strbuf_str(&out));
}

static void put_nodes(struct strbuf *out, const struct cluster *c)
{
	_cleanup_map_ struct map by_lines = {0};
	VEC(struct group *) groups = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		const char *lines = h->listed ? lines_of(c, h) : "";
		if (!*lines)
			continue;
		struct group *g = map_get(&by_lines, lines);
		if (!g) {
			g = arena_alloc(c->arena, sizeof *g);
			g->lines = lines;
			map_set(&by_lines, lines, g);
			*vec_push_in(c->arena, &groups) = g;
		}
		*vec_push_in(c->arena, &g->names) = h->inv->name;
	}
	for (size_t i = 0; i < groups.len; i++)
		put_group(out, c, groups.items[i]);
}

static bool has_ours(const struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct facts *f = c->hosts[i].facts;
		if (f && f->gres_conf && str_starts(f->gres_conf, CLUSTER_CONF_MARK))
			return true;
	}
	return false;
}

bool core_gres_has_files(const struct cluster *c)
{
	bool files = cluster_has_gpus(c);
	for (size_t i = 0; i < c->inv->class_count; i++)
		files |= c->inv->classes[i].device_count > 0;
	return files;
}

const char *core_gres_conf(const struct cluster *cluster)
{
	struct cluster_texts *texts = cluster->texts;
	if (texts->gres_conf || texts->no_gres_conf)
		return texts->gres_conf;
	texts->no_gres_conf = !cluster_has_gres(cluster) && !has_ours(cluster);
	if (texts->no_gres_conf)
		return NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, CLUSTER_CONF_MARK "; the same on every host.\n");
	put_nodes(&out, cluster);
	texts->gres_conf = arena_strndup(cluster->arena, out.data, out.len);
	return texts->gres_conf;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "gres/gpu" and each type of it, in order of their names. */
static const char **tracked(const struct cluster *c, size_t *ret_count)
{
	_cleanup_map_ struct map seen = {0};
	VEC(const char *) all = {0};
	*vec_push_in(c->arena, &all) = "gres/gpu";
	for (size_t i = 0; i < c->inv->host_count; i++)
		for (size_t k = 0; c->hosts[i].listed && k < c->hosts[i].gpus.len; k++) {
			const char *name = arena_printf(c->arena, "gres/gpu:%s", c->hosts[i].gpus.items[k].type);
			if (!map_set(&seen, name, (void *)name))
				*vec_push_in(c->arena, &all) = name;
		}
	qsort(all.items, all.len, sizeof *all.items, by_text);
	*ret_count = all.len;
	return all.items;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strcspn(p, ",") == len && strncasecmp(p, word, len) == 0)
			return true;
	return false;
}

/* Without its database slurmctld ends when it is to track a GRES (_init_tres in src/slurmctld/controller.c). */
static bool has_database(const struct inventory *inv)
{
	const char *type = inventory_param(inv->params, inv->param_count, "AccountingStorageType");
	return type && str_ends(type, "/slurmdbd");
}

/* What nodes can have: as found, as asked for, and what the Gres= of classes name. */
static const char **types(const struct cluster *c, size_t *ret_count)
{
	VEC(const char *) all = {0};
	if (cluster_has_gpus(c))
		*vec_push_in(c->arena, &all) = "gpu";
	if (network_wants_bandwidth(c->inv))
		*vec_push_in(c->arena, &all) = "bandwidth";
	for (size_t i = 0; i < c->inv->class_count; i++) {
		const struct inv_class *class = &c->inv->classes[i];
		char *rest = arena_strdup(c->arena, inventory_param(class->params, class->param_count, "Gres"));
		for (char *word; rest && (word = str_next(&rest, ","));) {
			word[strcspn(word, ":")] = '\0';
			*vec_push_in(c->arena, &all) = word;
		}
	}
	*ret_count = all.len;
	return all.items;
}

const char *core_gres_param(const struct cluster *cluster, const char *key, const char *value)
{
	const char **words = NULL;
	size_t count = 0;
	if (strcasecmp(key, "GresTypes") == 0)
		words = types(cluster, &count);
	else if (cluster_has_gpus(cluster) && has_database(cluster->inv) &&
		 strcasecmp(key, "AccountingStorageTRES") == 0)
		words = tracked(cluster, &count);
	if (!count)
		return value;
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, value ? value : "");
	for (size_t i = 0; i < count; i++)
		if (!has_word(strbuf_str(&out), words[i]))
			strbuf_addf(&out, "%s%s", out.len ? "," : "", words[i]);
	return arena_strdup(cluster->arena, strbuf_str(&out));
}
