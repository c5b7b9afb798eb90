/* The section `software`. Keys that are not of the section itself are names of software. */
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/software/entry.h"

enum { UID_FIRST = 100, UID_LAST = 2147483647 };

struct section {
	struct software_reading reading;
	struct software *software;
	struct map versions; /* "NAME VERSION" of those that were read */
	struct {
		struct software_item *items;
		size_t len, cap;
	} items;
};

static const char *version_text(const struct software_item *item)
{
	return item->version ? item->version : "of the distribution";
}

static void check_twice(struct section *x, const struct software_item *item)
{
	struct inv_reader *r = x->reading.r;
	const char *key = arena_printf(r->arena, "%s %s", item->name, version_text(item));
	if (map_has(&x->versions, key))
		diag_error(r->diags, SOFTWARE_TWICE_CODE, item->at, NULL, "%s is there twice", key);
	map_set(&x->versions, key, (void *)item->name);
	for (size_t i = 0; item->is_default && i < x->items.len; i++)
		if (x->items.items[i].is_default && streq(x->items.items[i].name, item->name))
			diag_error(r->diags, SOFTWARE_TWICE_CODE, item->at, NULL, "%s has two default versions",
				   item->name);
}

static void add(struct section *x, const char *name, const struct conf_value *value, struct span at)
{
	struct software_item item = {.name = name, .at = at};
	if (entry_read(&x->reading, value, &item) < 0)
		return;
	check_twice(x, &item);
	*vec_push_in(x->reading.r->arena, &x->items) = item;
}

static void read_name(struct section *x, const struct conf_pair *pair)
{
	if (!software_is_name(pair->key)) {
		diag_error(x->reading.r->diags, SOFTWARE_NAME_CODE, pair->at, NULL,
			   "'%.100s' cannot be the name of software: letters, digits and ._+- in it", pair->key);
		return;
	}
	if (pair->value->kind != CONF_LIST) {
		add(x, pair->key, pair->value, pair->at);
		return;
	}
	for (size_t i = 0; i < pair->value->count; i++)
		add(x, pair->key, pair->value->items[i], pair->value->items[i]->at);
}

static const char *read_directory(struct section *x, const struct conf_value *value, const char *what)
{
	struct inv_reader *r = x->reading.r;
	const char *text;
	struct stat st;
	if (!value || conf_text(value, what, &text, r->diags) < 0)
		return NULL;
	const char *path = inventory_beside(r, text);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return path;
	diag_error(r->diags, SOFTWARE_FILE_CODE, value->at, "a path is relative to the directory of this file",
		   "%s: the directory %s does not exist", what, path);
	return NULL;
}

enum { PREFIX, SHARED, FILES, RECIPES, UID, SECTION_KEYS };

static const char *const section_keys[SECTION_KEYS + 1] = {"prefix", "shared", "files", "recipes", "uid"};

static void read_section(struct section *x, const struct conf_value *const *values)
{
	struct inv_reader *r = x->reading.r;
	struct software *s = x->software;
	uint64_t uid;
	x->reading.files = read_directory(x, values[FILES], "'files' of 'software'");
	x->reading.recipes = read_directory(x, values[RECIPES], "'recipes' of 'software'");
	if (values[PREFIX] && conf_path(values[PREFIX], "'prefix' of 'software'", &s->prefix, r->diags) == 0) {
		const char *why = inventory_mount_fault(s->prefix);
		if (why)
			diag_error(r->diags, CONF_PATH_CODE, values[PREFIX]->at, NULL, "'prefix' of 'software': %s %s",
				   s->prefix, why);
	}
	s->shared = inventory_is_shared(r, s->prefix);
	if (values[SHARED])
		conf_bool(values[SHARED], "'shared' of 'software'", &s->shared, r->diags);
	if (values[UID] && conf_int(values[UID], "'uid' of 'software'", UID_FIRST, UID_LAST, &uid, r->diags) == 0)
		s->uid = (unsigned)uid;
}

static int key_index(const char *name)
{
	for (int i = 0; i < SECTION_KEYS; i++)
		if (streq(section_keys[i], name))
			return i;
	return -1;
}

static void read_map(struct section *x, const struct conf_value *value)
{
	const struct conf_value *values[SECTION_KEYS] = {NULL};
	for (size_t i = 0; i < value->count; i++)
		if (key_index(value->pairs[i].key) >= 0)
			values[key_index(value->pairs[i].key)] = value->pairs[i].value;
	read_section(x, values);
	for (size_t i = 0; i < value->count; i++) {
		if (x->items.len >= SOFTWARE_MOST) {
			diag_error(x->reading.r->diags, CONF_TOO_MANY_CODE, value->pairs[i].at, NULL,
				   "more than %d versions of software", SOFTWARE_MOST);
			return;
		}
		if (key_index(value->pairs[i].key) < 0)
			read_name(x, &value->pairs[i]);
	}
}

void *software_parse(struct inv_reader *r, const struct conf_value *value)
{
	struct software *s = arena_alloc(r->arena, sizeof *s);
	struct section x = {.reading = {.r = r}, .software = s};
	*s = (struct software){.prefix = "/opt/software", .uid = SOFTWARE_UID};
	if (r->class) {
		diag_error(r->diags, SOFTWARE_CLASS_CODE, value->at, "on: \"class:NAME\", in the entry",
			   "'software' of a class is true or false: each entry says who has it");
		return s;
	}
	if (!value || value->kind == CONF_NULL)
		return s;
	s->at = value->at;
	if (value->kind != CONF_MAP) {
		diag_error(r->diags, CONF_TYPE_CODE, value->at, "software: { openmpi: }",
			   "'software' should be a map of names, this is %s", conf_kind_name(value));
		return s;
	}
	read_map(&x, value);
	map_free(&x.versions);
	s->items = x.items.items;
	s->count = x.items.len;
	return s;
}
