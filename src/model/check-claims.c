/*
 * What cluster.yaml claims of nodes, held against what they were measured with (their baseline): cores that GRES are near,
 * what is kept from jobs, the default memory of a job. slurmctld and slurmd only log such things, and jobs are refused.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "model/blame.h"
#include "model/cluster.h"

static bool number_of(const struct inv_param *params, size_t count, const char *key, uint64_t *ret)
{
	const char *text = inventory_param(params, count, key);
	return text && str_to_u64(text, 0, INT64_MAX, ret) == 0;
}

static uint64_t reserved(const struct cluster_host *h)
{
	uint64_t mib = 0;
	if (h->class)
		number_of(h->class->params, h->class->param_count, "MemSpecLimit", &mib);
	return mib;
}

static uint64_t for_jobs(const struct cluster_host *h)
{
	uint64_t kept = reserved(h);
	return kept < h->memory ? h->memory - kept : 0;
}

/* A claim of a class that does not hold for a node that served before is the file's; a new node is left out. */
static struct finding *deny(struct cluster *c, struct cluster_host *h, struct span at, const char *what)
{
	struct finding *f = h->last ? finding_add(&c->findings, FINDING_STOP, CODE_CLAIM, h->inv->name, "%s", what)
				    : cluster_blame(c, h, CODE_CLAIM, "%s", what);
	f->origin = at;
	return f;
}

static struct span class_place(const struct inv_class *class, const char *key)
{
	for (size_t i = 0; i < class->param_count; i++)
		if (strcasecmp(class->params[i].key, key) == 0)
			return class->params[i].value_at;
	return class->at;
}

static void check_reserved(struct cluster *c, struct cluster_host *h)
{
	uint64_t cores = (uint64_t)h->hardware.sockets * h->hardware.cores, spec = 0;
	if (reserved(h) && reserved(h) >= h->memory)
		deny(c, h, class_place(h->class, "MemSpecLimit"),
		     arena_printf(c->arena, "MemSpecLimit=%llu leaves jobs nothing of its %llu MB",
				  (unsigned long long)reserved(h), (unsigned long long)h->memory))
		    ->fix = "lower MemSpecLimit of its class";
	if (cores && number_of(h->class->params, h->class->param_count, "CoreSpecCount", &spec) && spec >= cores)
		deny(c, h, class_place(h->class, "CoreSpecCount"),
		     arena_printf(c->arena, "CoreSpecCount=%llu leaves jobs none of its %llu cores",
				  (unsigned long long)spec, (unsigned long long)cores))
		    ->fix = "lower CoreSpecCount of its class";
}

static void check_classes(struct cluster *c)
{
	for (size_t i = 0; i < c->inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		if (!h->listed || !h->serves || !h->class || !h->facts)
			continue;
		check_reserved(c, h);
	}
}

/* Of a partition, else of the cluster. */
static const struct inv_param *memory_param(const struct cluster *c, const struct inv_partition *p, const char *key)
{
	for (size_t i = 0; i < p->param_count; i++)
		if (strcasecmp(p->params[i].key, key) == 0)
			return &p->params[i];
	for (size_t i = 0; i < c->inv->param_count; i++)
		if (strcasecmp(c->inv->params[i].key, key) == 0)
			return &c->inv->params[i];
	return NULL;
}

/* A job that names no memory is given this much of a node, or for each CPU: one that no node has is refused. */
static void check_default(struct cluster *c, const struct cluster_partition *p, const char *key)
{
	const struct inv_param *param = memory_param(c, p->inv, key);
	uint64_t wanted;
	size_t short_of = 0;
	const char **names = arena_calloc(c->arena, p->node_count + 1, sizeof *names);
	if (!param || str_to_u64(param->value, 0, INT64_MAX, &wanted) < 0 || !wanted)
		return;
	for (size_t i = 0; i < p->node_count; i++)
		if (for_jobs(&c->hosts[p->nodes[i]]) < wanted)
			names[short_of++] = c->hosts[p->nodes[i]].inv->name;
	if (!short_of)
		return;
	bool all = short_of == p->node_count;
	struct finding *f =
	    finding_add(&c->findings, all ? FINDING_STOP : FINDING_WARNING, CODE_CLAIM, NULL,
			"partition %s: %s=%s is more memory than %s: a job that names no memory %s", p->inv->name, key,
			param->value,
			all ? "any of its nodes has for jobs"
			    : arena_printf(c->arena, "%s %s for jobs", hostlist_compress(names, short_of, c->arena),
					   short_of == 1 ? "has" : "have"),
			all ? "is refused" : "cannot run there");
	f->origin = param->value_at;
	f->fix = finding_text(&c->findings, "lower %s, in MB", key);
}

static void check_limits(struct cluster *c, const struct cluster_partition *p, const char *least, const char *most)
{
	const struct inv_param *def = memory_param(c, p->inv, least), *max = memory_param(c, p->inv, most);
	uint64_t a, b;
	if (!def || !max || str_to_u64(def->value, 0, INT64_MAX, &a) < 0 ||
	    str_to_u64(max->value, 0, INT64_MAX, &b) < 0 || !b || a <= b)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_STOP, CODE_CLAIM, NULL,
					"partition %s: %s=%s is more than %s=%s: a job that names no memory is refused",
					p->inv->name, least, def->value, most, max->value);
	f->origin = max->value_at;
	f->fix = finding_text(&c->findings, "lower %s, or raise %s", least, most);
}

void cluster_check_claims(struct cluster *c)
{
	check_classes(c);
	for (size_t i = 0; i < c->inv->partition_count; i++) {
		const struct cluster_partition *p = &c->partitions[i];
		if (!p->node_count)
			continue;
		check_default(c, p, "DefMemPerNode");
		check_default(c, p, "DefMemPerCPU");
		check_limits(c, p, "DefMemPerNode", "MaxMemPerNode");
	}
}
