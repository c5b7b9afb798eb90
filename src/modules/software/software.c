#include "modules/software/software.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-"

enum { NAME_MOST = 64 };

const struct software_arch software_archs[SOFTWARE_ARCHS] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};

const struct inv_section software_section = {
    .name = "software",
    .leaves = "its packages, the directory `prefix`, its downloads in /var/spool/reeve, and the account " SOFTWARE_USER,
    .parse = software_parse,
};

const struct software *software_of(const struct cluster *c)
{
	return inventory_section(c->inv, NULL, software_section.name);
}

bool software_is_name(const char *text)
{
	size_t len = strlen(text);
	return len && len <= NAME_MOST && !strchr("-.~+", *text) && strspn(text, NAME_BYTES) == len;
}

bool software_is_made(const struct software_item *item)
{
	return item->kind != SOFTWARE_APT && item->kind != SOFTWARE_DEB;
}

bool software_is_on(const struct cluster *c, size_t host, const struct software_item *item)
{
	if (!inventory_has_role(c->hosts[host].inv) || !cluster_has_module(c, host, software_section.name))
		return false;
	bool all = !item->on.hosts && !item->on.classes;
	return all || cluster_chosen(c, &item->on, host);
}

int software_arch_of(const struct cluster *c, size_t host)
{
	const struct facts *f = c->hosts[host].facts;
	for (int i = 0; f && i < SOFTWARE_ARCHS; i++)
		if (str_same(f->arch, software_archs[i].name))
			return i;
	return -1;
}

const char *software_link(const struct software *s, const struct software_item *item, size_t arch, struct arena *arena)
{
	return arena_printf(arena, "%s/%s/%s%s%s", s->prefix, item->name, item->version, item->by_arch ? "/" : "",
			    item->by_arch ? software_archs[arch].name : "");
}

/* Unpacking works anywhere; what a program of the software's own installs is for the architecture that it runs on. */
static bool needs_arch(const struct software_item *item)
{
	return item->kind == SOFTWARE_INSTALLER || item->kind == SOFTWARE_SOURCE;
}

static bool can_build(const struct cluster *c, size_t host, const struct software_item *item, size_t arch)
{
	const struct cluster_host *h = &c->hosts[host];
	return h->facts && h->inv->compute && !cluster_is_out(h) && software_arch_of(c, host) == (int)arch &&
	       software_is_on(c, host, item);
}

static bool can_unpack(const struct cluster *c, size_t host, const void *about)
{
	return !cluster_is_out(&c->hosts[host]) && software_can_make_prefix(c, host, about);
}

bool software_can_make_prefix(const struct cluster *c, size_t host, const void *about)
{
	(void)about;
	return c->hosts[host].facts && cluster_has_module(c, host, software_section.name);
}

size_t software_maker(const struct cluster *c, const struct software_item *item, size_t arch)
{
	if (!needs_arch(item))
		return cluster_first(c, can_unpack, NULL);
	for (size_t i = 0; i < c->inv->host_count; i++)
		if (can_build(c, i, item, arch))
			return i;
	return SIZE_MAX;
}

const struct module software_module = {
    .name = "software",
    .summary = "what users run, in versions side by side",
    .section = &software_section,
    .ask = software_ask,
    .ask_more = software_ask_more,
    .take = software_take,
    .settle = software_settle,
    .compile = software_compile,
    .verify = software_verify,
    .prove = software_prove,
    .guide = software_guide,
};
