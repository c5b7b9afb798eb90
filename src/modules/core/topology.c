/*
 * topology.conf: only nodes that have a NodeName line, and only switches that have such nodes below them, since
 * slurmctld dies of a switch without children and warns of nodes that it does not know. The same cluster gives the same
 * bytes: declared switches in the order of cluster.yaml, discovered ones sorted by name behind them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"

/* A switch with what is listed below it. */
struct branch {
	const char *name;
	VEC(const char *) nodes;
	VEC(const char *) switches;
	bool child; /* of another switch */
};

struct tree {
	struct arena *arena;
	struct branch *items; /* declared ones first, then those that were discovered */
	size_t len;
	struct map by_name;
};

static void add_branch(struct tree *t, const char *name)
{
	t->items[t->len] = (struct branch){.name = name};
	map_set(&t->by_name, name, &t->items[t->len++]);
}

static int by_hostlist(const void *a, const void *b)
{
	return hostlist_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The leaves that the nodes named and the operator did not. */
static void add_discovered(struct tree *t, const struct cluster *c)
{
	VEC(const char *) names = {0};
	_cleanup_map_ struct map seen = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const char *leaf = c->hosts[i].leaf;
		if (leaf && !map_has(&t->by_name, leaf) && !map_set(&seen, leaf, (void *)leaf))
			*vec_push_in(t->arena, &names) = leaf;
	}
	if (names.len)
		qsort(names.items, names.len, sizeof *names.items, by_hostlist);
	for (size_t i = 0; i < names.len; i++)
		add_branch(t, names.items[i]);
}

/* Puts the switches below `at` that have listed nodes into it; says whether it has any itself. */
static bool grow(struct tree *t, const struct inv_network *n, size_t at)
{
	struct branch *b = &t->items[at];
	const struct inv_switch *s = at < n->switch_count ? &n->switches[at] : NULL;
	for (size_t i = 0; s && i < s->switch_count; i++) {
		if (!grow(t, n, s->switches[i]))
			continue;
		t->items[s->switches[i]].child = true;
		*vec_push_in(t->arena, &b->switches) = t->items[s->switches[i]].name;
	}
	return b->switches.len || b->nodes.len;
}

static bool is_below(const struct inv_network *n, size_t at)
{
	for (size_t i = 0; i < n->switch_count; i++)
		for (size_t k = 0; k < n->switches[i].switch_count; k++)
			if (n->switches[i].switches[k] == at)
				return true;
	return false;
}

/* What was discovered is joined at the top, because jobs could not span it otherwise. */
static void put_top(struct strbuf *out, struct tree *t)
{
	VEC(const char *) roots = {0};
	const char *name = "fabric";
	for (size_t i = 0; i < t->len; i++) {
		const struct branch *b = &t->items[i];
		if (!b->child && (b->switches.len || b->nodes.len))
			*vec_push_in(t->arena, &roots) = b->name;
	}
	for (unsigned i = 1; map_has(&t->by_name, name); i++)
		name = arena_printf(t->arena, "fabric%u", i);
	if (roots.len > 1)
		strbuf_addf(out, "SwitchName=%s Switches=%s\n", name,
			    hostlist_compress(roots.items, roots.len, t->arena));
}

static void put_tree(struct strbuf *out, const struct cluster *c)
{
	const struct inv_network *n = &c->inv->network;
	struct tree t = {.arena = c->arena};
	t.items = arena_calloc(c->arena, n->switch_count + c->inv->host_count, sizeof *t.items);
	for (size_t i = 0; i < n->switch_count; i++)
		add_branch(&t, n->switches[i].name);
	add_discovered(&t, c);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct branch *leaf = c->hosts[i].leaf ? map_get(&t.by_name, c->hosts[i].leaf) : NULL;
		if (leaf)
			*vec_push_in(c->arena, &leaf->nodes) = c->inv->hosts[i].name;
	}
	for (size_t i = 0; i < n->switch_count; i++)
		if (!is_below(n, i))
			grow(&t, n, i);
	for (size_t i = 0; i < t.len; i++) {
		const struct branch *b = &t.items[i];
		if (b->nodes.len)
			strbuf_addf(out, "SwitchName=%s Nodes=%s\n", b->name,
				    hostlist_compress(b->nodes.items, b->nodes.len, c->arena));
		else if (b->switches.len)
			strbuf_addf(out, "SwitchName=%s Switches=%s\n", b->name,
				    hostlist_compress(b->switches.items, b->switches.len, c->arena));
	}
	if (n->discover)
		put_top(out, &t);
	map_free(&t.by_name);
}

/* Without sizes slurmctld takes the first block's, and dies of a smaller one. */
static void put_blocks(struct strbuf *out, const struct cluster *c)
{
	const struct inv_network *n = &c->inv->network;
	size_t least = 0;
	for (size_t i = 0; i < n->block_count; i++) {
		const struct inv_switch *b = &n->blocks[i];
		const char **names = arena_calloc(c->arena, b->node_count, sizeof *names);
		size_t count = 0;
		for (size_t k = 0; k < b->node_count; k++)
			if (c->hosts[b->nodes[k]].listed)
				names[count++] = c->inv->hosts[b->nodes[k]].name;
		if (!count)
			continue;
		least = !least || count < least ? count : least;
		strbuf_addf(out, "BlockName=%s Nodes=%s\n", b->name, hostlist_compress(names, count, c->arena));
	}
	strbuf_adds(out, "BlockSizes=");
	if (!n->block_size_count)
		strbuf_addf(out, "%zu", least);
	for (size_t i = 0; i < n->block_size_count; i++)
		strbuf_addf(out, "%s%u", i ? "," : "", n->block_sizes[i]);
	strbuf_addc(out, '\n');
}

const char *core_topology_conf(const struct cluster *cluster)
{
	struct cluster_texts *texts = cluster->texts;
	enum inv_topology topology = cluster->inv->network.topology;
	if (topology == INV_TOPOLOGY_NONE || texts->topology_conf)
		return texts->topology_conf;
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, CLUSTER_CONF_MARK "; the same on every host.\n");
	if (topology == INV_TOPOLOGY_TREE)
		put_tree(&out, cluster);
	else
		put_blocks(&out, cluster);
	texts->topology_conf = arena_strndup(cluster->arena, out.data, out.len);
	return texts->topology_conf;
}
