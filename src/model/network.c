#include "model/network.h"

#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "slurm/version.h"

enum { FIRST_BLOCKS = 2311 };

static const struct {
	unsigned least; /* Mbit/s */
	const char *name;
} classes[] = {
    {800000, "net800g"}, {400000, "net400g"}, {200000, "net200g"}, {100000, "net100g"}, {56000, "net56g"},
    {50000, "net50g"},   {40000, "net40g"},   {25000, "net25g"},   {10000, "net10g"},   {5000, "net5g"},
    {2500, "net2.5g"},   {1000, "net1g"},     {100, "net100m"},
};

const char *network_class(unsigned speed)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (speed >= classes[i].least)
			return classes[i].name;
	return NULL;
}

void network_resolve_host(struct cluster_host *h, bool accept)
{
	if (h->last)
		h->network = h->last->network;
	if (!h->facts)
		return;
	const struct facts_network *now = &h->facts->network;
	unsigned speed = facts_network_speed(now);
	const char *leaf = facts_network_switch(now);
	if (speed && (accept || !h->network.speed)) {
		h->network.speed = speed;
		h->network.infiniband = facts_network_infiniband(now);
	}
	if (leaf && (accept || !h->network.leaf))
		h->network.leaf = leaf;
}

/* Where nothing of slurm.conf or topology.conf comes of it, a link may be what it likes. */
bool network_compare(const struct cluster *c, const struct cluster_host *h, struct strbuf *text)
{
	const struct inv_network *n = &c->inv->network;
	const struct facts_network *now = &h->facts->network;
	unsigned speed = facts_network_speed(now), was = h->network.speed;
	const char *leaf = n->discover ? facts_network_switch(now) : NULL;
	bool counts = n->features || network_wants_bandwidth(c->inv);
	bool infiniband = facts_network_infiniband(now);
	bool slower = counts && speed && (speed < was || (h->network.infiniband && !infiniband));
	if (counts && speed && was && speed != was)
		strbuf_addf(text, "%slink %u Mbit/s, was %u", text->len ? ", " : "", speed, was);
	if (counts && speed && was && infiniband != h->network.infiniband)
		strbuf_addf(text, "%sInfiniBand %s", text->len ? ", " : "", infiniband ? "added" : "missing");
	if (leaf && h->network.leaf && !streq(leaf, h->network.leaf))
		strbuf_addf(text, "%sbelow the switch %s, was %s", text->len ? ", " : "", leaf, h->network.leaf);
	return slower;
}

const char *network_features(const struct cluster *c, const struct cluster_host *h)
{
	const char *speed = network_class(h->network.speed);
	if (!c->inv->network.features)
		return NULL;
	if (h->network.infiniband)
		return speed ? arena_printf(c->arena, "%s,ib", speed) : "ib";
	return speed;
}

static const struct inv_bandwidth *bandwidth_of(const struct cluster *c, const struct cluster_host *h)
{
	return h->class && h->class->bandwidth.at.line ? &h->class->bandwidth : &c->inv->network.bandwidth;
}

unsigned network_bandwidth(const struct cluster *c, const struct cluster_host *h)
{
	const struct inv_bandwidth *b = bandwidth_of(c, h);
	uint64_t speed = h->network.speed, reserve = b->percent ? speed * b->percent / 100 : b->reserve;
	if (!b->wanted || cluster_class_gives(h->class, "bandwidth"))
		return 0;
	return b->count ? b->count : speed > reserve ? (unsigned)(speed - reserve) : 0;
}

bool network_wants_bandwidth(const struct inventory *inv)
{
	bool any = inv->network.bandwidth.wanted;
	for (size_t i = 0; i < inv->class_count; i++)
		any |= inv->classes[i].bandwidth.wanted;
	return any;
}

struct names_at {
	const char **items;
	size_t len, cap;
	struct span at;
};

static void say_bandwidth(struct cluster *c, const struct names_at *names, const char *what, const char *fix)
{
	if (!names->len)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_NOTE, CODE_BANDWIDTH, NULL, "%s: %s",
					hostlist_compress(names->items, names->len, c->arena), what);
	f->fix = fix;
	f->origin = names->at;
}

/* Where a link does not say its speed, and nobody asked for that node's class: nothing is missed. */
static void check_bandwidth(struct cluster *c)
{
	struct names_at unknown = {0}, used_up = {0}, beyond = {0};
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		const struct inv_bandwidth *b = bandwidth_of(c, h);
		unsigned speed = h->network.speed, count = network_bandwidth(c, h);
		if (!h->listed || !b->wanted || cluster_class_gives(h->class, "bandwidth"))
			continue;
		struct names_at *to = speed && count > speed                      ? &beyond
				      : !count && speed                           ? &used_up
				      : !count && b != &c->inv->network.bandwidth ? &unknown
										  : NULL;
		if (!to)
			continue;
		*vec_push_in(c->arena, to) = h->inv->name;
		to->at = b->at;
	}
	say_bandwidth(c, &beyond, "more 'bandwidth' than the link has Mbit/s", "write 'bandwidth_gres: true'");
	say_bandwidth(c, &used_up, "the reserve leaves nothing of the link: no 'bandwidth'", "write a smaller reserve");
	say_bandwidth(c, &unknown, "the speed of the link is not known: no 'bandwidth'",
		      "write how much it is: 'bandwidth_gres: 10 Gbit'");
}

const char *network_gres(const struct cluster *c, const struct cluster_host *h)
{
	unsigned count = network_bandwidth(c, h);
	return count ? arena_printf(c->arena, "bandwidth:%u", count) : NULL;
}

/* A name that the operator gave a switch with switches below it is no leaf, whatever a node says; neither is a host, which
 * is seen where the switch between them speaks no LLDP. */
static bool may_be_leaf(const struct cluster *c, const struct map *declared, const char *name)
{
	const struct inv_switch *s = map_get(declared, name);
	return !(s && s->switch_count) && !inventory_host(c->inv, name);
}

/* The tops of the tree: what was discovered is joined by one switch. */
static void set_tops(struct cluster *c)
{
	const struct inv_network *n = &c->inv->network;
	size_t *above = arena_calloc(c->arena, n->switch_count + 1, sizeof *above);
	for (size_t i = 0; i < n->switch_count; i++)
		above[i] = i;
	for (size_t i = 0; i < n->switch_count; i++)
		for (size_t k = 0; k < n->switches[i].switch_count; k++)
			above[n->switches[i].switches[k]] = i;
	for (size_t i = 0; i < n->switch_count && !n->discover; i++) {
		size_t top = i;
		while (above[top] != top)
			top = above[top];
		for (size_t k = 0; k < n->switches[i].node_count; k++)
			if (c->hosts[n->switches[i].nodes[k]].listed)
				c->hosts[n->switches[i].nodes[k]].part = n->switches[top].name;
	}
}

static void resolve_tree(struct cluster *c)
{
	const struct inv_network *n = &c->inv->network;
	_cleanup_map_ struct map declared = {0};
	const char **unplaced = arena_calloc(c->arena, c->inv->host_count + 1, sizeof *unplaced);
	const char **leaves = arena_calloc(c->arena, c->inv->host_count + 1, sizeof *leaves);
	size_t count = 0;
	for (size_t i = 0; i < n->switch_count; i++) {
		const struct inv_switch *s = &n->switches[i];
		map_set(&declared, s->name, (void *)s);
		for (size_t k = 0; k < s->node_count; k++)
			leaves[s->nodes[k]] = s->name;
	}
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->listed)
			continue;
		h->leaf = leaves[i];
		if (!h->leaf && n->discover && h->network.leaf && may_be_leaf(c, &declared, h->network.leaf))
			h->leaf = h->network.leaf;
		if (h->leaf)
			continue;
		h->leaf = NETWORK_UNPLACED;
		unplaced[count++] = h->inv->name;
	}
	if (!count)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_WARNING, CODE_NO_SWITCH, NULL,
					"the switch of %s is not known: put below a switch '" NETWORK_UNPLACED "'",
					hostlist_compress(unplaced, count, c->arena));
	f->fix =
	    "install lldpd there (and let the switch speak LLDP), or name the nodes below a switch in cluster.yaml";
	f->origin = n->at;
}

static void resolve_blocks(struct cluster *c)
{
	const struct inv_network *n = &c->inv->network;
	char text[8];
	if (c->release && c->release < FIRST_BLOCKS) {
		finding_add(&c->findings, FINDING_STOP, CODE_TOPOLOGY, NULL,
			    "the hosts have Slurm %s, which has no blocks; 23.11 was the first that had",
			    slurm_release_print(c->release, text))
		    ->origin = n->at;
		return;
	}
	for (size_t i = 0; i < n->block_count; i++) {
		const struct inv_switch *b = &n->blocks[i];
		size_t listed = 0;
		for (size_t k = 0; k < b->node_count; k++) {
			struct cluster_host *h = &c->hosts[b->nodes[k]];
			listed += h->listed;
			h->part = h->listed ? b->name : NULL;
		}
		if (!n->block_size_count || listed >= n->block_sizes[0])
			continue;
		struct finding *f =
		    finding_add(&c->findings, FINDING_STOP, CODE_BLOCK_SIZE, NULL,
				"only %zu nodes of block %s have ever been seen, and the size of a block is "
				"%u: slurmctld would not start",
				listed, b->name, n->block_sizes[0]);
		f->fix = "let the others be reached once, or write smaller 'block_sizes'";
		f->origin = b->at;
	}
}

void network_resolve(struct cluster *c)
{
	check_bandwidth(c);
	if (c->inv->network.topology == INV_TOPOLOGY_TREE) {
		resolve_tree(c);
		set_tops(c);
	} else if (c->inv->network.topology == INV_TOPOLOGY_BLOCK) {
		resolve_blocks(c);
	}
}
