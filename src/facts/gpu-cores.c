/*
 * The numbers that slurmd gives to cores: those of hwloc, which orders packages, the NUMA nodes in them and the cores
 * in these by their first CPU (src/slurmd/common/xcpuinfo.c, xcpuinfo_hwloc_topo_get and xcpuinfo_mac_to_abs; hwloc's
 * documentation, "logical index"). Groups of cores below a NUMA node, as those around an L3 cache, are not known here;
 * firmwares number their CPUs one behind the other.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "facts/gpu.h"

enum { CPUS_MAX = 8192, ID_MAX = 1 << 24 };

struct cpu {
	unsigned number, package, core, node;                    /* as the kernel says */
	unsigned first_of_package, first_of_node, first_of_core; /* CPU numbers: what hwloc orders by */
	unsigned index;                                          /* of its core */
};

struct gpu_cpus {
	struct cpu *items;
	size_t len;
	unsigned cores;
	struct cpu *of[CPUS_MAX]; /* by number; NULL: not online */
};

/* Calls for each number of a list like "0-3,8"; -1 for anything else, and for more numbers than CPUs can be. */
static int each(const char *list, void (*f)(void *data, unsigned n), void *data)
{
	size_t count = 0;
	for (const char *p = list; *p && *p != '\n';) {
		uint64_t a, b;
		size_t len = str_read_u64(p, CPUS_MAX - 1, &a);
		if (!len)
			return -1;
		const char *end = p + len;
		b = a;
		if (*end == '-') {
			len = str_read_u64(end + 1, CPUS_MAX - 1, &b);
			if (!len || b < a)
				return -1;
			end += 1 + len;
		}
		count += b - a + 1;
		if (count > CPUS_MAX)
			return -1;
		for (; a <= b; a++)
			f(data, (unsigned)a);
		if (*end && *end != ',' && *end != '\n')
			return -1;
		p = *end == ',' ? end + 1 : end;
	}
	return 0;
}

static int number_of(const json_t *entry, const char *key, unsigned *ret)
{
	const char *text = gpu_text(entry, key);
	char digits[16];
	uint64_t n;
	size_t len = text ? strcspn(text, "\n") : 0;
	if (!len || len >= sizeof digits)
		return -1;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (str_to_u64(digits, 0, ID_MAX, &n) < 0)
		return -1;
	*ret = (unsigned)n;
	return 0;
}

struct node_mark {
	struct gpu_cpus *cpus;
	unsigned node;
};

static void mark_node(void *data, unsigned n)
{
	const struct node_mark *m = data;
	if (m->cpus->of[n])
		m->cpus->of[n]->node = m->node;
}

static int by_number(const void *a, const void *b)
{
	const struct cpu *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int by_place(const void *a, const void *b)
{
	const struct cpu *x = a, *y = b;
	if (x->first_of_package != y->first_of_package)
		return x->first_of_package < y->first_of_package ? -1 : 1;
	if (x->first_of_node != y->first_of_node)
		return x->first_of_node < y->first_of_node ? -1 : 1;
	if (x->first_of_core != y->first_of_core)
		return x->first_of_core < y->first_of_core ? -1 : 1;
	return by_number(a, b);
}

static void number_cores(struct gpu_cpus *c)
{
	qsort(c->items, c->len, sizeof *c->items, by_number);
	for (size_t i = 0; i < c->len; i++) {
		struct cpu *cpu = &c->items[i];
		cpu->first_of_package = cpu->first_of_node = cpu->first_of_core = cpu->number;
		for (size_t k = i; k-- > 0;) {
			const struct cpu *before = &c->items[k];
			if (before->package != cpu->package)
				continue;
			cpu->first_of_package = before->first_of_package;
			if (before->node == cpu->node)
				cpu->first_of_node = before->first_of_node;
			if (before->core == cpu->core)
				cpu->first_of_core = before->first_of_core;
		}
	}
	qsort(c->items, c->len, sizeof *c->items, by_place);
	for (size_t i = 0; i < c->len; i++) {
		if (i && c->items[i].first_of_core == c->items[i - 1].first_of_core)
			c->cores--;
		c->items[i].index = c->cores++;
		c->of[c->items[i].number] = &c->items[i];
	}
}

struct gpu_cpus *gpu_cpus_decode(const json_t *items, unsigned cores, struct arena *arena)
{
	json_t *all = (json_t *)gpu_entries(items, "gpu.cpus"), *nodes = (json_t *)gpu_entries(items, "gpu.nodes");
	struct gpu_cpus *c = arena_alloc(arena, sizeof *c);
	const char *name;
	json_t *entry;
	c->items = arena_calloc(arena, CPUS_MAX, sizeof *c->items);
	json_object_foreach(all, name, entry)
	{
		uint64_t number;
		struct cpu cpu = {0};
		if (!str_starts(name, "cpu") || str_to_u64(name + 3, 0, CPUS_MAX - 1, &number) < 0 ||
		    number_of(entry, "topology/physical_package_id", &cpu.package) < 0 ||
		    number_of(entry, "topology/core_id", &cpu.core) < 0 || c->of[number])
			continue;
		cpu.number = (unsigned)number;
		c->of[number] = &c->items[c->len];
		c->items[c->len++] = cpu;
	}
	json_object_foreach(nodes, name, entry)
	{
		uint64_t number;
		const char *list = gpu_text(entry, "cpulist");
		if (!str_starts(name, "node") || str_to_u64(name + 4, 0, ID_MAX, &number) < 0 || !list)
			continue;
		struct node_mark m = {c, (unsigned)number};
		if (each(list, mark_node, &m) < 0)
			return NULL;
	}
	number_cores(c);
	return c->len && c->cores == cores ? c : NULL;
}

struct core_marks {
	const struct gpu_cpus *cpus;
	bool *near;
};

static void mark_core(void *data, unsigned n)
{
	const struct core_marks *m = data;
	if (m->cpus->of[n])
		m->near[m->cpus->of[n]->index] = true;
}

const char *gpu_cpus_cores(const struct gpu_cpus *cpus, const char *cpulist, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t count = 0;
	if (!cpus)
		return NULL;
	struct core_marks m = {cpus, arena_calloc(arena, cpus->cores, sizeof *m.near)};
	if (each(cpulist, mark_core, &m) < 0)
		return NULL;
	for (unsigned i = 0, last; i < cpus->cores; i = last + 1) {
		for (last = i; m.near[i] && last + 1 < cpus->cores && m.near[last + 1];)
			last++;
		if (!m.near[i])
			continue;
		count += last - i + 1;
		strbuf_addf(&out, last > i ? "%s%u-%u" : "%s%u", out.len ? "," : "", i, last);
	}
	return count && count < cpus->cores ? arena_strndup(arena, strbuf_str(&out), out.len) : NULL;
}
