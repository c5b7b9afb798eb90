#include "model/class.h"

#include "expr/expr.h"
#include "inventory/fact-names.h"
#include "model/cluster.h"
#include "model/gpus.h"

static struct expr_value text(const char *s)
{
	return (struct expr_value){.known = s && *s, .text = s};
}

static struct expr_value number(uint64_t n)
{
	return (struct expr_value){.known = true, .number = n};
}

/* The types of its GPUs, each as often as there are of it. */
static struct expr_value gpu_types(const struct facts_gpus *gpus, struct arena *arena)
{
	const char **texts = arena_calloc(arena, gpus->len, sizeof *texts);
	for (size_t i = 0; i < gpus->len; i++)
		texts[i] = gpus->items[i].type;
	return (struct expr_value){.known = true, .texts = texts, .text_count = gpus->len};
}

static void fill(const struct inv_host *host, const struct facts *f, struct expr_value values[INV_FACTS],
		 struct arena *arena)
{
	const struct facts_gpus gpus = gpus_ready(&f->gpus, arena);
	unsigned speed = facts_network_speed(&f->network);
	const struct facts_hardware *h = &f->hardware;
	values[INV_FACT_NAME] = text(host->name);
	values[INV_FACT_ARCH] = text(f->arch);
	values[INV_FACT_OS] = text(f->os);
	values[INV_FACT_SUITE] = text(f->suite);
	values[INV_FACT_KERNEL] = text(f->kernel);
	values[INV_FACT_CPUS] = number(h->cpus);
	values[INV_FACT_SOCKETS] = number(h->sockets);
	values[INV_FACT_CORES] = number((uint64_t)h->sockets * h->cores);
	values[INV_FACT_THREADS] = number(h->threads);
	values[INV_FACT_MEMORY] = number(h->memory);
	values[INV_FACT_SCRATCH] = (struct expr_value){.known = f->scratch || !host->compute, .number = f->scratch};
	/* none where no jobs run: nobody looks for them there */
	values[INV_FACT_GPUS] = (struct expr_value){.known = true, .number = gpus.len};
	values[INV_FACT_GPU] = gpu_types(&gpus, arena);
	values[INV_FACT_SPEED] = (struct expr_value){.known = speed, .number = speed};
	values[INV_FACT_INFINIBAND] =
	    (struct expr_value){.known = true, .truth = facts_network_infiniband(&f->network)};
	values[INV_FACT_CONTROLLER] = (struct expr_value){.known = true, .truth = host->controller};
}

const struct inv_class *class_of(const struct inventory *inv, const struct inv_host *host, const struct facts *facts,
				 const struct inv_class **unsure)
{
	struct expr_value values[INV_FACTS] = {0};
	_cleanup_arena_ struct arena *arena = arena_new();
	if (unsure)
		*unsure = NULL;
	if (inv->class_count)
		fill(host, facts, values, arena);
	for (size_t i = 0; i < inv->class_count; i++) {
		const struct inv_class *class = &inv->classes[i];
		enum expr_truth truth = class->when ? expr_judge(class->when, values) : EXPR_YES;
		if (truth == EXPR_YES)
			return class;
		if (truth == EXPR_UNKNOWN && unsure && !*unsure)
			*unsure = class;
	}
	return NULL;
}

static const char *why_not(const struct expr *e, const struct inv_host *host, const struct facts *facts,
			   struct arena *arena)
{
	struct expr_value values[INV_FACTS] = {0};
	if (!e)
		return NULL;
	fill(host, facts, values, arena);
	return expr_why_not(e, values, arena);
}

const char *class_why_not(const struct inv_class *class, const struct inv_host *host, const struct facts *facts,
			  struct arena *arena)
{
	return why_not(class->when, host, facts, arena);
}

const char *class_unexpected(const struct inv_class *class, const struct inv_host *host, const struct facts *facts,
			     struct arena *arena)
{
	return why_not(class->expect, host, facts, arena);
}

/* A host that was not reached is what it was. */
void cluster_classify(struct cluster *c, struct cluster_host *h)
{
	if (!h->facts) {
		h->class = h->last && h->last->class ? inventory_class(c->inv, h->last->class) : NULL;
		return;
	}
	const struct inv_class *unsure;
	h->class = class_of(c->inv, h->inv, h->facts, &unsure);
	if (unsure)
		finding_add(&c->findings, FINDING_NOTE, CODE_CLASS_UNSURE, h->inv->name,
			    "unknown whether it belongs to class '%s': %s", unsure->name,
			    class_why_not(unsure, h->inv, h->facts, c->arena))
		    ->origin = unsure->when_at;
	if (!h->class || !h->class->expect)
		return;
	h->unexpected = class_unexpected(h->class, h->inv, h->facts, c->arena);
	if (!h->unexpected)
		return;
	struct finding *f = finding_add(&c->findings, FINDING_WARNING, CODE_UNEXPECTED, h->inv->name,
					"it is not what its class '%s' expects: %s", h->class->name, h->unexpected);
	f->fix = "repair it, or change what the class expects; until then it is kept from jobs";
	f->origin = h->class->expect_at;
}

bool cluster_chosen(const struct cluster *c, const struct inv_choice *choice, size_t host)
{
	const struct inv_class *class = c->hosts[host].class;
	return (choice->hosts && choice->hosts[host]) ||
	       (choice->classes && class && choice->classes[class - c->inv->classes]);
}

bool cluster_decided(const struct cluster *c, const struct inv_choice *choice, size_t host)
{
	const struct inv_choice named = {.hosts = choice->hosts};
	return cluster_chosen(c, c->inv->hosts[host].compute ? choice : &named, host);
}

void cluster_check_choice(const struct cluster *c, const struct inv_choice *choice, bool decided,
			  struct findings *findings)
{
	const struct inv_class *first = NULL;
	bool any = false;
	for (size_t i = 0; choice->classes && !first && i < c->inv->class_count; i++)
		first = choice->classes[i] ? &c->inv->classes[i] : NULL;
	if (!first)
		return;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		any |= decided ? cluster_decided(c, choice, i) : cluster_chosen(c, choice, i);
		if (h->inv->compute && !h->facts && !h->last)
			finding_add(findings, FINDING_WARNING, CODE_CLASS_UNKNOWN, h->inv->name,
				    "which class it is of is not known: it was not reached, and never was before")
			    ->fix = "name it, where it is meant";
	}
	if (!any)
		finding_add(findings, FINDING_STOP, CODE_NOBODY_CHOSEN, NULL, "no host is of class '%s'", first->name)
		    ->fix = "`reeve facts` shows which host is of which class";
}

void cluster_populate(struct cluster *c)
{
	const struct inventory *inv = c->inv;
	c->partitions = arena_calloc(c->arena, inv->partition_count, sizeof *c->partitions);
	bool *in = arena_calloc(c->arena, inv->host_count, sizeof *in);
	bool *classes = arena_calloc(c->arena, inv->class_count, sizeof *classes);
	for (size_t p = 0; p < inv->partition_count; p++) {
		const struct inv_partition *from = &inv->partitions[p];
		size_t *nodes = arena_calloc(c->arena, inv->compute_count, sizeof *nodes), n = 0;
		size_t *members = arena_calloc(c->arena, inv->compute_count, sizeof *members), m = 0;
		for (size_t i = 0; i < from->node_count; i++)
			in[from->nodes[i]] = true;
		for (size_t i = 0; i < from->class_count; i++)
			classes[from->classes[i]] = true;
		for (size_t i = 0; i < inv->compute_count; i++) {
			const struct cluster_host *h = &c->hosts[inv->compute[i]];
			bool member = in[inv->compute[i]] || (h->class && classes[h->class - inv->classes]);
			if (!member || !h->listed)
				continue;
			members[m++] = inv->compute[i];
			if (h->serves)
				nodes[n++] = inv->compute[i];
		}
		for (size_t i = 0; i < from->node_count; i++)
			in[from->nodes[i]] = false;
		for (size_t i = 0; i < from->class_count; i++)
			classes[from->classes[i]] = false;
		c->partitions[p] = (struct cluster_partition){from, nodes, n, members, m};
		if (n)
			continue;
		struct finding *f = finding_add(&c->findings, FINDING_NOTE, CODE_EMPTY_PARTITION, NULL,
						"partition %s has no node now", from->name);
		f->origin = from->nodes_at;
	}
}
