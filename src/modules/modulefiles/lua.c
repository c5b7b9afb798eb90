/* A module file (Lmod's "Lua module functions"). Texts come from cluster.yaml and recipes, where quotes and backslashes are refused. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "modules/modulefiles/modulefiles.h"

static void add_head(const struct modulefile *m, struct strbuf *out)
{
	const char *about = m->of->about ? m->of->about : m->of->name;
	strbuf_addf(out, "-- Written by reeve.\nhelp([==[%s, version %s%s%s]==])\n", about, m->of->version,
		    m->of->home ? "\n" : "", m->of->home ? m->of->home : "");
	strbuf_addf(out, "whatis(\"Name: %s\")\nwhatis(\"Version: %s\")\nwhatis(\"Description: %s\")\n",
		    m->of->module->name, m->of->version, about);
	if (m->of->home)
		strbuf_addf(out, "whatis(\"URL: %s\")\n", m->of->home);
}

static void add_relations(const struct modulefile *m, struct strbuf *out)
{
	const struct installed_module *own = m->of->module;
	if (own->family)
		strbuf_addf(out, "family(\"%s\")\n", own->family);
	for (const char *const *name = own->conflicts; *name; name++)
		strbuf_addf(out, "conflict(\"%s\")\n", *name);
	for (const char *const *name = own->prerequisites; *name; name++)
		strbuf_addf(out, "depends_on(\"%s\")\n", *name);
}

/* Below where it is installed, unless it is absolute. */
static void add_place(const struct modulefile *m, const char *value, struct strbuf *out)
{
	if (*value == '/' || !m->of->root)
		strbuf_addf(out, "\"%s\"", value);
	else if (!*value)
		strbuf_adds(out, "root");
	else
		strbuf_addf(out, "pathJoin(root, \"%s\")", value);
}

static void add_variables(const struct modulefile *m, struct strbuf *out)
{
	const struct installed_module *own = m->of->module;
	/* The last that is prepended comes first. */
	for (size_t i = 0; i < own->path_count; i++) {
		size_t n = 0;
		while (own->paths[i].values[n])
			n++;
		while (n--) {
			strbuf_addf(out, "prepend_path(\"%s\", ", own->paths[i].name);
			add_place(m, own->paths[i].values[n], out);
			strbuf_adds(out, ")\n");
		}
	}
	for (size_t i = 0; i < own->env_count; i++) {
		strbuf_addf(out, "setenv(\"%s\", ", own->env[i].name);
		add_place(m, own->env[i].values[0], out);
		strbuf_adds(out, ")\n");
	}
}

/* A tree that it opens: somebody's `under` is this module, or this version of it. */
static void add_trees(const struct modulefiles *all, const struct modulefile *m, struct strbuf *out)
{
	const char *name = m->of->module->name;
	size_t len = strlen(name);
	bool any = false, own = false;
	for (size_t i = 0; i < all->len; i++) {
		const char *under = all->items[i].of->module->under;
		any |= under && streq(under, name);
		own |= under && str_starts(under, name) && under[len] == '/' && streq(under + len + 1, m->of->version);
	}
	if (any)
		strbuf_addf(out, "prepend_path(\"MODULEPATH\", \"" MODULEFILES_UNDER "/%s\")\n", name);
	if (own)
		strbuf_addf(out, "prepend_path(\"MODULEPATH\", \"" MODULEFILES_UNDER "/%s/%s\")\n", name,
			    m->of->version);
}

const char *modulefile_text(const struct modulefiles *all, const struct modulefile *m, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	add_head(m, &out);
	add_relations(m, &out);
	if (m->of->root)
		strbuf_addf(
		    &out,
		    "local root = \"%s\"\nif mode() == \"load\" and not isDir(root) then\n"
		    "  LmodError(root .. \" is not there: is it being installed, or its file system not mounted?\")\n"
		    "end\n",
		    m->of->root);
	add_variables(m, &out);
	add_trees(all, m, &out);
	return arena_strndup(arena, strbuf_str(&out), out.len);
}
