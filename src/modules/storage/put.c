/* Servers, mounts, and the list of mounts that a host was given, which comes behind all of them. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "catalog/unit-name.h"
#include "modules/storage/storage.h"

#define RETRY_FILE "/etc/systemd/system/" STORAGE_RETRY_UNIT

struct putting {
	const struct cluster *c;
	const struct storage *storage;
	const struct storage_there *there;
	size_t host;
	struct catalog *out;
};

static const char *keep(const struct putting *p, const struct strbuf *text)
{
	return arena_strndup(p->out->arena, strbuf_str(text), text->len);
}

/* exports(5): a line for each directory, and on it who may mount it, by address. */
static void put_export(const struct putting *p, const struct storage_nfs *nfs, struct strbuf *text)
{
	bool any = false;
	for (size_t i = 0; i < p->c->inv->host_count; i++) {
		if (!storage_mounts(p->c, i, nfs))
			continue;
		strbuf_addf(text, "%s %s(%s,sync,no_subtree_check,%s)", any ? "" : nfs->export,
			    p->c->inv->hosts[i].slurm_address, nfs->readonly ? "ro" : "rw",
			    storage_is_root_there(p->c, i, nfs) ? "no_root_squash" : "root_squash");
		any = true;
	}
	if (any)
		strbuf_adds(text, "\n");
}

static void put_server(const struct putting *p)
{
	static const struct package packages[] = {{"nfs-kernel-server", NULL}};
	static const char *const inputs[] = {STORAGE_EXPORTS, NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "# Written by reeve from cluster.yaml: change it there and run `reeve apply`.\n");
	size_t before = text.len;
	for (size_t i = 0; i < p->storage->count; i++) {
		const struct storage_nfs *nfs = &p->storage->nfs[i];
		if (nfs->server != p->host)
			continue;
		catalog_directory(p->out, STAGE_SERVERS, nfs->export, "root", "root", 0755)->origin = nfs->at;
		if (!streq(nfs->export, nfs->mount))
			catalog_link(p->out, STAGE_SERVERS, nfs->mount, nfs->export)->origin = nfs->at;
		put_export(p, nfs, &text);
	}
	/* A host that exports nothing any more says so to its server, and not only to whoever reads cluster.yaml. */
	if (text.len == before && !(p->there && p->there->exported))
		return;
	catalog_packages(p->out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
	catalog_file(p->out, STAGE_SERVERS, STORAGE_EXPORTS, "root", "root", 0644, keep(p, &text), text.len);
	/* Its reload is exportfs(8) -r: who has mounted something keeps it. */
	catalog_service(p->out, STAGE_SERVERS, STORAGE_SERVER_UNIT, true, true, inputs)->service.reload = true;
}

static void put_mounts(const struct putting *p, struct strbuf *list)
{
	static const struct package packages[] = {{"nfs-common", NULL}};
	for (size_t i = 0; i < p->storage->count; i++) {
		const struct storage_nfs *nfs = &p->storage->nfs[i];
		if (!storage_mounts(p->c, p->host, nfs))
			continue;
		if (!list->len)
			catalog_packages(p->out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
		catalog_mount(p->out, STAGE_MOUNTS, nfs->mount, nfs->source, "nfs", nfs->options, STORAGE_TIMEOUT_S,
			      nfs->automount)
		    ->origin = nfs->at;
		strbuf_addf(list, "%s\n", nfs->mount);
	}
}

/* As a word of ExecStart=, where a backslash begins an escape. */
static void add_word(struct strbuf *text, const char *unit)
{
	strbuf_adds(text, " ");
	for (; *unit; unit++)
		strbuf_addf(text, "%s%c", *unit == '\\' ? "\\" : "", *unit);
}

/*
 * A mount whose server was off when its host booted has failed, and systemd does not try it again: this does, until all are
 * there. It is done at once where they are.
 */
static void put_retry(const struct putting *p)
{
	static const char *const inputs[] = {RETRY_FILE, NULL};
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < p->storage->count; i++)
		if (storage_mounts(p->c, p->host, &p->storage->nfs[i]))
			add_word(&text, unit_name(p->out->arena, p->storage->nfs[i].mount,
						  p->storage->nfs[i].automount ? ".automount" : ".mount"));
	const char *unit = arena_printf(p->out->arena,
					"# Written by reeve.\n[Unit]\nDescription=Mounts of cluster.yaml\n"
					"Wants=network-online.target\nAfter=network-online.target\n"
					"StartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
					"ExecStart=/usr/bin/systemctl start%s\nRestart=on-failure\nRestartSec=10\n"
					"[Install]\nWantedBy=multi-user.target\n",
					strbuf_str(&text));
	catalog_file(p->out, STAGE_MOUNTS, RETRY_FILE, "root", "root", 0644, unit, strlen(unit));
	catalog_service(p->out, STAGE_MOUNTS, STORAGE_RETRY_UNIT, true, true, inputs);
}

static void drop_retry(const struct putting *p)
{
	catalog_service(p->out, STAGE_MOUNTS, STORAGE_RETRY_UNIT, false, false, NULL);
	catalog_absent(p->out, STAGE_MOUNTS, RETRY_FILE);
}

static bool is_mounted_still(const struct putting *p, const char *path)
{
	for (size_t i = 0; i < p->storage->count; i++)
		if (storage_mounts(p->c, p->host, &p->storage->nfs[i]) && streq(p->storage->nfs[i].mount, path))
			return true;
	return false;
}

void storage_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	struct putting p = {.c = c,
			    .storage = storage_of(c),
			    .there = module_own(c->hosts[host].facts, &storage_module),
			    .host = host,
			    .out = out};
	if (!p.storage || storage_is_provided(c, host))
		return;
	put_server(&p);
	for (size_t i = 0; p.there && p.there->given[i]; i++)
		if (!is_mounted_still(&p, p.there->given[i]))
			catalog_unmount(out, STAGE_MOUNTS, p.there->given[i]);
	put_mounts(&p, &list);
	if (list.len)
		put_retry(&p);
	else if (p.there && *p.there->given)
		drop_retry(&p);
	catalog_file(out, STAGE_MOUNTS, STORAGE_LIST, "root", "root", 0644, keep(&p, &list), list.len);
}
