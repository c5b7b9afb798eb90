#include <string.h>

#include "catalog/kind.h"

enum { NAME_BYTES = 200 }; /* of the last component: what is kept beside it has a longer name */

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->archive.path);
	fields_put_text(object, "digest", r->archive.digest.hex);
	json_object_set_new(object, "size", json_integer((json_int_t)r->archive.size));
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->archive.path = fields_path(f, "path");
	if (!f->bad && strlen(strrchr(ret->archive.path, '/') + 1) > NAME_BYTES)
		fields_fail(f, "path", "has too long a name");
	const char *hex = fields_hex32(f, "digest");
	if (!f->bad)
		digest_parse(hex, &ret->archive.digest);
	ret->archive.size = (size_t)fields_long(f, "size", 0, 1L << 30);
}

static const char *path(const struct resource *r)
{
	return r->archive.path;
}

static bool content(const struct resource *r, struct content *ret)
{
	*ret = (struct content){r->archive.digest, r->archive.content, r->archive.size};
	return true;
}

struct resource *catalog_archive(struct catalog *c, enum stage stage, const char *at, const void *bytes, size_t size)
{
	struct resource *r = kind_add(c, RESOURCE_ARCHIVE, stage, at);
	r->archive.path = at;
	r->archive.content = bytes;
	r->archive.size = size;
	r->archive.digest = digest_of(bytes, size);
	return r;
}

const struct kind kind_archive = {
    .name = "archive", .encode = encode, .decode = decode, .path = path, .content = content};
