#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->home.path);
	fields_put_text(object, "user", r->home.user);
	fields_put_flag(object, "shared", r->home.shared);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->home.path = fields_path(f, "path");
	ret->home.user = fields_word(f, "user", true);
	ret->home.shared = fields_flag(f, "shared");
}

static const char *path(const struct resource *r)
{
	return r->home.path;
}

struct resource *catalog_home(struct catalog *c, enum stage stage, const char *at, const char *user, bool shared)
{
	struct resource *r = kind_add(c, RESOURCE_HOME, stage, at);
	r->home.path = at;
	r->home.user = user;
	r->home.shared = shared;
	return r;
}

const struct kind kind_home = {.name = "home", .encode = encode, .decode = decode, .path = path};
