/*
 * What modules ask of hosts for themselves. Each sees its own items only: the name of one is "MODULE.NAME" on its way and
 * "NAME" for the module.
 */
#include "modules/module.h"

#include <string.h>

#include "base/str.h"

/* Its items under names that are its own in the request; steals `items`. */
static void add_items(json_t *all, const struct module *m, json_t *items)
{
	size_t i;
	json_t *item;
	json_array_foreach(items, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		json_object_set_new(item, "name", json_sprintf("%s.%s", m->name, name));
	}
	json_array_extend(all, items);
	json_decref(items);
}

static json_t *ask(const struct inventory *inv, const struct inv_host *host, bool facts)
{
	json_t *all = json_array();
	for (const struct module *const *m = modules; *m; m++) {
		bool asks = (*m)->ask && module_enabled(inv, *m) && (!facts || (*m)->measure);
		json_t *items = asks ? json_array() : NULL;
		if (!items)
			continue;
		(*m)->ask(inv, host, items);
		add_items(all, *m, items);
	}
	return all;
}

json_t *modules_ask(const struct inventory *inv, const struct inv_host *host)
{
	return ask(inv, host, false);
}

json_t *modules_ask_facts(const struct inventory *inv, const struct inv_host *host)
{
	return ask(inv, host, true);
}

/* The answers whose names begin with the module's, without that. */
static json_t *answers_for(const struct module *m, const json_t *items)
{
	json_t *own = json_object(), *answer;
	const char *name;
	size_t len = strlen(m->name);
	json_object_foreach((json_t *)items, name, answer)
	{
		if (str_starts(name, m->name) && name[len] == '.')
			json_object_set(own, name + len + 1, answer);
	}
	return own;
}

json_t *modules_ask_more(const struct inventory *inv, const struct inv_host *host, const json_t *items)
{
	json_t *all = json_array();
	for (const struct module *const *m = modules; *m; m++) {
		if (!(*m)->ask_more || !module_enabled(inv, *m))
			continue;
		json_t *answers = answers_for(*m, items), *more = json_array();
		(*m)->ask_more(inv, host, answers, more);
		add_items(all, *m, more);
		json_decref(answers);
	}
	if (json_array_size(all))
		return all;
	json_decref(all);
	return NULL;
}

int modules_take(const json_t *items, struct arena *arena, void *const **ret, struct err *err)
{
	void **own = arena_calloc(arena, MODULES_MAX, sizeof *own);
	int rc = 0;
	for (size_t i = 0; modules[i] && rc == 0; i++) {
		if (!modules[i]->take)
			continue;
		json_t *answers = answers_for(modules[i], items);
		struct err why = {0};
		own[i] = json_object_size(answers) ? modules[i]->take(answers, arena, &why) : NULL;
		json_decref(answers);
		if (!own[i] && why.code != ERR_NONE) {
			*err = why;
			rc = err_wrap(err, "of its module %s", modules[i]->name);
		}
	}
	*ret = own;
	return rc;
}

void modules_measure(struct facts *facts)
{
	for (const struct module *const *m = modules; *m; m++) {
		const void *own = (*m)->measure ? module_own(facts, *m) : NULL;
		if (own)
			(*m)->measure(own, facts);
	}
}

void *module_own(const struct facts *facts, const struct module *module)
{
	size_t i = module_index(module->name);
	return facts && facts->own && i < MODULES_MAX ? facts->own[i] : NULL;
}

void modules_settle(struct cluster *c)
{
	for (const struct module *const *m = modules; *m; m++)
		if ((*m)->settle && module_enabled(c->inv, *m))
			(*m)->settle(c);
	modules_check_params(modules, c);
}

const struct diagnoses *const *modules_diagnoses(const struct inventory *inv, struct arena *arena)
{
	const struct diagnoses **list = arena_calloc(arena, MODULES_MAX + 1, sizeof *list);
	size_t n = 0;
	for (const struct module *const *m = modules; *m; m++)
		if ((*m)->diagnoses && module_enabled(inv, *m))
			list[n++] = (*m)->diagnoses;
	return list;
}
