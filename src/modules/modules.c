#include "modules/module.h"

#include <assert.h>

#include "base/str.h"
#include "base/vec.h"
#include "hostlist/hostlist.h"
#include "modules/core/core.h"
#include "modules/lmod/lmod.h"

const struct module *const modules[] = {&core_module, &lmod_module, NULL};
const struct inv_section *const module_sections[] = {&lmod_section, NULL};

bool modules_has(const struct cluster *cluster, size_t host, const char *module)
{
	const struct cluster_host *h = &cluster->hosts[host];
	if (cluster_is_out(h))
		return streq(module, "core");
	return inventory_class_has(cluster->inv, h->class, module);
}

static_assert(sizeof modules / sizeof *modules <= MODULES_MAX, "more modules than tables have room for");

size_t module_index(const char *name)
{
	for (size_t i = 0; modules[i]; i++)
		if (streq(modules[i]->name, name))
			return i;
	return MODULES_MAX;
}

const struct module *module_named(const char *name)
{
	for (size_t i = 0; modules[i]; i++)
		if (streq(modules[i]->name, name))
			return modules[i];
	return NULL;
}

struct catalog *modules_compile(const struct cluster *cluster, size_t host, struct arena *arena)
{
	struct catalog *c = arena_alloc(arena, sizeof *c);
	c->arena = arena;
	for (const struct module *const *m = modules; *m; m++) {
		if (!modules_has(cluster, host, (*m)->name))
			continue;
		size_t first = c->len;
		(*m)->compile(cluster, host, c);
		for (size_t i = first; i < c->len; i++) {
			c->items[i].module = (*m)->name;
			if (!c->items[i].origin.line)
				c->items[i].origin = cluster->inv->hosts[host].at;
		}
	}
	return c;
}

struct check *checks_add(struct checks *checks, const char *module, const char *id, const char *title, size_t host)
{
	struct check *check = vec_push_in(checks->arena, checks);
	*check = (struct check){.module = module, .id = id, .title = title, .host = host, .timeout_ms = 20000};
	return check;
}

static bool same_part(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* Takes the first of the partition's nodes that is not done, with all that can be in a job with it. */
static bool take_set(const struct verify_context *v, const struct cluster_partition *p, bool *done, struct arena *arena,
		     struct job_set *ret)
{
	const char **names = arena_calloc(arena, p->node_count + 1, sizeof *names), *part = NULL;
	size_t n = 0;
	for (size_t i = 0; i < p->node_count; i++) {
		size_t host = p->nodes[i];
		const struct cluster_host *h = &v->cluster->hosts[host];
		if (done[host] || (n && !same_part(part, h->part)))
			continue;
		part = h->part;
		done[host] = true;
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

size_t verify_job_sets(const struct verify_context *v, const char *module, struct arena *arena, struct job_set **ret)
{
	const struct inventory *inv = v->cluster->inv;
	bool *done = arena_calloc(arena, inv->host_count, sizeof *done);
	struct job_set *sets = arena_calloc(arena, inv->host_count, sizeof *sets);
	size_t count = 0;
	for (size_t i = 0; v->idle && i < inv->host_count; i++)
		done[i] = !v->idle[i] || !v->present[i] || !modules_has(v->cluster, i, module);
	for (size_t p = 0; v->idle && p < inv->partition_count; p++)
		while (take_set(v, &v->cluster->partitions[p], done, arena, &sets[count]))
			count++;
	*ret = sets;
	return count;
}
