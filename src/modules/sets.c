/*
 * Which nodes a job that proves something is run on. slurmctld starts no job that is larger than its partition's MaxNodes, or
 * that names nodes of two parts of the network, so that each set stays within both.
 */
#include "modules/module.h"

#include "base/str.h"
#include "hostlist/hostlist.h"

/* The same as far as the defaults of a job are concerned: what one can have, so can the other. */
static bool same_kind(const struct cluster_host *a, const struct cluster_host *b)
{
	return a->class == b->class && a->memory == b->memory && facts_same_hardware(&a->hardware, &b->hardware) &&
	       str_same(a->part, b->part);
}

/* An earlier one of the partition's chosen nodes is like it. */
static bool has_like(const struct verify_context *v, const struct cluster_partition *p, const bool *chosen, size_t upto)
{
	for (size_t i = 0; i < upto; i++)
		if (chosen[p->nodes[i]] &&
		    same_kind(&v->cluster->hosts[p->nodes[i]], &v->cluster->hosts[p->nodes[upto]]))
			return true;
	return false;
}

static size_t most_nodes(const struct inv_partition *p)
{
	const char *text = inventory_param(p->params, p->param_count, "MaxNodes");
	uint64_t n;
	return text && str_to_u64(text, 1, 1 << 24, &n) == 0 ? (size_t)n : SIZE_MAX;
}

/* Takes the first chosen one of the partition's nodes, with all that can be in a job with it. */
static bool take_set(const struct verify_context *v, const struct cluster_partition *p, bool *chosen,
		     struct arena *arena, struct job_set *ret)
{
	const char **names = arena_calloc(arena, p->node_count + 1, sizeof *names), *part = NULL;
	size_t n = 0, most = most_nodes(p->inv);
	for (size_t i = 0; i < p->node_count && n < most; i++) {
		size_t host = p->nodes[i];
		const struct cluster_host *h = &v->cluster->hosts[host];
		if (!chosen[host] || (n && !str_same(part, h->part)))
			continue;
		part = h->part;
		chosen[host] = false;
		names[n++] = h->inv->name;
	}
	if (n)
		*ret = (struct job_set){
		    .partition = p->inv,
		    .label = part ? arena_printf(arena, "%s in %s", p->inv->name, part) : p->inv->name,
		    .names = names,
		    .hostlist = hostlist_compress(names, n, arena),
		    .count = n,
		};
	return n > 0;
}

static void choose(const struct verify_context *v, const struct cluster_partition *p, const char *module, bool *done,
		   bool *chosen)
{
	for (size_t i = 0; i < p->node_count; i++) {
		size_t host = p->nodes[i];
		chosen[host] = v->idle[host] && v->present[host] && cluster_has_module(v->cluster, host, module) &&
			       (!done[host] || !has_like(v, p, chosen, i));
	}
	for (size_t i = 0; i < p->node_count; i++)
		done[p->nodes[i]] |= chosen[p->nodes[i]];
}

size_t verify_job_sets(const struct verify_context *v, const char *module, struct arena *arena, struct job_set **ret)
{
	const struct inventory *inv = v->cluster->inv;
	size_t count = 0, most = 0;
	for (size_t p = 0; p < inv->partition_count; p++)
		most += v->cluster->partitions[p].node_count;
	*ret = arena_calloc(arena, most, sizeof **ret);
	if (!v->idle)
		return 0;
	bool *done = arena_calloc(arena, inv->host_count, sizeof *done);
	for (size_t p = 0; p < inv->partition_count; p++) {
		bool *chosen = arena_calloc(arena, inv->host_count, sizeof *chosen);
		choose(v, &v->cluster->partitions[p], module, done, chosen);
		while (take_set(v, &v->cluster->partitions[p], chosen, arena, &(*ret)[count]))
			count++;
	}
	return count;
}

struct job_set verify_job_subset(const struct job_set *set, const char *const *names, struct arena *arena)
{
	struct job_set ret = *set;
	ret.names = names;
	ret.count = 0;
	while (names[ret.count])
		ret.count++;
	ret.hostlist = hostlist_compress(names, ret.count, arena);
	return ret;
}
