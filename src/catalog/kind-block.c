#include <string.h>

#include "catalog/kind.h"

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->block.path);
	fields_put_text(object, "text", r->block.text);
}

/* A mark among the lines would end them too early. */
static void decode(struct fields *f, struct resource *ret)
{
	ret->block.path = fields_path(f, "path");
	ret->block.text = fields_long_text(f, "text", BLOCK_BYTES);
	if (f->bad)
		return;
	if (!ret->block.text) {
		fields_fail(f, "text", "is not a string");
		return;
	}
	size_t len = strlen(ret->block.text);
	if (!len || ret->block.text[len - 1] != '\n')
		fields_fail(f, "text", "is not whole lines");
	else if (strstr(ret->block.text, BLOCK_BEGIN) || strstr(ret->block.text, BLOCK_END))
		fields_fail(f, "text", "has a mark in it");
}

static const char *path(const struct resource *r)
{
	return r->block.path;
}

struct resource *catalog_block(struct catalog *c, enum stage stage, const char *at, const char *text)
{
	struct resource *r = kind_add(c, RESOURCE_BLOCK, stage, at);
	r->block.path = at;
	r->block.text = text;
	return r;
}

const struct kind kind_block = {.name = "block", .encode = encode, .decode = decode, .path = path};
