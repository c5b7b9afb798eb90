#include "model/cluster.h"

#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "model/blame.h"
#include "model/gpus.h"
#include "model/network.h"
#include "slurm/version.h"

/* MUNGE's key was the first of them; another salt would make all of them unknown. */
void cluster_salt(const char *cluster_name, char out[65])
{
	_cleanup_free_ char *text = xasprintf("reeve: fingerprints of the MUNGE key of cluster %s", cluster_name);
	memcpy(out, digest_of(text, strlen(text)).hex, 65);
}

bool cluster_is_out(const struct cluster_host *h)
{
	return h->excluded && !h->serves && !h->inv->controller;
}

struct cluster_mount *cluster_promise_mount(struct cluster *c, struct cluster_host *h, const char *where,
					    const char *source)
{
	struct cluster_mount *m = vec_push_in(c->arena, &h->mounts);
	*m = (struct cluster_mount){.where = where, .source = source};
	return m;
}

void cluster_promise_installed(struct cluster *c, struct cluster_host *h, const struct installed *what)
{
	*vec_push_in(c->arena, &h->installed) = *what;
}

void cluster_promise_accounts(struct cluster_host *h, const struct cluster_account *accounts, size_t count)
{
	h->accounts = accounts;
	h->account_count = count;
}

const struct cluster_mount *cluster_mount_of(const struct cluster_host *h, const char *path)
{
	for (size_t i = 0; i < h->mounts.len; i++)
		if (str_is_under(path, h->mounts.items[i].where))
			return &h->mounts.items[i];
	return NULL;
}

size_t cluster_first(const struct cluster *c, bool (*fits)(const struct cluster *c, size_t host, const void *about),
		     const void *about)
{
	for (size_t i = 0; i < c->inv->controller_count; i++)
		if (fits(c, c->inv->controllers[i], about))
			return c->inv->controllers[i];
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (fits(c, i, about))
			return i;
	return SIZE_MAX;
}

bool cluster_is_root_at(const struct cluster_host *h, const char *path)
{
	const struct cluster_mount *mount = cluster_mount_of(h, path);
	return !mount || !mount->squashed;
}

struct rooted {
	bool (*fits)(const struct cluster *c, size_t host, const void *about);
	const void *about;
	const char *path;
};

static bool fits_as_root(const struct cluster *c, size_t host, const void *about)
{
	const struct rooted *r = about;
	return cluster_is_root_at(&c->hosts[host], r->path) && r->fits(c, host, r->about);
}

size_t cluster_first_at(const struct cluster *c, const char *path,
			bool (*fits)(const struct cluster *c, size_t host, const void *about), const void *about)
{
	const struct rooted rooted = {fits, about, path};
	size_t host = cluster_first(c, fits_as_root, &rooted);
	return host == SIZE_MAX ? cluster_first(c, fits, about) : host;
}

bool cluster_has_module(const struct cluster *c, size_t host, const char *module)
{
	const struct cluster_host *h = &c->hosts[host];
	if (!inventory_has_role(h->inv))
		return inventory_is_needed(h->inv, module);
	if (cluster_is_out(h))
		return str_same(module, c->inv->base);
	return inventory_class_has(c->inv, h->class, module);
}

const struct cluster_host *cluster_primary(const struct cluster *c)
{
	for (size_t i = 0; i < c->inv->controller_count; i++) {
		const struct cluster_host *h = &c->hosts[c->inv->controllers[i]];
		if (h->facts)
			return h;
	}
	return NULL;
}

static void choose_packages(struct cluster_host *h)
{
	if (h->facts) {
		const struct facts *f = h->facts;
		const struct facts_package *slurm =
		    f->roles[ROLE_CONTROLLER].package.installed && h->inv->controller
			? &f->roles[ROLE_CONTROLLER].package
		    : f->roles[ROLE_NODE].package.installed   ? &f->roles[ROLE_NODE].package
		    : f->roles[ROLE_CLIENT].package.installed ? &f->roles[ROLE_CLIENT].package
		    : h->inv->controller                      ? &f->roles[ROLE_CONTROLLER].package
							      : &f->roles[ROLE_NODE].package;
		h->slurm_package = slurm->installed ? slurm->installed : slurm->candidate;
	}
}

static bool same_network(const struct record_network *a, const struct record_network *b)
{
	return a->speed == b->speed && a->infiniband == b->infiniband && str_same(a->leaf, b->leaf);
}

/* Is what would be recorded of the hosts another than what is? */
static bool differs(const struct cluster *c)
{
	size_t known = 0;
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->listed)
			continue;
		known++;
		if (!h->last || h->last->memory != h->memory || h->last->memory_from != h->memory_from ||
		    h->last->cgroups != h->cgroups || h->last->scratch != h->scratch ||
		    !same_network(&h->last->network, &h->network) ||
		    h->last->hardware.by_slurmd != h->hardware.by_slurmd ||
		    !facts_same_hardware(&h->last->hardware, &h->hardware) ||
		    !str_same(h->last->class, h->class ? h->class->name : NULL) || !h->last->gpus_known ||
		    h->last->nvml != h->nvml || !gpus_equal(&h->last->gpus, &h->gpus, c->arena))
			return true;
	}
	return !c->record || known != c->record->host_count || cluster_modules_differ(c);
}

static void recall_gpus(const struct cluster *c, struct cluster_host *h)
{
	if (!h->facts || !h->last)
		return;
	const struct facts_gpus all = gpus_recall(&h->facts->gpus, &h->last->gpus, c->arena);
	if (all.len == h->facts->gpus.len)
		return;
	struct facts *facts = arena_alloc(c->arena, sizeof *facts);
	*facts = *h->facts;
	facts->gpus = all;
	h->facts = facts;
}

/* What modules settle by, before it is judged; 0: it has no package of Slurm, or none that can be read. */
static unsigned release_of(const struct cluster_host *primary)
{
	struct slurm_version v = {0};
	bool known = primary && primary->slurm_package && slurm_version_parse(primary->slurm_package, &v, NULL) == 0;
	return known ? v.release : 0;
}

static struct cluster *resolve(const struct inventory *inv, const struct blames *blames,
			       const struct cluster_options *options, void (*settle)(struct cluster *),
			       struct arena *arena)
{
	struct cluster *c = arena_alloc(arena, sizeof *c);
	c->inv = inv;
	c->arena = arena;
	c->findings.arena = arena;
	c->texts = arena_alloc(arena, sizeof *c->texts);
	c->hosts = arena_calloc(arena, inv->host_count, sizeof *c->hosts);
	cluster_salt(inv->cluster.text, c->salt);
	for (size_t i = 0; i < inv->host_count; i++)
		c->hosts[i] = (struct cluster_host){
		    .inv = &inv->hosts[i],
		    .facts = blames->facts[i],
		    .unreached = blames->why[i],
		};
	cluster_recall(c);
	bool running = false;
	size_t listed = 0;
	for (size_t i = 0; i < inv->host_count; i++) {
		c->hosts[i].last = record_host(c->record, inv->hosts[i].name);
		recall_gpus(c, &c->hosts[i]);
		cluster_classify(c, &c->hosts[i]);
	}
	cluster_check_choice(c, &options->decisions.accept, true, &c->findings);
	cluster_check_choice(c, &options->decisions.include, true, &c->findings);
	cluster_check_choice(c, &options->decisions.exclude, true, &c->findings);
	cluster_exclude(c, &options->decisions);
	cluster_count_epoch(c);
	for (size_t i = 0; i < inv->host_count; i++) {
		struct cluster_host *h = &c->hosts[i];
		choose_packages(h);
		cluster_baseline(c, h,
				 cluster_decided(c, &options->decisions.accept, i) ||
				     cluster_decided(c, &options->decisions.include, i));
		listed += h->listed;
		if (h->facts)
			running |= facts_unit_runs(&h->facts->roles[ROLE_CONTROLLER].unit) ||
				   facts_unit_runs(&h->facts->roles[ROLE_NODE].unit);
	}
	cluster_confine(c, &options->decisions.accept);
	c->fresh = c->quorum && !c->record && !running;
	cluster_autodetect(c);
	c->record_differs |= differs(c);
	cluster_populate(c);
	cluster_check_hosts(c);
	c->replace = options->replace;
	c->release = release_of(cluster_primary(c));
	if (settle)
		settle(c);
	cluster_check_beside(c);
	cluster_check_claims(c);
	cluster_check_gpus(c);
	cluster_check_cgroups(c);
	cluster_check_modules(c);
	cluster_check_versions(c);
	network_resolve(c);
	cluster_check_memory(c);
	cluster_check_state(c);
	cluster_decide_secrets(c, options);
	c->record_differs |= cluster_secrets_differ(c);
	/* Where there is another reason to stop, this is only what comes of it. */
	if (!listed && !findings_count(&c->findings, FINDING_STOP))
		finding_add(&c->findings, FINDING_STOP, CODE_NO_NODES, NULL,
			    "no compute host was reached that can serve")
		    ->fix = "see why above; `reeve facts` tries again";
	return c;
}

struct cluster *cluster_resolve(const struct inventory *inv, const struct facts *const *facts,
				const char *const *unreached, const struct cluster_options *options,
				void (*settle)(struct cluster *), struct arena *arena)
{
	struct blames blames;
	struct cluster *c;
	blames_init(&blames, inv, facts, unreached, arena);
	do
		c = resolve(inv, &blames, options, settle, arena);
	while (blames_take(&blames, c));
	blames_give(&blames, c);
	return c;
}

struct record *cluster_record(const struct cluster *c, struct arena *arena)
{
	struct record *r = arena_alloc(arena, sizeof *r);
	r->epoch = c->epoch;
	r->cluster = c->inv->cluster.text;
	cluster_record_secrets(c, r);
	r->state_source = c->state_source ? c->state_source : c->record ? c->record->state_source : NULL;
	r->hosts = arena_calloc(arena, c->inv->host_count, sizeof *r->hosts);
	for (size_t i = 0; i < c->inv->host_count; i++) {
		const struct cluster_host *h = &c->hosts[i];
		if (!h->listed)
			continue;
		r->hosts[r->host_count++] = (struct record_host){
		    .name = h->inv->name,
		    .arch = h->facts ? h->facts->arch : h->last->arch,
		    .class = h->class ? h->class->name : NULL,
		    .hardware = h->hardware,
		    .memory = h->memory,
		    .memory_from = h->memory_from,
		    .scratch = h->scratch,
		    .gpus = h->gpus,
		    .nvml = h->nvml,
		    .cgroups = h->cgroups,
		    .gpus_known = h->facts || h->last->gpus_known,
		    .network = h->network,
		};
	}
	cluster_record_modules(c, r);
	r->exclusions = (struct record_exclusion *)c->exclusions;
	r->exclusion_count = c->exclusion_count;
	if (c->record) {
		r->generations = c->record->generations;
		r->generation_count = c->record->generation_count;
	}
	return r;
}
