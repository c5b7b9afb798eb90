#include "cli/standin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"

/* The subnet of a lab in which no host has an IPv4 address of its own: 10.246.0.0/16 is as good as any. */
enum { DEFAULT_NET = 0x0AF60000, FIRST = 10 };

static bool is_ipv4(const struct inv_host *host, uint32_t *ret)
{
	struct in_addr address;
	if (host->local || inet_pton(AF_INET, host->address, &address) != 1)
		return false;
	*ret = ntohl(address.s_addr);
	return true;
}

/* Addresses beside those that are there, so that the lab's subnet stays small: from the first one's /24 on. */
struct pool {
	struct map used;
	struct arena *arena;
	uint32_t net, next, end;
};

static char *address_text(struct arena *arena, uint32_t address)
{
	return arena_printf(arena, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
			    address & 255);
}

static void pool_open(struct pool *pool, const struct inventory *inv, struct arena *arena)
{
	*pool = (struct pool){.arena = arena, .net = DEFAULT_NET};
	bool found = false;
	for (size_t i = 0; i < inv->host_count; i++) {
		uint32_t address;
		if (!is_ipv4(&inv->hosts[i], &address))
			continue;
		map_set(&pool->used, address_text(arena, address), pool);
		if (!found)
			pool->net = address & 0xFFFFFF00U;
		found = true;
	}
	pool->next = pool->net + FIRST;
	pool->end = pool->net + 0xFFFF;
}

/* NULL where there is none left. */
static const char *pool_take(struct pool *pool)
{
	while (pool->next < pool->end) {
		uint32_t address = pool->next++;
		uint32_t last = address & 255;
		if (last < FIRST || last == 255)
			continue;
		const char *text = address_text(pool->arena, address);
		if (!map_has(&pool->used, text))
			return text;
	}
	return NULL;
}

const struct inventory *standin_inventory(const struct inventory *inv, struct arena *arena, struct err *err)
{
	struct inv_host *hosts = arena_calloc(arena, inv->host_count, sizeof *hosts);
	struct pool pool;
	pool_open(&pool, inv, arena);
	for (size_t i = 0; i < inv->host_count; i++) {
		uint32_t address;
		hosts[i] = inv->hosts[i];
		if (!is_ipv4(&hosts[i], &address))
			hosts[i].address = pool_take(&pool);
		hosts[i].slurm_address = hosts[i].address;
		hosts[i].local = false;
		hosts[i].user = NULL;
		hosts[i].port = 0;
		if (!hosts[i].address) {
			map_free(&pool.used);
			err_set(err, ERR_LIMIT, "the lab has no address left for host '%s'", hosts[i].name);
			return NULL;
		}
	}
	map_free(&pool.used);
	struct inventory *copy = arena_alloc(arena, sizeof *copy);
	*copy = *inv;
	copy->hosts = hosts;
	return copy;
}

/* A name for the directory that stands for what is mounted at `path`: "mnt-nfs". */
static const char *bind_name(struct arena *arena, const char *path)
{
	char *name = arena_strdup(arena, path + 1);
	for (char *p = name; (p = strchr(p, '/'));)
		*p = '-';
	return name;
}

struct lab_stock standin_stock(struct arena *arena)
{
	/* In this order, which is in the ids of images: a node's daemon first, which more of them have. */
	static const enum role roles[] = {ROLE_AUTH, ROLE_NODE, ROLE_CONTROLLER, ROLE_CLIENT};
	static const char *const none[] = {NULL};
	static const struct inventory nobody = {.modules = none};
	const char *packages = "", *units = "";
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		const struct role_names *names = &module_roles[roles[i]];
		packages = arena_printf(arena, "%s%s%s", packages, *packages ? " " : "", names->package);
		if (names->unit)
			units = arena_printf(arena, "%s%s%.*s", units, *units ? " " : "",
					     (int)strcspn(names->unit, "."), names->unit);
	}
	const struct secret_row *const *rows = modules_secrets(&nobody, arena);
	struct names secrets = {0};
	for (; *rows; rows++)
		*vec_push_in(arena, &secrets) = (*rows)->path;
	*vec_push_in(arena, &secrets) = NULL;
	return (struct lab_stock){packages, units, secrets.items};
}

/* What cluster.yaml shares in the lab and, where no node has a kernel of its own, what modules would mount. */
static size_t list_binds(const struct inventory *inv, const struct lab_node *nodes, struct arena *arena,
			 struct lab_bind **ret)
{
	VEC(struct lab_bind) binds = {0};
	bool containers = true;
	for (size_t i = 0; i < inv->host_count; i++)
		containers = containers && streq(nodes[i].backend, "nspawn");
	for (size_t i = 0; i < inv->lab.bind_count; i++)
		*vec_push_in(arena, &binds) =
		    (struct lab_bind){bind_name(arena, inv->lab.binds[i].text), inv->lab.binds[i].text};
	for (const char *const *path = inv->lab.shared; containers && path && *path; path++) {
		bool there = false;
		for (size_t i = 0; i < inv->lab.bind_count; i++)
			there |= streq(inv->lab.binds[i].text, *path);
		if (!there)
			*vec_push_in(arena, &binds) = (struct lab_bind){bind_name(arena, *path), *path};
	}
	*ret = binds.items;
	return binds.len;
}

const struct lab_spec *standin_lab(const struct inventory *inv, const char *backend, struct arena *arena)
{
	struct lab_node *nodes = arena_calloc(arena, inv->host_count, sizeof *nodes);
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *h = &inv->hosts[i];
		nodes[i] = (struct lab_node){
		    .name = h->name,
		    .address = h->address,
		    .hostname = h->hostname,
		    .suite = h->suite,
		    .arch = h->arch,
		    .backend = backend ? backend : h->backend,
		    .memory_mib = h->memory,
		    .gpus = h->gpus,
		};
	}
	struct lab_bind *binds;
	size_t bind_count = list_binds(inv, nodes, arena, &binds);
	struct lab_spec *spec = arena_alloc(arena, sizeof *spec);
	*spec = (struct lab_spec){
	    .cluster = inv->cluster.text,
	    .nodes = nodes,
	    .node_count = inv->host_count,
	    .binds = binds,
	    .bind_count = bind_count,
	    .stock = standin_stock(arena),
	};
	return spec;
}
