#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "name", r->user.name);
	fields_put_text(object, "group", r->user.group);
	fields_put_text(object, "home", r->user.home);
	fields_put_text(object, "shell", r->user.shell);
	json_object_set_new(object, "uid", json_integer(r->user.uid));
	json_object_set_new(object, "system", json_boolean(r->user.system));
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->user.name = fields_word(f, "name", true);
	ret->user.group = fields_word(f, "group", true);
	ret->user.home = fields_path(f, "home");
	ret->user.shell = fields_path(f, "shell");
	ret->user.uid = fields_long(f, "uid", -1, 0x7FFFFFFF);
	ret->user.system = fields_bool(f, "system");
}

struct resource *catalog_user(struct catalog *c, enum stage stage, const char *name, long uid, const char *group,
			      const char *home, const char *shell, bool system)
{
	struct resource *r = kind_add(c, RESOURCE_USER, stage, name);
	r->user.name = name;
	r->user.uid = uid;
	r->user.group = group;
	r->user.home = home;
	r->user.shell = shell;
	r->user.system = system;
	return r;
}

const struct kind kind_user = {.name = "user", .encode = encode, .decode = decode};
