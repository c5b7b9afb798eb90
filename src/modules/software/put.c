/*
 * What a host gets: packages, the account, and of what is made once for all that which is its to make.
 *
 * A product is known by the digest of all that it is made of. Its directory has that in its name and is never changed; the version's
 * name is a link to it. So a job goes on with what it began with, and programs may have their own path in them.
 */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/software/software.h"

enum { JOB_CPUS_MOST = 16 };

struct putting {
	const struct cluster *c;
	const struct software *s;
	size_t host;
	struct catalog *out;
	struct map packages; /* those that are in the catalog already */
};

/* The resource's id; NULL: all of them are there for others already. */
static const char *put_packages(struct putting *p, const char *const *names, struct span at)
{
	VEC(struct package) list = {0};
	for (; names && *names; names++)
		if (!map_has(&p->packages, *names)) {
			map_set(&p->packages, *names, (void *)*names);
			*vec_push_in(p->out->arena, &list) = (struct package){.name = *names};
		}
	if (!list.len)
		return NULL;
	struct resource *r = catalog_packages(p->out, STAGE_PREPARE, list.items, list.len);
	r->origin = at;
	r->alone = true;
	return r->id;
}

/* What fetching, unpacking and building need beside what every Debian has. */
static const char *put_tools(struct putting *p, const struct software_item *item, const struct software_file *file)
{
	static const struct {
		const char *suffix, *package;
	} packers[] = {{"xz", "xz-utils"}, {"bz2", "bzip2"}, {"zst", "zstd"}, {"tbz", "bzip2"}, {"txz", "xz-utils"}};
	VEC(const char *) names = {0};
	for (const char *const *name = item->build_packages; name && *name; name++)
		*vec_push_in(p->out->arena, &names) = *name;
	if (!file->local) {
		*vec_push_in(p->out->arena, &names) = "curl";
		*vec_push_in(p->out->arena, &names) = "ca-certificates";
	}
	for (size_t i = 0; i < ARRAY_LEN(packers); i++)
		if (str_ends(file->name, packers[i].suffix))
			*vec_push_in(p->out->arena, &names) = packers[i].package;
	*vec_push_in(p->out->arena, &names) = NULL;
	return put_packages(p, names.items, item->at);
}

static struct source *source_of(const struct software_item *item, const struct software_file *file, struct arena *arena)
{
	static const enum source_unpack uses[SOFTWARE_KINDS] = {
	    [SOFTWARE_ARCHIVE] = SOURCE_INTO_PREFIX, [SOFTWARE_SOURCE] = SOURCE_INTO_BUILD};
	struct source *source = arena_calloc(arena, 1, sizeof *source);
	*source = (struct source){.name = file->name,
				  .digest = file->digest,
				  .urls = file->urls,
				  .unpack = uses[item->kind],
				  .strip = item->strip,
				  .file = file->local};
	return source;
}

/* A package from elsewhere: name and version are those of its file, NAME_VERSION_ARCH.deb. */
static void put_deb(struct putting *p, const struct software_item *item)
{
	int arch = software_arch_of(p->c, p->host);
	const struct software_file *file = arch < 0 ? NULL : &item->files[arch];
	if (!file || !file->name)
		return;
	struct arena *a = p->out->arena;
	struct package *package = arena_calloc(a, 1, sizeof *package);
	size_t name = strcspn(file->name, "_"), version = strcspn(file->name + name + 1, "_");
	*package = (struct package){.name = arena_strndup(a, file->name, name),
				    .version = arena_strndup(a, file->name + name + 1, version),
				    .deb = source_of(item, file, a)};
	put_tools(p, item, file);
	struct resource *r = catalog_packages(p->out, STAGE_PREPARE, package, 1);
	r->origin = item->at;
	r->alone = true;
}

static const char *script_of(const struct software_item *item, const struct software_file *file, struct arena *arena)
{
	if (item->kind == SOFTWARE_IMAGE)
		return arena_printf(arena, "mkdir -p \"$PREFIX\"\ninstall -m 644 \"$SOURCES/%s\" \"$PREFIX/%s.sif\"\n",
				    file->name, item->name);
	if (!item->steps)
		return NULL;
	return arena_printf(arena, "SOURCE=$SOURCES/%s\nJOBS=$(nproc)\nexport JOBS\n%s%s", file->name, item->steps,
			    str_ends(item->steps, "\n") ? "" : "\n");
}

static struct digest identity(const struct software_item *item, size_t arch, const char *script, struct arena *arena)
{
	static const char *const kinds[SOFTWARE_KINDS] = {"apt", "deb", "archive", "installer", "source", "image"};
	const char *text = arena_printf(arena, "reeve software 1\n%s %s %s\n%s %u\n%s\n%s", item->name, item->version,
					item->by_arch ? software_archs[arch].name : "any", kinds[item->kind],
					item->strip, item->files[arch].digest.hex, script ? script : "");
	return digest_of(text, strlen(text));
}

/* A job on this host, with as many CPUs as it has up to some, for as long as the steps may take. */
static const char *const *job_argv(const struct putting *p, const struct software_item *item)
{
	const struct cluster_host *h = &p->c->hosts[p->host];
	struct arena *a = p->out->arena;
	const struct facts_hardware *hw = &h->hardware;
	unsigned cpus = hw->sockets * hw->cores * hw->threads;
	VEC(const char *) argv = {0};
	*vec_push_in(a, &argv) = "srun";
	*vec_push_in(a, &argv) = arena_printf(a, "--job-name=reeve-%s-%s", item->name, item->version);
	for (size_t i = 0; i < p->c->inv->partition_count; i++)
		for (size_t k = 0; k < p->c->partitions[i].node_count && argv.len < 3; k++)
			if (p->c->partitions[i].nodes[k] == p->host)
				*vec_push_in(a, &argv) =
				    arena_printf(a, "--partition=%s", p->c->inv->partitions[i].name);
	*vec_push_in(a, &argv) = arena_printf(a, "--nodelist=%s", h->inv->name);
	*vec_push_in(a, &argv) = "--nodes=1";
	*vec_push_in(a, &argv) = "--ntasks=1";
	*vec_push_in(a, &argv) = arena_printf(a, "--cpus-per-task=%u",
					      cpus > JOB_CPUS_MOST ? JOB_CPUS_MOST
					      : cpus               ? cpus
								   : 1);
	*vec_push_in(a, &argv) = NULL;
	return argv.items;
}

static const char *path_of(const struct putting *p, const struct software_item *item, size_t arch,
			   const struct digest *digest)
{
	return arena_printf(p->out->arena, "%s/%s/.%s%s%s-%.*s", p->s->prefix, item->name, item->version,
			    item->by_arch ? "-" : "", item->by_arch ? software_archs[arch].name : "", PRODUCT_HEX,
			    digest->hex);
}

static void put_product(struct putting *p, const struct software_item *item, size_t arch)
{
	const struct software_file *file = &item->files[arch];
	struct arena *a = p->out->arena;
	const char *script = script_of(item, file, a);
	struct digest *digest = arena_alloc(a, sizeof *digest);
	*digest = identity(item, arch, script, a);
	const char *tools = put_tools(p, item, file);
	struct resource *r = catalog_product(p->out, STAGE_SERVICES, software_link(p->s, item, arch, a));
	r->needs = tools;
	r->alone = true;
	r->product.path = path_of(p, item, arch, digest);
	r->product.user = SOFTWARE_USER;
	r->product.digest = digest;
	r->product.sources = source_of(item, file, a);
	r->product.source_count = 1;
	r->product.script = script;
	r->product.run = item->job && p->c->hosts[p->host].listed ? job_argv(p, item) : NULL;
	r->product.timeout_s = item->timeout_s;
	r->origin = item->at;
}

static void drop_product(struct putting *p, const struct software_item *item, size_t arch)
{
	if (software_is_used(p->c, item))
		return;
	struct resource *r = catalog_product(p->out, STAGE_SERVICES, software_link(p->s, item, arch, p->out->arena));
	r->product.path = path_of(p, item, arch, &(struct digest){.hex = "000000000000"});
	r->product.user = SOFTWARE_USER;
	r->product.gone = true;
	r->alone = true;
	r->origin = item->at;
}

/* Does any host that is to have it, or this one alone, have the architecture? */
static bool is_wanted(const struct putting *p, const struct software_item *item, size_t arch)
{
	for (size_t i = 0; i < p->c->inv->host_count; i++)
		if ((p->s->shared || i == p->host) && software_is_on(p->c, i, item) &&
		    (!item->by_arch || software_arch_of(p->c, i) == (int)arch))
			return true;
	return false;
}

/* Of all that this host is to have or to make, the sources and the logs stay; elsewhere they would only fill the disk. */
static void put_spool(struct putting *p, size_t first)
{
	struct arena *a = p->out->arena;
	VEC(const char *) keep = {0}, products = {0};
	for (size_t i = first; i < p->out->len; i++) {
		const struct resource *r = &p->out->items[i];
		const struct source *source;
		for (size_t k = 0; (source = resource_source(r, k)); k++)
			*vec_push_in(a, &keep) = source->digest.hex;
		if (r->type == RESOURCE_PRODUCT && !r->product.gone)
			*vec_push_in(a, &products) = r->product.path;
	}
	*vec_push_in(a, &keep) = NULL;
	*vec_push_in(a, &products) = NULL;
	struct resource *r = catalog_spool(p->out, STAGE_PREPARE, SOFTWARE_USER, keep.items, products.items);
	r->origin = p->s->at;
	r->alone = true;
}

static void put_made(struct putting *p, const struct software_item *item)
{
	size_t archs = item->by_arch ? SOFTWARE_ARCHS : 1;
	for (size_t arch = 0; arch < archs; arch++) {
		size_t maker = p->s->shared ? software_maker(p->c, item, arch) : p->host;
		if (maker != p->host || !is_wanted(p, item, arch))
			continue;
		if (item->absent)
			drop_product(p, item, arch);
		else if (item->files[arch].name)
			put_product(p, item, arch);
	}
}

static bool makes_prefix(const struct putting *p)
{
	return !p->s->shared || cluster_first_at(p->c, p->s->prefix, software_can_make_prefix, NULL) == p->host;
}

/* Behind the mounts. */
static void put_place(struct putting *p)
{
	size_t first = p->out->len;
	catalog_group(p->out, STAGE_PREPARE, SOFTWARE_USER, (long)p->s->uid, true);
	catalog_user(p->out, STAGE_PREPARE, SOFTWARE_USER, (long)p->s->uid, SOFTWARE_USER, "/nonexistent",
		     "/usr/sbin/nologin", true);
	if (makes_prefix(p))
		catalog_directory(p->out, STAGE_AUTH, p->s->prefix, SOFTWARE_USER, SOFTWARE_USER, 0755);
	for (size_t i = first; i < p->out->len; i++)
		p->out->items[i].origin = p->s->at;
}

void software_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	struct putting p = {.c = c, .s = software_of(c), .host = host, .out = out};
	size_t first = out->len;
	bool place = false;
	for (size_t i = 0; p.s && i < p.s->count; i++) {
		const struct software_item *item = &p.s->items[i];
		if (!item->absent && software_is_on(c, host, item))
			put_packages(&p, item->packages, item->at);
		if (!item->absent && item->kind == SOFTWARE_DEB && software_is_on(c, host, item))
			put_deb(&p, item);
		if (!software_is_made(item))
			continue;
		if (!place)
			put_place(&p);
		place = true;
		put_made(&p, item);
	}
	if (p.s)
		put_spool(&p, first);
	map_free(&p.packages);
}
