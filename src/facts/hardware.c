#include "facts/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"

/* What a machine can be; more is a lie or a defect. Slurm's own counters of CPUs a node are 16 bits wide (slurm.h,
 * node_info_t). */
enum { MOST_CPUS = 65533, MOST_MEMORY = 1 << 30 /* MiB: a pebibyte */ };

static int sane(const struct facts_hardware *h, struct err *err)
{
	if (!h->cpus || !h->sockets || !h->cores || !h->threads || !h->boards)
		return err_set(err, ERR_PROTOCOL, "a count of CPUs, sockets, cores or threads is missing");
	/* Offline threads and cores of two kinds leave room, but not for more cores than CPUs. */
	uint64_t cores = (uint64_t)h->sockets * h->cores;
	if (cores > h->cpus || h->cpus > 2 * cores * h->threads || h->boards > h->sockets)
		return err_set(err, ERR_PROTOCOL, "%u CPUs cannot be %u sockets of %u cores with %u threads", h->cpus,
			       h->sockets, h->cores, h->threads);
	if (!h->memory || h->memory > MOST_MEMORY)
		return err_set(err, ERR_PROTOCOL, "the memory's size is missing or impossible");
	return 0;
}

bool facts_same_hardware(const struct facts_hardware *a, const struct facts_hardware *b)
{
	return a->cpus == b->cpus && a->sockets == b->sockets && a->cores == b->cores && a->threads == b->threads &&
	       a->memory == b->memory;
}

int facts_parse_slurmd(const char *text, struct facts_hardware *ret, struct err *err)
{
	struct facts_hardware h = {.boards = 1, .by_slurmd = true};
	_cleanup_free_ char *copy = xstrdup(text);
	char *rest = copy;
	rest[strcspn(rest, "\n")] = '\0';
	unsigned per_board = 0, sockets = 0;
	for (char *word; (word = str_next(&rest, " "));) {
		char *value = strchr(word, '=');
		uint64_t n;
		if (!value)
			continue;
		*value++ = '\0';
		bool memory = streq(word, "RealMemory");
		unsigned *to = streq(word, "CPUs")              ? &h.cpus
			       : streq(word, "Boards")          ? &h.boards
			       : streq(word, "Sockets")         ? &sockets
			       : streq(word, "SocketsPerBoard") ? &per_board
			       : streq(word, "CoresPerSocket")  ? &h.cores
			       : streq(word, "ThreadsPerCore")  ? &h.threads
								: NULL;
		if (!to && !memory)
			continue;
		if (str_to_u64(value, 1, memory ? MOST_MEMORY : MOST_CPUS, &n) < 0)
			return err_set(err, ERR_PROTOCOL, "slurmd -C: %s is not a number in its range", word);
		if (memory)
			h.memory = n;
		else
			*to = (unsigned)n;
	}
	h.sockets = sockets ? sockets : per_board * h.boards;
	if (sane(&h, err) < 0)
		return err_wrap(err, "slurmd -C");
	*ret = h;
	return 0;
}

static uint64_t mem_total(const char *meminfo)
{
	const char *p = strstr(meminfo, "MemTotal:");
	uint64_t kib = 0;
	if (!p)
		return 0;
	p += strlen("MemTotal:");
	str_read_u64(p + strspn(p, " \t"), UINT64_MAX, &kib);
	return kib / 1024;
}

/* CPUs in a list like "0-3,8" (cpuset(7), list format); 0 for anything else. */
static unsigned count_list(const char *list)
{
	unsigned count = 0;
	for (const char *p = list; *p;) {
		uint64_t a, b;
		size_t len = str_read_u64(p, MOST_CPUS, &a);
		if (!len)
			return 0;
		const char *end = p + len;
		b = a;
		if (*end == '-') {
			len = str_read_u64(end + 1, MOST_CPUS, &b);
			if (!len || b < a)
				return 0;
			end += 1 + len;
		}
		count += (unsigned)(b - a + 1);
		if (count > MOST_CPUS)
			return 0;
		p = *end == ',' ? end + 1 : end;
		if (*end && *end != ',')
			return 0;
	}
	return count;
}

/* grep's lines FILE:VALUE: the list of online CPUs, then package and core of each CPU that is online. */
int facts_parse_sysfs(const char *meminfo, const char *topology, struct facts_hardware *ret, struct err *err)
{
	struct facts_hardware h = {.boards = 1, .memory = mem_total(meminfo)};
	_cleanup_arena_ struct arena *a = arena_new();
	_cleanup_map_ struct map package_of = {0}, packages = {0}, cores = {0};
	char *rest = arena_strdup(a, topology);
	for (char *line; (line = str_next_line(&rest));) {
		char *value = strrchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		char *cpu = strstr(line, "/cpu/");
		if (!cpu)
			continue;
		cpu += strlen("/cpu/");
		if (streq(cpu, "online")) {
			h.cpus = count_list(value);
			continue;
		}
		char *slash = strchr(cpu, '/');
		if (!slash || !str_is_name(value, 20))
			continue;
		bool package = str_ends(slash, "/physical_package_id");
		*slash = '\0';
		if (package) {
			map_set(&package_of, cpu, value);
			map_set(&packages, value, value);
		} else if (map_get(&package_of, cpu)) {
			const char *core = arena_printf(a, "%s/%s", (const char *)map_get(&package_of, cpu), value);
			map_set(&cores, core, value);
		}
	}
	h.sockets = packages.len ? (unsigned)packages.len : 1;
	/* Machines whose firmware says nothing (many arm64 boards, virtual ones): each CPU is a core of one socket, as
	 * slurmd takes it. */
	unsigned all_cores = cores.len ? (unsigned)cores.len : h.cpus;
	h.cores = all_cores / h.sockets ? all_cores / h.sockets : 1;
	h.threads = all_cores && h.cpus / all_cores ? h.cpus / all_cores : 1;
	if (sane(&h, err) < 0)
		return -1;
	*ret = h;
	return 0;
}
