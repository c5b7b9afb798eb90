#include "modules/storage/storage.h"

#include "base/str.h"

const struct inv_section storage_section = {
    .name = "storage",
    .leaves = "its mounts and their units, and " STORAGE_EXPORTS " with what it exports",
    .parse = storage_parse,
};

const struct storage *storage_of(const struct cluster *c)
{
	return inventory_section(c->inv, NULL, storage_section.name);
}

bool storage_mounts(const struct cluster *c, size_t host, const struct storage_nfs *nfs)
{
	if (host == nfs->server || !inventory_has_role(c->hosts[host].inv) ||
	    !cluster_has_module(c, host, storage_section.name))
		return false;
	bool all = !nfs->on.hosts && !nfs->on.classes;
	return all || cluster_chosen(c, &nfs->on, host);
}

bool storage_is_root_there(const struct cluster *c, size_t host, const struct storage_nfs *nfs)
{
	if (host == nfs->server)
		return true;
	if (nfs->root.hosts || nfs->root.classes)
		return cluster_chosen(c, &nfs->root, host);
	return c->inv->hosts[host].controller;
}

const char *storage_server_name(const struct cluster *c, const struct storage_nfs *nfs)
{
	return nfs->server == SIZE_MAX ? nfs->address : c->inv->hosts[nfs->server].name;
}

const char *storage_server_fix(const struct cluster *c, const struct storage_nfs *nfs, struct arena *arena)
{
	return arena_printf(arena,
			    "on %s: `systemctl status %s`; what waits for a hard mount goes on when the server is back",
			    storage_server_name(c, nfs), STORAGE_SERVER_UNIT);
}

bool storage_is_provided(const struct cluster *c, size_t host)
{
	const struct storage_there *t = module_own(c->hosts[host].facts, &storage_module);
	return t && t->provided;
}

const struct module storage_module = {
    .name = "storage",
    .summary = "directories that hosts share, by NFS",
    .section = &storage_section,
    .ask = storage_ask,
    .take = storage_take,
    .settle = storage_settle,
    .diagnoses = &storage_diagnoses,
    .compile = storage_compile,
    .verify = storage_verify,
    .guide = storage_guide,
};
