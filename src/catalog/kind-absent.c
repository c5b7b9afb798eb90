#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->absent.path);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->absent.path = fields_path(f, "path");
}

static const char *path(const struct resource *r)
{
	return r->absent.path;
}

struct resource *catalog_absent(struct catalog *c, enum stage stage, const char *at)
{
	struct resource *r = kind_add(c, RESOURCE_ABSENT, stage, at);
	r->absent.path = at;
	return r;
}

const struct kind kind_absent = {.name = "absent", .encode = encode, .decode = decode, .path = path};
