/* What an inventory has under a name. */
#include "inventory/inventory.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

bool inventory_has_adopted(const struct inventory *inv, const char *digest)
{
	for (size_t i = 0; i < inv->adopted_count; i++)
		if (streq(inv->adopted[i].text, digest))
			return true;
	return false;
}

const char *inventory_param(const struct inv_param *params, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(params[i].key, key) == 0)
			return params[i].value;
	return NULL;
}

const struct inv_host *inventory_host(const struct inventory *inv, const char *name)
{
	size_t low = 0, high = inv->host_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct inv_host *host = &inv->hosts[inv->by_name[middle]];
		int order = strcmp(name, host->name);
		if (!order)
			return host;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct inv_partition *inventory_partition(const struct inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->partition_count; i++)
		if (streq(inv->partitions[i].name, name))
			return &inv->partitions[i];
	return NULL;
}

const struct inv_class *inventory_class(const struct inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->class_count; i++)
		if (streq(inv->classes[i].name, name))
			return &inv->classes[i];
	return NULL;
}

static bool has_word(const char *const *words, const char *word)
{
	for (; *words; words++)
		if (streq(*words, word))
			return true;
	return false;
}

bool inventory_has_role(const struct inv_host *host)
{
	return host->controller || host->compute;
}

bool inventory_is_needed(const struct inv_host *host, const char *module)
{
	return host->needed_by && has_word(host->needed_by, module);
}

bool inventory_takes_part(const struct inv_host *host)
{
	return inventory_has_role(host) || host->needed_by;
}

bool inventory_has_module(const struct inventory *inv, const char *name)
{
	return has_word(inv->modules, name);
}

bool inventory_class_has(const struct inventory *inv, const struct inv_class *class, const char *name)
{
	return has_word(class ? class->modules : inv->common_modules, name);
}

void *inventory_section(const struct inventory *inv, const struct inv_class *class, const char *name)
{
	for (size_t i = 0; inv->sections[i]; i++)
		if (streq(inv->sections[i]->name, name))
			return class ? class->section_values[i] : inv->section_values[i];
	return NULL;
}
