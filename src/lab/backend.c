#include "lab/backend.h"

#include "base/str.h"

const struct backend *const backends[] = {&backend_nspawn, &backend_uml, NULL};

const struct backend *backend_named(const char *name)
{
	for (size_t i = 0; backends[i]; i++)
		if (streq(backends[i]->name, name))
			return backends[i];
	return NULL;
}

const struct backend *backend_of_node(const struct lab_node *n)
{
	return n->backend ? backend_named(n->backend) : backends[0];
}
