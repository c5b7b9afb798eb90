/*
 * Memory that a job gets that says nothing of it (modules/core/memory.c) is what the node of a partition has that has least. So one node
 * that joins with little lowers it for everybody else's jobs: that is said, with its name.
 */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "model/cluster.h"

uint64_t cluster_memory_each(const struct cluster_host *h)
{
	uint64_t kept = 0;
	if (!h->listed || !h->hardware.cpus)
		return 0;
	const char *spec = h->class ? inventory_param(h->class->params, h->class->param_count, "MemSpecLimit") : NULL;
	if (spec)
		str_to_u64(spec, 0, UINT64_MAX - 2, &kept);
	uint64_t each = kept < h->memory ? (h->memory - kept) / h->hardware.cpus : 0;
	return each ? each : 1;
}

static bool is_given(const struct inv_param *params, size_t count)
{
	return inventory_param(params, count, "DefMemPerCPU") || inventory_param(params, count, "DefMemPerNode") ||
	       inventory_param(params, count, "DefMemPerGPU");
}

static void check(struct cluster *c, const struct cluster_partition *p)
{
	const struct cluster_host *least = NULL;
	uint64_t before = 0, now = 0;
	for (size_t i = 0; i < p->member_count; i++) {
		const struct cluster_host *h = &c->hosts[p->members[i]];
		uint64_t each = cluster_memory_each(h);
		if (h->last && (!before || each < before))
			before = each;
		if (!h->last && (!now || each < now)) {
			now = each;
			least = h;
		}
	}
	if (!before || !now || now >= before)
		return;
	struct finding *f =
	    finding_add(&c->findings, FINDING_WARNING, CODE_MEMORY_DEFAULT, least->inv->name,
			"it has %llu MB of memory for each CPU, less than all other nodes of partition %s: the default "
			"of their jobs (DefMemPerCPU) goes from %llu to %llu",
			(unsigned long long)now, p->inv->name, (unsigned long long)before, (unsigned long long)now);
	f->fix = finding_text(&c->findings,
			      "give the partition %s a `DefMemPerCPU` of its own, or the node a partition of its own",
			      p->inv->name);
	f->origin = least->inv->at;
}

void cluster_check_memory(struct cluster *c)
{
	const struct inventory *inv = c->inv;
	const char *resources = inventory_param(inv->params, inv->param_count, "SelectTypeParameters");
	const char *select = inventory_param(inv->params, inv->param_count, "SelectType");
	bool memory =
	    resources ? strcasestr(resources, "memory") != NULL : !select || strcasecmp(select, "select/linear") != 0;
	if (!memory || is_given(inv->params, inv->param_count))
		return;
	for (size_t i = 0; i < inv->partition_count; i++)
		if (!is_given(inv->partitions[i].params, inv->partitions[i].param_count))
			check(c, &c->partitions[i]);
}
