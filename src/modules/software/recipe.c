/* Recipes: what the program brings is part of it; the operator's own lie in a directory beside cluster.yaml. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "modules/software/entry.h"

static const struct conf_key keys[RECIPE_KEYS + 1] = {
    ENTRY_COMMON_KEYS,        [RECIPE_NAME] = {"recipe", true}, [RECIPE_ABOUT] = {"about", true},
    [RECIPE_HOME] = {"home"}, [RECIPE_SEEN] = {"seen"},         [RECIPE_NOTE] = {"note"},
};

static struct recipe *read_recipe(struct arena *arena, const char *name, const char *file, const char *text, size_t len)
{
	struct recipe *recipe = xcalloc(1, sizeof *recipe);
	recipe->name = name;
	diags_init(&recipe->diags, file, text, len);
	const struct conf_value *root = conf_parse(text, len, arena, &recipe->diags);
	if (root)
		conf_walk(root, "a recipe", keys, recipe->values, &recipe->diags);
	const struct conf_value *said = recipe->values[RECIPE_NAME];
	if (said && !streq(said->text, name))
		diag_error(&recipe->diags, SOFTWARE_RECIPE_CODE, said->at, NULL,
			   "the recipe '%.100s' is in the file of '%s'", said->text, name);
	return recipe;
}

static struct recipe *read_own(const struct software_reading *x, const char *name)
{
	struct arena *a = x->r->arena;
	const char *path = arena_printf(a, "%s/%s.yaml", x->recipes, name), *text;
	struct err err = {0};
	size_t len;
	if (access(path, F_OK) < 0)
		return NULL;
	if (conf_read(path, a, &text, &len, &err) == 0)
		return read_recipe(a, name, path, text, len);
	static const struct span start = {1, 1, 1};
	struct recipe *unread = xcalloc(1, sizeof *unread);
	diags_init(&unread->diags, path, "", 0);
	diag_error(&unread->diags, SOFTWARE_RECIPE_CODE, start, NULL, "%s", err.text);
	return unread;
}

struct recipe *recipe_find(const struct software_reading *x, const char *name)
{
	struct recipe *own = x->recipes ? read_own(x, name) : NULL;
	if (own)
		return own;
	for (const struct software_recipe *r = software_recipes; r->name; r++)
		if (streq(r->name, name))
			return read_recipe(x->r->arena, r->name, arena_printf(x->r->arena, "recipes/%s.yaml", name),
					   r->text, strlen(r->text));
	return NULL;
}

void recipe_free(struct recipe *recipe)
{
	if (!recipe)
		return;
	diags_free(&recipe->diags);
	free(recipe);
}

const char *const *recipe_names(struct arena *arena)
{
	VEC(const char *) names = {0};
	for (const struct software_recipe *r = software_recipes; r->name; r++)
		*vec_push_in(arena, &names) = r->name;
	*vec_push_in(arena, &names) = NULL;
	return names.items;
}

const char *recipe_fault(const struct recipe *recipe, struct arena *arena)
{
	for (size_t i = 0; i < recipe->diags.len; i++) {
		const struct diag *d = &recipe->diags.items[i];
		if (d->severity == DIAG_ERROR)
			return arena_printf(arena, "%s:%u:%u: %s", recipe->diags.file, d->at.line, d->at.column,
					    d->message);
	}
	return NULL;
}
