/*
 * What a job gets that says nothing of memory. With memory as a resource Slurm would give it all of a node's
 * (slurm.conf(5), DefMemPerCPU: default 0, unlimited), and nothing else would fit beside it. So each partition has as
 * DefMemPerCPU what a CPU may count on, on the node of that partition that has least of it: a job that takes all CPUs of
 * any of its nodes fits there, and a small node elsewhere lowers nobody's.
 *
 * A node that is excluded still counts, so that nobody's default changes because one is mended. The global value is the
 * least of all nodes, for partitions that somebody makes with scontrol(1); a partition's line has its own where that is
 * another.
 */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "modules/core/core.h"

static const char *const keys[] = {"DefMemPerCPU", "DefMemPerNode", "DefMemPerGPU"};

static const char *value_of(const struct inv_param *params, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(params[i].key, key) == 0)
			return params[i].value;
	return NULL;
}

/* 0 where it is not given, or without bound. */
static uint64_t number_of(const struct inv_param *params, size_t count, const char *key)
{
	const char *text = value_of(params, count, key);
	uint64_t n = 0;
	if (text)
		str_to_u64(text, 0, UINT64_MAX - 2, &n);
	return n;
}

/* Any of the three: they exclude each other. */
static bool is_given(const struct inv_param *params, size_t count)
{
	bool given = false;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		given |= value_of(params, count, keys[i]) != NULL;
	return given;
}

/* Whole nodes: with select/linear cores are no resource, and memory is only where somebody says so. */
static bool consumes_memory(const struct inventory *inv)
{
	const char *value = value_of(inv->params, inv->param_count, "SelectTypeParameters");
	return value ? strcasestr(value, "memory") != NULL : !core_whole_nodes(inv);
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

uint64_t core_memory_default(const struct cluster *c)
{
	const struct inventory *inv = c->inv;
	uint64_t least = 0;
	if (!consumes_memory(inv) || is_given(inv->params, inv->param_count))
		return 0;
	for (size_t i = 0; i < inv->host_count; i++)
		least = lesser(least, cluster_memory_each(&c->hosts[i]));
	return lesser(least ? least : 1, number_of(inv->params, inv->param_count, "MaxMemPerCPU"));
}

uint64_t core_memory_of_partition(const struct cluster *c, const struct cluster_partition *p, uint64_t global)
{
	const struct inventory *inv = c->inv;
	uint64_t least = 0;
	if (!global || is_given(p->inv->params, p->inv->param_count))
		return 0;
	for (size_t i = 0; i < p->member_count; i++)
		least = lesser(least, cluster_memory_each(&c->hosts[p->members[i]]));
	uint64_t most = number_of(p->inv->params, p->inv->param_count, "MaxMemPerCPU");
	least = lesser(least, most ? most : number_of(inv->params, inv->param_count, "MaxMemPerCPU"));
	return p->member_count && least != global ? least : 0;
}
