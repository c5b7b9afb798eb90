/*
 * What a host gets. The cache has one builder, which is to see what all others see, and no rights there but over the cache: a
 * module file is a program, and whoever may write one is not to be root by it.
 */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "modules/lmod/cache.service.h"
#include "modules/lmod/cache.sh.h"
#include "modules/lmod/cache.timer.h"
#include "modules/lmod/conf.fish.h"
#include "modules/lmod/cshrc.csh.h"
#include "modules/lmod/lmod.h"
#include "modules/lmod/profile.sh.h"
#include "modules/lmod/shell.sh.h"

#define OWN_TREES "/etc/lmod/modules\n/usr/share/lmod/lmod/modulefiles\n"
#define CACHE_RC "/etc/lmod/reeve-cache.lua"
#define CACHE_PROGRAM "/usr/local/libexec/reeve-lmod-cache"

static void put_text(struct catalog *out, const char *path, mode_t mode, const char *text)
{
	catalog_file(out, STAGE_SERVICES, path, "root", "root", mode, text, strlen(text));
}

static void put_built(struct catalog *out, const char *path, const struct strbuf *text)
{
	put_text(out, path, 0644, arena_strndup(out->arena, strbuf_str(text), text->len));
}

static void put_path(const struct lmod *lmod, const char *arch, struct catalog *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "# Written by reeve: where Lmod looks for modules, in this order.\n");
	for (const char *const *p = lmod->modulepath; *p; p++)
		strbuf_addf(&text, "%s\n", lmod_path(*p, arch, out->arena));
	strbuf_adds(&text, OWN_TREES);
	put_built(out, "/etc/lmod/modulespath", &text);
}

static void put_stdenv(const struct lmod *lmod, struct catalog *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_adds(&text, "-- Written by reeve: the module that every login begins with.\n"
			   "help([[The cluster's standard environment.]])\n"
			   "whatis(\"Description: the cluster's standard environment\")\n");
	for (const char *const *name = lmod->load; *name; name++)
		strbuf_addf(&text, "load(\"%s\")\n", *name);
	put_built(out, "/etc/lmod/modules/StdEnv.lua", &text);
}

/* Directories of Debian's packages where there are any; else lines in files of theirs (docs/adr/0066-shells.md). */
static void put_shells(struct catalog *out)
{
	put_text(out, "/etc/profile.d/zz-reeve-lmod.sh", 0644, profile_sh);
	catalog_own_directory(out, STAGE_SERVICES, "/etc/csh/cshrc.d", "root", "root", 0755);
	put_text(out, "/etc/csh/cshrc.d/zz-reeve-lmod", 0644, cshrc_csh);
	catalog_own_directory(out, STAGE_SERVICES, "/etc/fish/conf.d", "root", "root", 0755);
	put_text(out, "/etc/fish/conf.d/zz-reeve-lmod.fish", 0644, conf_fish);
	catalog_block(out, STAGE_SERVICES, "/etc/bash.bashrc", shell_sh);
	catalog_block(out, STAGE_SERVICES, "/etc/zsh/zshenv", shell_sh);
}

static void add_trees(const struct lmod *lmod, struct arena *arena, struct strbuf *out)
{
	static const char *const archs[] = {"x86_64", "aarch64"};
	for (const char *const *p = lmod ? lmod->modulepath : NULL; p && *p; p++)
		for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
			const char *tree = arena_printf(arena, " %s ", lmod_path(*p, archs[i], arena));
			if (!strstr(strbuf_str(out), tree))
				strbuf_adds(out, tree + 1);
		}
}

/* Those of the file and of all classes, of each architecture, each once, whichever hosts there are: some are not there. */
static const char *all_trees(const struct inventory *inv, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	strbuf_adds(&out, " ");
	add_trees(inventory_section(inv, NULL, "lmod"), arena, &out);
	for (size_t i = 0; i < inv->class_count; i++)
		add_trees(inventory_section(inv, &inv->classes[i], "lmod"), arena, &out);
	return arena_strndup(arena, strbuf_str(&out), out.len - 1);
}

static void put_builder(const struct cluster *c, const struct lmod *lmod, const struct lmod_there *there,
			struct catalog *out)
{
	static const char *const inputs[] = {LMOD_UNITS LMOD_CACHE_TIMER, NULL};
	catalog_group(out, STAGE_PREPARE, "lmod-cache", -1, true);
	catalog_user(out, STAGE_PREPARE, "lmod-cache", -1, "lmod-cache", "/nonexistent", "/usr/sbin/nologin", true);
	/* Another builder's has the number that this user has there. */
	catalog_directory(out, STAGE_SERVICES, lmod->cache, "lmod-cache", "lmod-cache", 0755)->directory.ours =
	    there && there->made;
	put_text(out, CACHE_PROGRAM, 0755, cache_sh);
	_cleanup_strbuf_ struct strbuf service = {0};
	strbuf_adds(&service, cache_service);
	strbuf_addf(&service, "ExecStart=" CACHE_PROGRAM " %s%s\nReadWritePaths=%s\n", lmod->cache,
		    all_trees(c->inv, out->arena), lmod->cache);
	put_built(out, LMOD_UNITS LMOD_CACHE_UNIT, &service);
	put_text(out, LMOD_UNITS LMOD_CACHE_TIMER, 0644, cache_timer);
	catalog_service(out, STAGE_SERVICES, LMOD_CACHE_TIMER, true, true, inputs);
}

/* It has built the cache, and another host does. The user and the cache stay. */
static void drop_builder(struct catalog *out)
{
	static const char *const paths[] = {LMOD_UNITS LMOD_CACHE_TIMER, LMOD_UNITS LMOD_CACHE_UNIT, CACHE_PROGRAM};
	catalog_service(out, STAGE_SERVICES, LMOD_CACHE_TIMER, false, false, NULL);
	catalog_service(out, STAGE_SERVICES, LMOD_CACHE_UNIT, false, false, NULL);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		catalog_absent(out, STAGE_SERVICES, paths[i]);
}

static void put_cache(const struct lmod *lmod, struct catalog *out)
{
	_cleanup_strbuf_ struct strbuf rc = {0};
	strbuf_addf(&rc,
		    "-- Written by reeve: Lmod's spider cache, for all hosts.\n"
		    "scDescriptT = { { dir = \"%s\", timestamp = \"%s/timestamp\" } }\n",
		    lmod->cache, lmod->cache);
	put_built(out, CACHE_RC, &rc);
}

void lmod_compile(const struct cluster *c, size_t host, struct catalog *out)
{
	const struct cluster_host *h = &c->hosts[host];
	const struct lmod *lmod = inventory_section(c->inv, h->class, "lmod");
	const struct lmod *all = inventory_section(c->inv, NULL, "lmod");
	static const struct package packages[] = {{"lmod", NULL}};
	size_t first = out->len;
	catalog_packages(out, STAGE_PREPARE, packages, ARRAY_LEN(packages));
	put_path(lmod, h->facts ? h->facts->arch : "", out);
	catalog_own_directory(out, STAGE_SERVICES, "/etc/lmod/modules", "root", "root", 0755);
	put_stdenv(lmod, out);
	put_shells(out);
	const struct lmod_there *there = module_own(h->facts, &lmod_module);
	if (host == lmod_builder(c))
		put_builder(c, all, there, out);
	else if (there && there->builds)
		drop_builder(out);
	if (all->cache)
		put_cache(all, out);
	else
		catalog_absent(out, STAGE_SERVICES, CACHE_RC);
	for (size_t i = first; lmod->at.line && i < out->len; i++)
		out->items[i].origin = lmod->at;
}
