#include "catalog/kind.h"

enum { PACKAGES_MAX = 1000 };

static void encode(const struct resource *r, json_t *object)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->packages.len; i++) {
		json_t *p = json_object();
		fields_put_text(p, "name", r->packages.items[i].name);
		fields_put_text(p, "version", r->packages.items[i].version);
		if (r->packages.items[i].deb)
			json_object_set_new(p, "deb", source_encode(r->packages.items[i].deb));
		json_array_append_new(list, p);
	}
	json_object_set_new(object, "packages", list);
}

/* apt takes a file for a package by the end of its name, and its version is what a host is judged by. */
static const struct source *take_deb(struct fields *p, const char *version)
{
	const json_t *object = fields_take(p, "deb");
	if (!object || p->bad)
		return NULL;
	struct fields f = {.object = object, .arena = p->arena, .err = p->err};
	struct source *deb = arena_alloc(p->arena, sizeof *deb);
	source_decode(&f, deb);
	p->bad = f.bad;
	if (!version)
		fields_fail(p, "deb", "has no version");
	return deb;
}

static void decode(struct fields *f, struct resource *ret)
{
	const json_t *list = fields_take(f, "packages");
	size_t len = json_array_size(list);
	if (!json_is_array(list) || len > PACKAGES_MAX) {
		fields_fail(f, "packages", "is not a list, or too long");
		return;
	}
	struct package *items = arena_calloc(f->arena, len, sizeof *items);
	for (size_t i = 0; i < len; i++) {
		struct fields p = {.object = json_array_get(list, i), .arena = f->arena, .err = f->err};
		items[i].name = fields_word(&p, "name", true);
		items[i].version = fields_word(&p, "version", false);
		items[i].deb = take_deb(&p, items[i].version);
		fields_end(&p, "packages");
		if (p.bad) {
			f->bad = true;
			return;
		}
	}
	ret->packages.items = items;
	ret->packages.len = len;
}

static const struct source *source(const struct resource *r, size_t index)
{
	for (size_t i = 0; i < r->packages.len; i++)
		if (r->packages.items[i].deb && index-- == 0)
			return r->packages.items[i].deb;
	return NULL;
}

static unsigned limit_s(const struct resource *r)
{
	unsigned limit = 0;
	const struct source *deb;
	for (size_t i = 0; (deb = source(r, i)); i++)
		limit += source_limit_s(deb);
	return limit;
}

struct resource *catalog_packages(struct catalog *c, enum stage stage, const struct package *items, size_t len)
{
	struct resource *r = kind_add(c, RESOURCE_PACKAGES, stage, len ? items[0].name : "none");
	r->packages.items = items;
	r->packages.len = len;
	return r;
}

const struct kind kind_packages = {
    .name = "packages", .encode = encode, .decode = decode, .source = source, .limit_s = limit_s};
