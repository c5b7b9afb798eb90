/*
 * The global parameters of slurm.conf that modules want. Each has one owner: two that want the same are found out before
 * anything is touched, since whichever were written the other would not work.
 */
#include "modules/module.h"

#include <strings.h>

#include "base/vec.h"

void params_add(struct module_params *p, const char *key, const char *value)
{
	*vec_push_in(p->arena, p) = (struct module_param){.key = key, .value = value, .owner = p->owner};
}

void params_default(struct module_params *p, const struct inventory *inv, const char *key, const char *value)
{
	if (!inventory_param(inv->params, inv->param_count, key))
		params_add(p, key, value);
}

void params_fallback(struct module_params *p, const struct inventory *inv, const char *key, const char *value)
{
	size_t before = p->len;
	params_default(p, inv, key, value);
	if (p->len > before)
		p->items[before].fallback = true;
}

/* Fallbacks of keys that another module owns. */
static void drop_fallbacks(struct module_params *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->len; i++) {
		bool owned = false;
		for (size_t k = 0; p->items[i].fallback && k < p->len; k++)
			owned |= k != i && !p->items[k].fallback && strcasecmp(p->items[k].key, p->items[i].key) == 0;
		if (!owned)
			p->items[n++] = p->items[i];
	}
	p->len = n;
}

struct module_params modules_params(const struct module *const *table, const struct cluster *c)
{
	struct module_params all = {.arena = c->arena};
	for (const struct module *const *m = table; *m; m++) {
		all.owner = (*m)->name;
		if ((*m)->params && module_enabled(c->inv, *m))
			(*m)->params(c, &all);
	}
	drop_fallbacks(&all);
	return all;
}

/* The first that another module has claimed before; NULL: none. */
static const struct module_param *claimed(const struct module_params *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->items[k].owner != p->items[i].owner && strcasecmp(p->items[k].key, p->items[i].key) == 0)
			return &p->items[k];
	return NULL;
}

void modules_check_params(const struct module *const *table, struct cluster *c)
{
	const struct module_params all = modules_params(table, c);
	for (size_t i = 0; i < all.len; i++) {
		const struct module_param *other = claimed(&all, i);
		if (other)
			finding_add(&c->findings, FINDING_STOP, CODE_PARAM_OWNER, NULL,
				    "the modules %s and %s both set %s in slurm.conf: to '%s' and to '%s'",
				    other->owner, all.items[i].owner, all.items[i].key, other->value,
				    all.items[i].value)
			    ->fix = "leave one of them out of 'modules'";
	}
}
