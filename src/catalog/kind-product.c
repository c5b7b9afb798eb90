#include <string.h>

#include "catalog/kind.h"

enum {
	SOURCES_MAX = 100,
	SCRIPT_BYTES = 256 << 10,
	WORDS_MAX = 64,
	WORD_BYTES = 4096,
	TIMEOUT_S = 7 * 86400,
	UNPACK_S = 1800, /* of one source, with the look at what is in it */
	REST_S = 1800,   /* what is removed and made readable, on a slow file server */
};

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "path", r->product.path);
	fields_put_text(object, "link", r->product.link);
	fields_put_text(object, "user", r->product.user);
	fields_put_flag(object, "gone", r->product.gone);
	if (r->product.gone)
		return;
	json_t *sources = json_array();
	for (size_t i = 0; i < r->product.source_count; i++)
		json_array_append_new(sources, source_encode(&r->product.sources[i]));
	json_object_set_new(object, "sources", sources);
	fields_put_text(object, "digest", r->product.digest->hex);
	fields_put_text(object, "script", r->product.script);
	fields_put_list(object, "run", r->product.run);
	json_object_set_new(object, "timeout", json_integer(r->product.timeout_s));
}

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len && !text[len];
}

/* ".NAME-", in which nobody else makes anything, and the beginning of the digest. */
static void check_path(struct fields *f, const struct resource *r)
{
	size_t stem = product_stem(r->product.path);
	if (!stem || !is_hex(r->product.path + stem, PRODUCT_HEX))
		fields_fail(f, "path", "has not the name of a product's directory");
	else if (!r->product.gone && memcmp(r->product.path + stem, r->product.digest->hex, PRODUCT_HEX) != 0)
		fields_fail(f, "path", "is not that of its digest");
	else if (strlen(strrchr(r->product.link, '/')) > SOURCE_NAME)
		fields_fail(f, "link", "has too long a name");
}

static void take_sources(struct fields *f, struct resource *ret)
{
	const json_t *list = fields_take(f, "sources");
	size_t len = json_array_size(list);
	if (!json_is_array(list) || len > SOURCES_MAX) {
		fields_fail(f, "sources", "is not a list, or too long");
		return;
	}
	struct source *items = arena_calloc(f->arena, len, sizeof *items);
	for (size_t i = 0; i < len && !f->bad; i++) {
		struct fields one = {.object = json_array_get(list, i), .arena = f->arena, .err = f->err};
		source_decode(&one, &items[i]);
		f->bad = one.bad;
		for (size_t k = 0; k < i && !f->bad; k++)
			if (strcmp(items[k].name, items[i].name) == 0)
				fields_fail(f, "sources", "has two of the same name");
	}
	ret->product.sources = items;
	ret->product.source_count = len;
}

static bool is_argument(const char *text)
{
	if (!*text || strlen(text) > WORD_BYTES)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return false;
	return true;
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->product.path = fields_path(f, "path");
	ret->product.link = fields_path(f, "link");
	ret->product.user = fields_word(f, "user", true);
	ret->product.gone = fields_flag(f, "gone");
	if (!f->bad && strcmp(ret->product.user, "root") == 0)
		fields_fail(f, "user", "is root");
	if (!f->bad && !ret->product.gone) {
		ret->product.digest = fields_digest(f, "digest");
		take_sources(f, ret);
		ret->product.script = fields_long_text(f, "script", SCRIPT_BYTES);
		const char *const *run = fields_texts(f, "run", WORDS_MAX, is_argument, "has a bad argument");
		ret->product.run = *run ? run : NULL;
		ret->product.timeout_s = (unsigned)fields_long(f, "timeout", 1, TIMEOUT_S);
	}
	if (!f->bad)
		check_path(f, ret);
}

static const char *path(const struct resource *r)
{
	return r->product.link;
}

static const struct source *source(const struct resource *r, size_t index)
{
	return !r->product.gone && index < r->product.source_count ? &r->product.sources[index] : NULL;
}

static unsigned limit_s(const struct resource *r)
{
	unsigned limit = REST_S + (r->product.script ? r->product.timeout_s : 0);
	for (size_t i = 0; i < r->product.source_count; i++)
		limit += source_limit_s(&r->product.sources[i]) + UNPACK_S;
	return limit;
}

size_t product_stem(const char *at)
{
	const char *name = strrchr(at, '/') + 1, *dash = strrchr(name, '-');
	return name[0] == '.' && dash && dash > name + 1 ? (size_t)(dash + 1 - at) : 0;
}

struct resource *catalog_product(struct catalog *c, enum stage stage, const char *link)
{
	struct resource *r = kind_add(c, RESOURCE_PRODUCT, stage, link);
	r->product.link = link;
	return r;
}

const struct kind kind_product = {
    .name = "product", .encode = encode, .decode = decode, .path = path, .source = source, .limit_s = limit_s};
