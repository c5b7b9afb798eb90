#include <string.h>

#include "base/hash.h"
#include "catalog/kind.h"

enum { KEPT_MAX = 4000 };

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "user", r->spool.user);
	fields_put_list(object, "keep", r->spool.keep);
	fields_put_list(object, "products", r->spool.products);
}

static bool is_digest(const char *text)
{
	struct digest ignored;
	return digest_parse(text, &ignored) == 0;
}

static bool is_product(const char *text)
{
	return fields_is_path(text) && product_stem(text);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->spool.user = fields_word(f, "user", true);
	ret->spool.keep = fields_texts(f, "keep", KEPT_MAX, is_digest, "has something that is not a digest");
	ret->spool.products =
	    fields_texts(f, "products", KEPT_MAX, is_product, "has something that is not the path of a product");
	if (!f->bad && strcmp(ret->spool.user, "root") == 0)
		fields_fail(f, "user", "is root");
}

struct resource *catalog_spool(struct catalog *c, enum stage stage, const char *user, const char *const *keep,
			       const char *const *products)
{
	struct resource *r = kind_add(c, RESOURCE_SPOOL, stage, user);
	r->spool.user = user;
	r->spool.keep = keep;
	r->spool.products = products;
	return r;
}

const struct kind kind_spool = {.name = "spool", .encode = encode, .decode = decode};
