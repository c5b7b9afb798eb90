#include "catalog/kind.h"

enum { GROUPS_MAX = 200 };

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "name", r->user.name);
	json_object_set_new(object, "uid", json_integer(r->user.uid));
	fields_put_flag(object, "locked", r->user.locked);
	if (r->user.locked)
		return;
	fields_put_text(object, "group", r->user.group);
	fields_put_text(object, "home", r->user.home);
	fields_put_text(object, "shell", r->user.shell);
	fields_put_flag(object, "system", r->user.system);
	fields_put_flag(object, "no_subids", r->user.no_subids);
	fields_put_list(object, "groups", r->user.groups);
	fields_put_list(object, "not_groups", r->user.not_groups);
	fields_put_text(object, "secret", r->user.secret);
	fields_put_text(object, "fingerprint", r->user.fingerprint);
	fields_put_text(object, "salt", r->user.salt);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->user.name = fields_word(f, "name", true);
	ret->user.uid = fields_long(f, "uid", -1, 0x7FFFFFFF);
	ret->user.locked = fields_flag(f, "locked");
	if (ret->user.locked)
		return;
	ret->user.group = fields_word(f, "group", true);
	ret->user.home = fields_path(f, "home");
	ret->user.shell = fields_path(f, "shell");
	ret->user.system = fields_flag(f, "system");
	ret->user.no_subids = fields_flag(f, "no_subids");
	ret->user.groups = fields_words(f, "groups", GROUPS_MAX);
	ret->user.not_groups = fields_words(f, "not_groups", GROUPS_MAX);
	ret->user.secret = fields_word(f, "secret", false);
	if (!ret->user.secret)
		return;
	ret->user.fingerprint = fields_hex32(f, "fingerprint");
	ret->user.salt = fields_hex32(f, "salt");
}

static const char *secret(const struct resource *r)
{
	return r->user.secret;
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

struct resource *catalog_locked_user(struct catalog *c, enum stage stage, const char *name, long uid)
{
	struct resource *r = kind_add(c, RESOURCE_USER, stage, name);
	r->user.name = name;
	r->user.uid = uid;
	r->user.locked = true;
	return r;
}

const struct kind kind_user = {.name = "user", .encode = encode, .decode = decode, .secret = secret};
