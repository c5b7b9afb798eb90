/*
 * `network`: switches, blocks, and what is made of the links. What Slurm makes of a topology.conf is in topology.conf(5)
 * and src/plugins/topology/{tree,block}: names that are defined twice, children that are none, cycles and more than 20
 * levels are fatal to slurmctld; what it only warns of (a node below no switch) keeps jobs off nodes, and is refused
 * here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "hostlist/hostlist.h"
#include "inventory/build.h"
#include "slurm/version.h"

enum { TOPOLOGY, SWITCHES, DISCOVER, BLOCKS, BLOCK_SIZES, FEATURES, BANDWIDTH, KEYS };
static const struct conf_key keys[KEYS + 1] = {
    [TOPOLOGY] = {"topology"},       [SWITCHES] = {"switches"}, [DISCOVER] = {"discover"},        [BLOCKS] = {"blocks"},
    [BLOCK_SIZES] = {"block_sizes"}, [FEATURES] = {"features"}, [BANDWIDTH] = {"bandwidth_gres"},
};

/* Levels of sizes (src/plugins/topology/block, MAX_BLOCK_LEVELS), and the release that first had blocks. */
enum { MOST_SIZES = 16, FIRST_BLOCKS = 2311 };

/* Switches or blocks while they are read. */
struct reading {
	struct build *b;
	const char *kind; /* "switch", "block" */
	struct inv_switch *items;
	const struct conf_value **values; /* the list of switches of each, NULL: none */
	size_t len;
	struct map by_name; /* -> index + 1 */
	const char **names; /* for "did you mean" */
	size_t *parent;     /* index + 1; 0: none */
	size_t *leaf_of;    /* by host: index + 1; 0: none */
	bool broken;        /* something was found: what follows from it is not said, too */
};

static bool is_switch_name(const char *name)
{
	return str_is_name(name, INV_MAX_SWITCH) && !strchr(name, '.');
}

static void read_leaf(struct reading *r, struct inv_switch *s, const char *what, const struct conf_value *value)
{
	struct build *b = r->b;
	struct indexes list = {0};
	r->broken |= build_nodes(b, value, what, b->inv->compute, b->inv->compute_count, &list, NULL) < 0;
	for (size_t i = 0; i < list.len; i++) {
		const struct inv_host *host = &b->hosts.items[list.items[i]];
		size_t *leaf = &r->leaf_of[list.items[i]];
		struct span at = build_place(value, host->name);
		if (!host->compute) {
			diag_error(b->diags, INV_NOT_COMPUTE_CODE, at, "add it to 'compute', or take it out here",
				   "%s has '%s', which is not a compute node", what, host->name);
			r->broken = true;
		} else if (*leaf) {
			diag_error(b->diags, INV_SWITCH_PARENT_CODE, at, NULL,
				   "%s has '%s', and so has '%s' at line %u", what, host->name,
				   r->items[*leaf - 1].name, r->items[*leaf - 1].at.line);
			r->broken = true;
		} else {
			*leaf = (size_t)(s - r->items) + 1;
		}
	}
	s->nodes = build_sorted(b, &list);
	s->node_count = list.len;
	free(list.items);
}

/* A hostlist or a list of them as names of switches: Switches= takes hostlists, too. */
static void read_children(struct reading *r, struct inv_switch *s, const char *what, const struct conf_value *value)
{
	struct build *b = r->b;
	const struct conf_value *const *texts;
	size_t count;
	VEC(size_t) children = {0};
	if (conf_texts(value, what, b->arena, &texts, &count, b->diags) < 0) {
		r->broken = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *const *names;
		size_t n, at = 0;
		struct err err = {0};
		if (hostlist_expand(texts[i]->text, INV_MAX_SWITCHES, b->arena, &names, &n, &at, &err) < 0) {
			diag_error(b->diags, INV_RANGE_CODE, build_offset(texts[i], at), NULL, "%s: %s", what,
				   err.text);
			r->broken = true;
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			size_t child = (size_t)map_get(&r->by_name, names[k]);
			struct span place = build_place(texts[i], names[k]);
			if (!child) {
				const char *near = str_nearest(names[k], r->names);
				diag_error(b->diags, INV_UNKNOWN_SWITCH_CODE, place,
					   near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
					   "%s names '%s', which is not in 'switches'", what, names[k]);
				r->broken = true;
			} else if (r->parent[child - 1]) {
				const struct inv_switch *other = &r->items[r->parent[child - 1] - 1];
				diag_error(b->diags, INV_SWITCH_PARENT_CODE, place, NULL,
					   "%s has the switch '%s', and so has '%s' at line %u", what, names[k],
					   other->name, other->at.line);
				r->broken = true;
			} else {
				r->parent[child - 1] = (size_t)(s - r->items) + 1;
				*vec_push_in(b->arena, &children) = child - 1;
			}
		}
	}
	s->switches = children.items;
	s->switch_count = children.len;
}

static void read_switch(struct reading *r, size_t index, const struct conf_value *value, bool discover)
{
	static const struct conf_key own[] = {{"nodes", false}, {"switches", false}, {NULL}};
	const struct conf_value *values[2];
	struct inv_switch *s = &r->items[index];
	char what[120];
	snprintf(what, sizeof what, "%s '%.63s'", r->kind, s->name);
	if (value->kind == CONF_NULL && discover)
		return; /* a leaf that the nodes are to find */
	if (conf_walk(value, what, own, values, r->b->diags) < 0) {
		r->broken = true;
		return;
	}
	if ((values[0] && values[1]) || (!values[0] && !values[1] && !discover)) {
		diag_error(r->b->diags, INV_SWITCH_EMPTY_CODE, s->at,
			   "for example: leaf1: { nodes: \"n[1-16]\" } and core: { switches: [leaf1, leaf2] }",
			   "%s has %s", what,
			   values[0] ? "both nodes and switches below it, and Slurm takes one of them"
				     : "neither nodes nor switches below it");
		r->broken = true;
		return;
	}
	if (values[0])
		read_leaf(r, s, what, values[0]);
	r->values[index] = values[1];
}

/* The map at `value` into r->items, with their names checked; what is below them is still to be read. */
static const struct conf_pair **read_names(struct reading *r, const char *key, const struct conf_value *value)
{
	struct build *b = r->b;
	struct arena *a = b->arena;
	if (value->kind != CONF_MAP || !value->count || value->count > INV_MAX_SWITCHES) {
		bool many = value->kind == CONF_MAP && value->count;
		diag_error(b->diags, many ? INV_TOO_MANY_HOSTS_CODE : INV_SWITCH_EMPTY_CODE, value->at, NULL,
			   many ? "'%s' has more than 4096 entries" : "'%s' should be a map of names, and not empty",
			   key);
		r->broken = true;
		return NULL;
	}
	r->items = arena_calloc(a, value->count, sizeof *r->items);
	r->values = arena_calloc(a, value->count, sizeof *r->values);
	r->names = arena_calloc(a, value->count + 1, sizeof *r->names);
	r->parent = arena_calloc(a, value->count, sizeof *r->parent);
	r->leaf_of = arena_calloc(a, b->hosts.len + 1, sizeof *r->leaf_of);
	const struct conf_pair **pairs = arena_calloc(a, value->count, sizeof *pairs);
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		if (!is_switch_name(pair->key)) {
			diag_error(b->diags, INV_SWITCH_NAME_CODE, pair->at, NULL,
				   "%s '%s' is not a name: letters, digits, '_' and '-', at most %d of them", r->kind,
				   pair->key, INV_MAX_SWITCH);
			r->broken = true;
			continue;
		}
		pairs[r->len] = pair;
		r->names[r->len] = pair->key;
		r->items[r->len] = (struct inv_switch){.name = pair->key, .at = pair->at};
		map_set(&r->by_name, pair->key, (void *)++r->len);
	}
	return pairs;
}

/* Each switch has one parent at most, so a way up that is longer than there are switches goes round. */
static void check_tree(struct reading *r, bool discover)
{
	struct build *b = r->b;
	size_t roots = 0;
	const struct inv_switch *second = NULL;
	for (size_t i = 0; i < r->len; i++) {
		size_t depth = 1, at = i;
		while (r->parent[at] && depth <= r->len) {
			at = r->parent[at] - 1;
			depth++;
		}
		if (depth > r->len) {
			diag_error(b->diags, INV_SWITCH_PARENT_CODE, r->items[i].at, NULL,
				   "switch '%s' is below itself, by way of '%s'", r->items[i].name,
				   r->items[r->parent[i] - 1].name);
			return;
		}
		if (depth > INV_MAX_DEPTH) {
			diag_error(b->diags, INV_SWITCH_DEPTH_CODE, r->items[i].at, NULL,
				   "switch '%s' is in level %zu, and Slurm takes %d", r->items[i].name, depth,
				   INV_MAX_DEPTH);
			return;
		}
		if (!r->parent[i] && ++roots == 2)
			second = &r->items[i];
	}
	if (roots > 1 && !discover)
		diag_warning(b->diags, INV_SWITCH_APART_CODE, second->at,
			     "a switch above them joins them: core: { switches: [...] }",
			     "nothing connects switch '%s' with the others: no job can have nodes of both",
			     second->name);
}

static void check_covered(struct reading *r, struct span at)
{
	const struct inventory *inv = r->b->inv;
	for (size_t i = 0; i < inv->compute_count; i++) {
		if (r->leaf_of[inv->compute[i]])
			continue;
		diag_error(r->b->diags, INV_NODE_APART_CODE, at, "jobs would not be started on it together with others",
			   "the compute host '%s' is %s", r->b->hosts.items[inv->compute[i]].name,
			   streq(r->kind, "block") ? "in no block" : "below no switch");
		return;
	}
}

static void read_switches(struct build *b, const struct conf_pair *section)
{
	struct inv_network *n = &b->inv->network;
	struct reading r = {.b = b, .kind = "switch"};
	const struct conf_pair **pairs = read_names(&r, "switches", section->value);
	for (size_t i = 0; i < r.len; i++)
		read_switch(&r, i, pairs[i]->value, n->discover);
	for (size_t i = 0; i < r.len; i++) {
		char what[120];
		snprintf(what, sizeof what, "switch '%.63s'", r.items[i].name);
		if (r.values[i])
			read_children(&r, &r.items[i], what, r.values[i]);
	}
	if (!r.broken)
		check_tree(&r, n->discover);
	if (!r.broken && !n->discover)
		check_covered(&r, section->at);
	n->switches = r.items;
	n->switch_count = r.len;
	map_free(&r.by_name);
}

static void read_blocks(struct build *b, const struct conf_pair *section)
{
	struct inv_network *n = &b->inv->network;
	struct reading r = {.b = b, .kind = "block"};
	const struct conf_pair **pairs = read_names(&r, "blocks", section->value);
	for (size_t i = 0; i < r.len; i++) {
		char what[120];
		snprintf(what, sizeof what, "block '%.63s'", r.items[i].name);
		if (pairs[i]->value->kind != CONF_NULL) {
			read_leaf(&r, &r.items[i], what, pairs[i]->value);
			continue;
		}
		diag_error(b->diags, INV_SWITCH_EMPTY_CODE, r.items[i].at, NULL, "%s has no nodes", what);
		r.broken = true;
	}
	if (!r.broken)
		check_covered(&r, section->at);
	n->blocks = r.items;
	n->block_count = r.len;
	map_free(&r.by_name);
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* BlockSizes (topology.conf(5)): the first is how many nodes of a block a job may count on; a block that has fewer is
 * fatal. */
static void read_sizes(struct build *b, const struct conf_value *value)
{
	struct inv_network *n = &b->inv->network;
	const struct conf_value *const *texts;
	size_t count;
	if (conf_texts(value, "'block_sizes'", b->arena, &texts, &count, b->diags) < 0)
		return;
	unsigned *sizes = arena_calloc(b->arena, count, sizeof *sizes);
	for (size_t i = 0; i < count; i++) {
		uint64_t size;
		if (conf_int(texts[i], "a block's size", 1, INV_MAX_HOSTS, &size, b->diags) < 0)
			return;
		if (i >= MOST_SIZES ||
		    (i && (size <= sizes[i - 1] || size % sizes[0] || !is_power_of_two(size / sizes[0])))) {
			diag_error(b->diags, INV_BLOCK_SIZE_CODE, texts[i]->at, "for example: [18, 36, 72]",
				   "each size should be the first one times 2, 4, 8, ..., in rising order");
			return;
		}
		sizes[i] = (unsigned)size;
	}
	for (size_t i = 0; i < n->block_count && count; i++)
		if (n->blocks[i].node_count < sizes[0])
			diag_error(b->diags, INV_BLOCK_SIZE_CODE, texts[0]->at, NULL,
				   "block '%s' has %zu nodes, fewer than the size of a block, %u", n->blocks[i].name,
				   n->blocks[i].node_count, sizes[0]);
	n->block_sizes = sizes;
	n->block_size_count = count;
}

static void check_block_release(struct build *b, struct span at)
{
	char pin[8];
	if (b->release && b->release < FIRST_BLOCKS)
		diag_error(b->diags, INV_TOPOLOGY_CODE, at, "use 'topology: tree'",
			   "Slurm %s has no blocks; 23.11 was the first that had",
			   slurm_release_print(b->release, pin));
}

/* Without a topology of ours the operator's own is his: topology.conf, too, is left as it is. */
static void check_plugin(struct build *b)
{
	for (size_t i = 0; i < b->inv->param_count; i++)
		if (strcasecmp(b->inv->params[i].key, "TopologyPlugin") == 0)
			diag_error(b->diags, INV_OWNED_PARAM_CODE, b->inv->params[i].at, "leave it out",
				   "'TopologyPlugin' cannot be set in 'slurm' where 'network' has a topology");
}

void build_network(struct build *b, const struct conf_value *value)
{
	static const char *const topologies[] = {"none", "tree", "block", NULL};
	struct inv_network *n = &b->inv->network;
	const struct conf_value *values[KEYS] = {NULL};
	n->features = true;
	if (!value || value->kind == CONF_NULL)
		return;
	n->at = value->at;
	conf_walk(value, "'network'", keys, values, b->diags);
	if (values[DISCOVER])
		conf_bool(values[DISCOVER], "'discover'", &n->discover, b->diags);
	if (values[FEATURES])
		conf_bool(values[FEATURES], "'features'", &n->features, b->diags);
	if (values[BANDWIDTH])
		build_bandwidth(b, values[BANDWIDTH], &n->bandwidth);
	const char *topology = values[SWITCHES] || n->discover ? "tree" : values[BLOCKS] ? "block" : "none";
	struct span at = values[TOPOLOGY] ? values[TOPOLOGY]->at : n->at;
	if (values[TOPOLOGY])
		build_word(b, values[TOPOLOGY], "'topology'", topologies, &topology);
	n->topology = streq(topology, "tree")    ? INV_TOPOLOGY_TREE
		      : streq(topology, "block") ? INV_TOPOLOGY_BLOCK
						 : INV_TOPOLOGY_NONE;
	if (values[SWITCHES])
		read_switches(b, conf_find(value, "switches"));
	if (values[BLOCKS])
		read_blocks(b, conf_find(value, "blocks"));
	if (values[BLOCK_SIZES])
		read_sizes(b, values[BLOCK_SIZES]);
	if (n->topology == INV_TOPOLOGY_TREE && !values[SWITCHES] && !n->discover)
		diag_error(b->diags, INV_TOPOLOGY_CODE, at, "write 'switches', or 'discover: true'",
			   "a tree needs switches");
	if (n->topology == INV_TOPOLOGY_BLOCK && !values[BLOCKS])
		diag_error(b->diags, INV_TOPOLOGY_CODE, at, "write 'blocks: { b1: \"n[1-18]\" }'",
			   "there are no 'blocks'");
	if (n->topology == INV_TOPOLOGY_BLOCK)
		check_block_release(b, at);
	if (n->topology != INV_TOPOLOGY_NONE)
		check_plugin(b);
}
