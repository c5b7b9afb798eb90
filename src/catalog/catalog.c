#include "catalog/catalog.h"

#include "base/str.h"

struct resource *catalog_find(const struct catalog *c, const char *id)
{
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].id, id))
			return &c->items[i];
	return NULL;
}
