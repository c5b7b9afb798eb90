#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "name", r->group.name);
	json_object_set_new(object, "gid", json_integer(r->group.gid));
	json_object_set_new(object, "system", json_boolean(r->group.system));
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->group.name = fields_word(f, "name", true);
	ret->group.gid = fields_long(f, "gid", -1, 0x7FFFFFFF);
	ret->group.system = fields_bool(f, "system");
}

struct resource *catalog_group(struct catalog *c, enum stage stage, const char *name, long gid, bool system)
{
	struct resource *r = kind_add(c, RESOURCE_GROUP, stage, name);
	r->group.name = name;
	r->group.gid = gid;
	r->group.system = system;
	return r;
}

const struct kind kind_group = {.name = "group", .encode = encode, .decode = decode};
