#include <string.h>

#include "base/str.h"
#include "catalog/kind.h"
#include "catalog/unit-name.h"

enum { TIMEOUT_MAX = 300 };

static void encode(const struct resource *r, json_t *object)
{
	fields_put_text(object, "where", r->mount.where);
	fields_put_flag(object, "gone", r->mount.gone);
	if (r->mount.gone)
		return;
	fields_put_text(object, "source", r->mount.source);
	fields_put_text(object, "fstype", r->mount.fstype);
	fields_put_text(object, "options", r->mount.options);
	fields_put_flag(object, "automount", r->mount.automount);
	json_object_set_new(object, "timeout", json_integer(r->mount.timeout_s));
}

/* One word of a line of a unit file: nothing that systemd would take apart, nor mount(8) for an option. */
static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7F || *p == '\\' || *p == '"' || *p == '\'')
			return false;
	return *text && *text != '-';
}

static const char *take_plain(struct fields *f, const char *key, bool required)
{
	const char *text = fields_text(f, key, required);
	if (text && !f->bad && !is_plain(text))
		fields_fail(f, key, "is not one plain word");
	return text;
}

/* "bind" is not among the file systems: what is mounted there then names something else as its source. */
static bool is_bind(const char *options)
{
	return str_has_item(options, "bind", strncmp) || str_has_item(options, "rbind", strncmp);
}

static void decode(struct fields *f, struct resource *ret)
{
	ret->mount.where = fields_path(f, "where");
	if (!f->bad && (!is_plain(ret->mount.where) ||
			strlen(unit_name(f->arena, ret->mount.where, ".automount")) > UNIT_NAME_BYTES))
		fields_fail(f, "where", "does not fit the name of a unit");
	ret->mount.gone = fields_flag(f, "gone");
	if (ret->mount.gone)
		return;
	ret->mount.source = take_plain(f, "source", true);
	ret->mount.fstype = fields_word(f, "fstype", true);
	ret->mount.options = take_plain(f, "options", false);
	if (!f->bad && is_bind(ret->mount.options))
		fields_fail(f, "options", "asks for a bind mount");
	ret->mount.automount = fields_flag(f, "automount");
	ret->mount.timeout_s = (unsigned)fields_long(f, "timeout", 1, TIMEOUT_MAX);
}

static const char *path(const struct resource *r)
{
	return r->mount.where;
}

struct resource *catalog_mount(struct catalog *c, enum stage stage, const char *where, const char *source,
			       const char *fstype, const char *options, unsigned timeout_s, bool automount)
{
	struct resource *r = kind_add(c, RESOURCE_MOUNT, stage, where);
	r->mount.where = where;
	r->mount.source = source;
	r->mount.fstype = fstype;
	r->mount.options = options;
	r->mount.timeout_s = timeout_s;
	r->mount.automount = automount;
	return r;
}

struct resource *catalog_unmount(struct catalog *c, enum stage stage, const char *where)
{
	struct resource *r = kind_add(c, RESOURCE_MOUNT, stage, where);
	r->mount.where = where;
	r->mount.gone = true;
	return r;
}

const struct kind kind_mount = {.name = "mount", .encode = encode, .decode = decode, .path = path};
