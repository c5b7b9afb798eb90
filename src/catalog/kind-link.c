#include <string.h>

#include "catalog/kind.h"

enum { TARGET_BYTES = 4000 };

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->link.path);
	fields_put_text(object, "target", r->link.target);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->link.path = fields_path(f, "path");
	ret->link.target = fields_text(f, "target", true);
	if (!f->bad && (!*ret->link.target || strlen(ret->link.target) > TARGET_BYTES))
		fields_fail(f, "target", "is empty or too long");
}

static const char *path(const struct resource *r)
{
	return r->link.path;
}

struct resource *catalog_link(struct catalog *c, enum stage stage, const char *at, const char *target)
{
	struct resource *r = kind_add(c, RESOURCE_LINK, stage, at);
	r->link.path = at;
	r->link.target = target;
	return r;
}

const struct kind kind_link = {.name = "link", .encode = encode, .decode = decode, .path = path};
