/* The section `lmod`. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/lmod/lmod.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-/"
#define ARCH "{arch}"
#define DEB_ARCH "{deb_arch}"

const char *lmod_path(const char *path, const char *arch, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (const char *p = path; *p;) {
		if (str_starts(p, ARCH)) {
			strbuf_adds(&out, arch);
			p += strlen(ARCH);
		} else if (str_starts(p, DEB_ARCH)) {
			strbuf_adds(&out, streq(arch, "x86_64") ? "amd64" : streq(arch, "aarch64") ? "arm64" : arch);
			p += strlen(DEB_ARCH);
		} else {
			strbuf_add(&out, p++, 1);
		}
	}
	return arena_strndup(arena, strbuf_str(&out), out.len);
}

static int read_path(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret)
{
	const char *fault = conf_path_fault(lmod_path(value->text, "arch", r->arena));
	*ret = value->text;
	if (!fault)
		return 0;
	diag_error(r->diags, CONF_PATH_CODE, value->at,
		   strchr(value->text, '{') ? "only {arch} and {deb_arch} stand for something" : NULL, "%s '%.200s' %s",
		   what, value->text, fault);
	return -1;
}

static const char *const *read_trees(struct inv_reader *r, const struct conf_value *value)
{
	const struct conf_value *const *paths;
	size_t count = 0, n = 0;
	if (value)
		conf_texts(value, "modulepath", r->arena, &paths, &count, r->diags);
	const char **list = arena_calloc(r->arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++)
		if (read_path(r, paths[i], "modulepath", &list[n]) == 0)
			n++;
	list[n] = NULL;
	return list;
}

/* Names go into a Lua file between quotes. */
static const char *const *read_load(struct inv_reader *r, const struct conf_value *value)
{
	const struct conf_value *const *names;
	size_t count = 0, n = 0;
	if (value)
		conf_texts(value, "load", r->arena, &names, &count, r->diags);
	const char **list = arena_calloc(r->arena, count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		const char *name = names[i]->text;
		if (*name && *name != '-' && !name[strspn(name, NAME_BYTES)])
			list[n++] = name;
		else
			diag_error(r->diags, LMOD_LOAD_CODE, names[i]->at, NULL, "'%.100s' is not the name of a module",
				   name);
	}
	return list;
}

void *lmod_parse(struct inv_reader *r, const struct conf_value *value)
{
	enum { MODULEPATH, LOAD, CACHE, KEYS };
	static const struct conf_key keys[KEYS + 1] = {
	    [MODULEPATH] = {"modulepath"}, [LOAD] = {"load"}, [CACHE] = {"cache"}};
	const struct conf_value *values[KEYS] = {NULL};
	struct lmod *lmod = arena_alloc(r->arena, sizeof *lmod);
	*lmod = (struct lmod){0};
	if (value && value->kind != CONF_NULL) {
		lmod->at = value->at;
		conf_walk(value, "lmod", keys, values, r->diags);
	}
	lmod->modulepath = read_trees(r, values[MODULEPATH]);
	lmod->load = read_load(r, values[LOAD]);
	if (values[CACHE])
		conf_path(values[CACHE], "cache", &lmod->cache, r->diags);
	return lmod;
}
