/* What an entry or a recipe says for the module file: it goes into a Lua file between quotes. */
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/software/entry.h"

enum { NAME, PATHS, ENV, FAMILY, CONFLICT, PREREQUISITES, UNDER, MODULE_KEYS };

static const struct conf_key keys[MODULE_KEYS + 1] = {
    [NAME] = {"name"},     [PATHS] = {"paths"},       [ENV] = {"env"},
    [FAMILY] = {"family"}, [CONFLICT] = {"conflict"}, [PREREQUISITES] = {"prerequisites"},
    [UNDER] = {"under"},
};

static bool is_variable(const char *name)
{
	static const char bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	return *name && !strchr("0123456789", *name) && !name[strspn(name, bytes)];
}

/* Relative to where it is installed, or absolute; nothing that climbs out. */
static bool is_place(const char *text)
{
	return strlen(text) < 500 && !strstr(text, "..") &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
				  "STUVWXYZ0123456789._+~@:/-")];
}

static size_t read_variables(const struct entry *e, struct entry_value v, const char *key,
			     const struct installed_variable **ret)
{
	VEC(struct installed_variable) all = {0};
	const char *what = arena_printf(e->x->r->arena, "'%s' of the module of %s", key, e->what);
	if (v.value && v.value->kind != CONF_MAP)
		diag_error(v.diags, CONF_TYPE_CODE, v.value->at, "PATH: [bin]",
			   "%s should be a map of variables, this is %s", what, conf_kind_name(v.value));
	for (size_t i = 0; v.value && v.value->kind == CONF_MAP && i < v.value->count; i++) {
		const struct conf_pair *pair = &v.value->pairs[i];
		struct entry_value own = {pair->value, v.diags};
		const char *const *values =
		    entry_texts(e, own, arena_printf(e->x->r->arena, "%s in %s", pair->key, what));
		bool good = is_variable(pair->key) && *values;
		for (const char *const *text = values; *text; text++)
			good &= is_place(*text);
		if (good)
			*vec_push_in(e->x->r->arena, &all) = (struct installed_variable){pair->key, values};
		else
			diag_error(v.diags, SOFTWARE_NAME_CODE, pair->at, NULL,
				   "%s: '%.100s' is not a variable with a path for its value", what, pair->key);
	}
	*ret = all.items;
	return all.len;
}

static const char *const *read_names(const struct entry *e, struct entry_value v, const char *key)
{
	const char *const *names = entry_texts(e, v, entry_what(e, key));
	for (const char *const *name = names; v.value && *name; name++)
		for (const char *part = *name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
			if (!software_is_name(arena_strndup(e->x->r->arena, part, strcspn(part, "/"))))
				diag_error(v.diags, SOFTWARE_NAME_CODE, v.value->at, NULL,
					   "'%s' of the module of %s: '%.100s' is not the name of a module", key,
					   e->what, *name);
	return names;
}

void entry_read_module(const struct entry *e)
{
	struct entry_value v = entry_value(e, ENTRY_MODULE);
	const struct conf_value *values[MODULE_KEYS] = {NULL};
	struct installed_module *m = &e->item->module;
	if (v.value)
		conf_walk(v.value, entry_what(e, "module"), keys, values, v.diags);
#define OF(key) ((struct entry_value){values[key], v.diags})
	const char *const *name = read_names(e, OF(NAME), "name"), *const *family = read_names(e, OF(FAMILY), "family");
	m->name = *name ? *name : e->item->name;
	m->family = *family;
	m->under = *read_names(e, OF(UNDER), "under");
	m->conflicts = read_names(e, OF(CONFLICT), "conflict");
	m->prerequisites = read_names(e, OF(PREREQUISITES), "prerequisites");
	m->path_count = read_variables(e, OF(PATHS), "paths", &m->paths);
	m->env_count = read_variables(e, OF(ENV), "env", &m->env);
#undef OF
}
