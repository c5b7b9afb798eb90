#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->file.path);
	fields_put_text(object, "owner", r->file.owner);
	fields_put_text(object, "group", r->file.group);
	fields_put_mode(object, r->file.mode);
	fields_put_flag(object, "over_link", r->file.over_link);
	if (r->file.secret) {
		fields_put_text(object, "secret", r->file.secret);
		fields_put_text(object, "fingerprint", r->file.fingerprint);
		fields_put_text(object, "salt", r->file.salt);
	} else {
		fields_put_text(object, "digest", r->file.digest->hex);
		json_object_set_new(object, "size", json_integer((json_int_t)r->file.size));
	}
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->file.path = fields_path(f, "path");
	ret->file.owner = fields_word(f, "owner", true);
	ret->file.group = fields_word(f, "group", true);
	ret->file.mode = fields_mode(f);
	ret->file.over_link = fields_flag(f, "over_link");
	ret->file.secret = fields_word(f, "secret", false);
	if (ret->file.secret) {
		ret->file.fingerprint = fields_hex32(f, "fingerprint");
		ret->file.salt = fields_hex32(f, "salt");
		return;
	}
	ret->file.digest = fields_digest(f, "digest");
	ret->file.size = (size_t)fields_long(f, "size", 0, 1L << 30);
}

static const char *path(const struct resource *r)
{
	return r->file.path;
}

static bool content(const struct resource *r, struct content *ret)
{
	if (!r->file.secret)
		*ret = (struct content){*r->file.digest, r->file.content, r->file.size};
	return !r->file.secret;
}

static const char *secret(const struct resource *r)
{
	return r->file.secret;
}

static struct resource *add(struct catalog *c, enum stage stage, const char *at, const char *owner, const char *group,
			    mode_t mode)
{
	struct resource *r = kind_add(c, RESOURCE_FILE, stage, at);
	r->file.path = at;
	r->file.owner = owner;
	r->file.group = group;
	r->file.mode = mode;
	return r;
}

struct resource *catalog_file(struct catalog *c, enum stage stage, const char *at, const char *owner, const char *group,
			      mode_t mode, const void *bytes, size_t size)
{
	struct resource *r = add(c, stage, at, owner, group, mode);
	r->file.content = bytes;
	r->file.size = size;
	r->file.digest = digests_of(c->digests, bytes, size, c->arena);
	return r;
}

struct resource *catalog_secret(struct catalog *c, enum stage stage, const char *at, const char *owner,
				const char *group, mode_t mode, const char *name, const char *fingerprint,
				const char *salt)
{
	struct resource *r = add(c, stage, at, owner, group, mode);
	r->file.secret = name;
	r->file.fingerprint = fingerprint;
	r->file.salt = salt;
	return r;
}

const struct kind kind_file = {
    .name = "file", .encode = encode, .decode = decode, .path = path, .content = content, .secret = secret};
