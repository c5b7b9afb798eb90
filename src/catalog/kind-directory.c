#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->directory.path);
	fields_put_text(object, "owner", r->directory.owner);
	fields_put_text(object, "group", r->directory.group);
	fields_put_mode(object, r->directory.mode);
	fields_put_flag(object, "ours", r->directory.ours);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->directory.path = fields_path(f, "path");
	ret->directory.owner = fields_word(f, "owner", true);
	ret->directory.group = fields_word(f, "group", true);
	ret->directory.mode = fields_mode(f);
	ret->directory.ours = fields_flag(f, "ours");
}

static const char *path(const struct resource *r)
{
	return r->directory.path;
}

struct resource *catalog_directory(struct catalog *c, enum stage stage, const char *at, const char *owner,
				   const char *group, mode_t mode)
{
	struct resource *r = kind_add(c, RESOURCE_DIRECTORY, stage, at);
	r->directory.path = at;
	r->directory.owner = owner;
	r->directory.group = group;
	r->directory.mode = mode;
	return r;
}

struct resource *catalog_own_directory(struct catalog *c, enum stage stage, const char *at, const char *owner,
				       const char *group, mode_t mode)
{
	struct resource *r = catalog_directory(c, stage, at, owner, group, mode);
	r->directory.ours = true;
	return r;
}

const struct kind kind_directory = {.name = "directory", .encode = encode, .decode = decode, .path = path};
