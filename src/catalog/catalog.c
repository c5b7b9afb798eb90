#include "catalog/catalog.h"

#include "base/str.h"
#include "base/vec.h"

static struct resource *add(struct catalog *c, enum resource_type type, enum stage stage, const char *subject)
{
	struct resource *r = vec_push_in(c->arena, c);
	*r = (struct resource){
	    .id = arena_printf(c->arena, "%s:%s", resource_type_name(type), subject),
	    .type = type,
	    .stage = stage,
	};
	return r;
}

struct resource *catalog_packages(struct catalog *c, enum stage stage, const struct package *items, size_t len)
{
	struct resource *r = add(c, RESOURCE_PACKAGES, stage, len ? items[0].name : "none");
	r->packages.items = items;
	r->packages.len = len;
	return r;
}

struct resource *catalog_file(struct catalog *c, enum stage stage, const char *path, const char *owner,
			      const char *group, mode_t mode, const void *content, size_t size)
{
	struct resource *r = add(c, RESOURCE_FILE, stage, path);
	r->file.path = path;
	r->file.owner = owner;
	r->file.group = group;
	r->file.mode = mode;
	r->file.content = content;
	r->file.size = size;
	r->file.digest = digest_of(content, size);
	return r;
}

struct resource *catalog_secret(struct catalog *c, enum stage stage, const char *path, const char *owner,
				const char *group, mode_t mode, const char *secret, const char *fingerprint,
				const char *salt)
{
	struct resource *r = add(c, RESOURCE_FILE, stage, path);
	r->file.path = path;
	r->file.owner = owner;
	r->file.group = group;
	r->file.mode = mode;
	r->file.secret = secret;
	r->file.fingerprint = fingerprint;
	r->file.salt = salt;
	return r;
}

struct resource *catalog_directory(struct catalog *c, enum stage stage, const char *path, const char *owner,
				   const char *group, mode_t mode)
{
	struct resource *r = add(c, RESOURCE_DIRECTORY, stage, path);
	r->directory.path = path;
	r->directory.owner = owner;
	r->directory.group = group;
	r->directory.mode = mode;
	return r;
}

struct resource *catalog_own_directory(struct catalog *c, enum stage stage, const char *path, const char *owner,
				       const char *group, mode_t mode)
{
	struct resource *r = catalog_directory(c, stage, path, owner, group, mode);
	r->directory.ours = true;
	return r;
}

struct resource *catalog_link(struct catalog *c, enum stage stage, const char *path, const char *target)
{
	struct resource *r = add(c, RESOURCE_LINK, stage, path);
	r->link.path = path;
	r->link.target = target;
	return r;
}

struct resource *catalog_service(struct catalog *c, enum stage stage, const char *unit, enum tristate enabled,
				 enum tristate running, const char *const *inputs)
{
	struct resource *r = add(c, RESOURCE_SERVICE, stage, unit);
	r->service.unit = unit;
	r->service.enabled = enabled;
	r->service.running = running;
	r->service.inputs = inputs;
	return r;
}

struct resource *catalog_absent(struct catalog *c, enum stage stage, const char *path)
{
	struct resource *r = add(c, RESOURCE_ABSENT, stage, path);
	r->absent.path = path;
	return r;
}

struct resource *catalog_group(struct catalog *c, enum stage stage, const char *name, long gid, bool system)
{
	struct resource *r = add(c, RESOURCE_GROUP, stage, name);
	r->group.name = name;
	r->group.gid = gid;
	r->group.system = system;
	return r;
}

struct resource *catalog_user(struct catalog *c, enum stage stage, const char *name, long uid, const char *group,
			      const char *home, const char *shell, bool system)
{
	struct resource *r = add(c, RESOURCE_USER, stage, name);
	r->user.name = name;
	r->user.uid = uid;
	r->user.group = group;
	r->user.home = home;
	r->user.shell = shell;
	r->user.system = system;
	return r;
}

struct resource *catalog_find(const struct catalog *c, const char *id)
{
	for (size_t i = 0; i < c->len; i++)
		if (streq(c->items[i].id, id))
			return &c->items[i];
	return NULL;
}
