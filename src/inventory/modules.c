/*
 * Modules: which are enabled, what their sections say, and what classes choose of both. Without `modules` a module is
 * enabled by its section: the file's for every host, a class's for the hosts of that class. A key of a class's section
 * takes the place of the file's key as a whole, so that each section still has one parser and one form.
 */
#include <string.h>

#include "base/str.h"
#include "inventory/build.h"

const char *const build_unsupported[] = {"time",       "storage", "accounting", "software", "modulefiles",
					 "containers", "scratch", "monitoring", NULL};

/* `modules` as it was written. */
struct module_list {
	const struct conf_value *const *texts;
	size_t count;
	bool given;
};

static bool is_listed(const struct module_list *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(list->texts[i]->text, name))
			return true;
	return false;
}

static void check_module(struct build *b, const struct conf_value *value, const char *const *known)
{
	if (!known[0])
		return; /* nobody said which there are */
	for (size_t i = 0; known[i]; i++)
		if (streq(value->text, known[i]))
			return;
	for (size_t i = 0; build_unsupported[i]; i++)
		if (streq(value->text, build_unsupported[i])) {
			diag_error(b->diags, INV_NOT_SUPPORTED_CODE, value->at, NULL,
				   "the module '%s' is not supported by this version of reeve", value->text);
			return;
		}
	const char *near = str_nearest(value->text, known);
	diag_error(b->diags, INV_UNKNOWN_MODULE_CODE, value->at,
		   near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL, "unknown module '%s'", value->text);
}

static void read_modules(struct build *b, const struct conf_value *value, const char *const *known,
			 struct module_list *list)
{
	if (value->kind == CONF_LIST && !value->count) {
		list->given = true;
		return;
	}
	if (conf_texts(value, "'modules'", b->arena, &list->texts, &list->count, b->diags) < 0)
		return;
	list->given = true;
	for (size_t i = 0; i < list->count; i++) {
		check_module(b, list->texts[i], known);
		if (is_listed(list, i, list->texts[i]->text))
			diag_error(b->diags, INV_LISTED_TWICE_CODE, list->texts[i]->at, NULL,
				   "'modules' names '%s' twice", list->texts[i]->text);
	}
}

/* What a class says of a module by its name: `lmod: false` leaves it out; `true`, nothing and a map choose it. */
enum says { SAYS_NOTHING, SAYS_YES, SAYS_NO };

/* What is known of all modules while the classes choose. */
struct choosing {
	struct build *b;
	const struct module_list *list; /* the file's */
	const struct inv_section *const *sections;
	size_t section_count, weight; /* values looked at so far, each time that they are */
	bool *enabled;                /* for any host */
	bool *common;                 /* for the hosts of no class, and of those that choose nothing */
	enum says *says;              /* for each class that of each section */
};

const char *const *build_module_names(struct build *b)
{
	size_t count = 0;
	while (b->inv->sections[count])
		count++;
	const char **names = arena_calloc(b->arena, count + 1, sizeof *names);
	for (size_t i = 0; i < count; i++)
		names[i] = b->inv->sections[i]->name;
	return names;
}

bool build_is_module(struct build *b, const struct conf_pair *pair)
{
	for (size_t i = 0; b->inv->sections[i]; i++)
		if (streq(b->inv->sections[i]->name, pair->key))
			return true;
	for (size_t i = 0; build_unsupported[i]; i++)
		if (streq(build_unsupported[i], pair->key)) {
			diag_error(b->diags, INV_NOT_SUPPORTED_CODE, pair->at, "leave it out, or use a later version",
				   "'%s' is not supported by this version of reeve", pair->key);
			return true;
		}
	return false;
}

static enum says read_choice(struct build *b, const struct conf_pair *pair)
{
	bool yes = true;
	if (pair && pair->value->kind == CONF_SCALAR)
		conf_bool(pair->value, diags_text(b->diags, "'%s' of a class", pair->key), &yes, b->diags);
	return !pair ? SAYS_NOTHING : yes ? SAYS_YES : SAYS_NO;
}

/* The class's keys, and those of the file's section that it does not have. */
static const struct conf_value *merge(struct arena *arena, const struct conf_value *file, const struct conf_value *own)
{
	if (!file || file->kind != CONF_MAP || own->kind != CONF_MAP)
		return own;
	_cleanup_map_ struct map known = {0};
	struct conf_value *out = arena_alloc(arena, sizeof *out);
	struct conf_pair *pairs = arena_calloc(arena, own->count + file->count + 1, sizeof *pairs);
	*out = *own;
	out->pairs = pairs;
	for (size_t i = 0; i < own->count; i++) {
		pairs[i] = own->pairs[i];
		map_set(&known, pairs[i].key, &pairs[i]);
	}
	for (size_t i = 0; i < file->count; i++)
		if (!map_has(&known, file->pairs[i].key))
			pairs[out->count++] = file->pairs[i];
	return out;
}

static const struct conf_value *body_of(const struct build *b, const char *name)
{
	const struct conf_value *value = conf_get(b->root, name);
	return value && value->kind != CONF_NULL ? value : NULL;
}

void inventory_need(struct inv_reader *r, size_t host)
{
	struct inv_host *h = &r->build->hosts.items[host];
	size_t count = 0;
	if (!r->enabled || inventory_has_role(h) || inventory_is_needed(h, r->module))
		return;
	while (h->needed_by && h->needed_by[count])
		count++;
	const char **names = arena_calloc(r->arena, count + 2, sizeof *names);
	if (count)
		memcpy(names, h->needed_by, count * sizeof *names);
	names[count] = r->module;
	h->needed_by = names;
}

void inventory_share_in_lab(struct inv_reader *r, const char *path)
{
	struct inv_lab *lab = &r->build->inv->lab;
	size_t count = 0;
	for (; lab->shared && lab->shared[count]; count++)
		if (streq(lab->shared[count], path))
			return;
	if (!r->enabled)
		return;
	const char **paths = arena_calloc(r->arena, count + 2, sizeof *paths);
	if (count)
		memcpy(paths, lab->shared, count * sizeof *paths);
	paths[count] = path;
	lab->shared = paths;
}

void inventory_offer_scratch(struct inv_reader *r, const char *path)
{
	if (r->enabled)
		r->build->inv->scratch = path;
}

bool inventory_is_shared(const struct inv_reader *r, const char *path)
{
	const char *const *shared = r->build->inv->lab.shared;
	for (size_t i = 0; shared && shared[i]; i++)
		if (str_is_under(path, shared[i]))
			return true;
	return false;
}

static void *parse(struct build *b, const struct inv_section *section, bool enabled, const struct inv_class *class,
		   const struct conf_value *value)
{
	struct inv_reader *r = arena_alloc(b->arena, sizeof *r);
	*r = (struct inv_reader){.arena = b->arena,
				 .diags = b->diags,
				 .module = section->name,
				 .enabled = enabled,
				 .class = class,
				 .hosts = b->hosts.items,
				 .host_count = b->hosts.len,
				 .build = b};
	return section->parse(r, value);
}

/* The module's own struct for the hosts of a class that has something to say about it. What was found wrong in the file's part
 * is not said again. */
static void *parse_own(struct choosing *c, size_t section, const struct inv_class *class, const struct conf_value *own)
{
	struct build *b = c->b;
	const struct conf_value *file = body_of(b, c->sections[section]->name);
	size_t before = b->diags->len;
	c->weight += own->weight + (file ? file->weight : 0);
	if (c->weight > CONF_MAX_VALUES) {
		diag_error(b->diags, CONF_TOO_MANY_CODE, own->at, NULL,
			   "the classes' sections, each with the file's, have more than %d values", CONF_MAX_VALUES);
		return NULL;
	}
	void *made = parse(b, c->sections[section], c->enabled[section], class, merge(b->arena, file, own));
	diags_drop_repeated(b->diags, before);
	return made;
}

/* Does the class want it, by what it says of it and by its list? The file's list goes before both. */
static bool chosen(struct choosing *c, const struct inv_class *class, size_t section, enum says says, struct span at,
		   const struct module_list *list)
{
	struct build *b = c->b;
	const char *name = c->sections[section]->name;
	bool listed = list->given && is_listed(list, list->count, name);
	bool off = c->list->given && !is_listed(c->list, c->list->count, name);
	if (says == SAYS_NO) {
		if (listed)
			diag_error(b->diags, INV_CLASS_MODULE_CODE, at, "take it out of one of both",
				   "class '%s' has '%s' among its 'modules', and leaves it out", class->name, name);
		return false;
	}
	if (says == SAYS_YES && (off || (list->given && !listed))) {
		diag_warning(b->diags, INV_MODULE_OFF_CODE, at, "add it to 'modules', or take it out of the class",
			     "'%s' of class '%s' has no effect: the module is not among 'modules'%s", name, class->name,
			     off ? "" : " of the class");
		return false;
	}
	return list->given ? listed && c->enabled[section] : says == SAYS_YES || c->common[section];
}

static void read_class_list(struct build *b, const struct conf_value *value, struct module_list *list)
{
	list->given = value && (value->kind != CONF_LIST || value->count);
	if (list->given &&
	    conf_texts(value, "'modules' of a class", b->arena, &list->texts, &list->count, b->diags) < 0)
		list->count = 0;
	list->given |= value != NULL;
}

static void check_class_list(struct choosing *c, const struct inv_class *class, const struct module_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->texts[i]->text;
		bool known = str_same(name, c->b->inv->base);
		for (size_t k = 0; k < c->section_count; k++)
			known |= c->enabled[k] && streq(name, c->sections[k]->name);
		if (!known)
			diag_error(c->b->diags, INV_UNKNOWN_MODULE_CODE, list->texts[i]->at,
				   "add it to 'modules' of the file",
				   "class '%s' names the module '%s', which is not enabled", class->name, name);
	}
}

static void choose(struct choosing *c, size_t index, void *const *made)
{
	struct build *b = c->b;
	struct inv_class *class = &b->classes[index];
	const struct conf_value *value = b->class_values[index];
	struct module_list list = {0};
	const char **names = arena_calloc(b->arena, c->section_count + 2, sizeof *names);
	void **values = arena_calloc(b->arena, c->section_count + 1, sizeof *values);
	size_t count = 0;
	if (b->inv->base)
		names[count++] = b->inv->base;
	read_class_list(b, conf_get(value, "modules"), &list);
	check_class_list(c, class, &list);
	for (size_t i = 0; i < c->section_count; i++) {
		const struct conf_pair *own = conf_find(value, c->sections[i]->name);
		bool body = own && own->value->kind != CONF_SCALAR && own->value->kind != CONF_NULL;
		values[i] = body ? parse_own(c, i, class, own->value) : made[i];
		if (chosen(c, class, i, c->says[index * c->section_count + i], own ? own->at : class->at, &list))
			names[count++] = c->sections[i]->name;
	}
	class->modules = names;
	class->section_values = values;
}

/* A class that wants a module by its name enables it, unless the file's list leaves it out. */
static bool some_class_wants(const struct choosing *c, size_t section)
{
	for (size_t i = 0; i < c->b->inv->class_count && !c->list->given; i++)
		if (c->says[i * c->section_count + section] == SAYS_YES)
			return true;
	return false;
}

static void read_choices(struct choosing *c)
{
	const struct build *b = c->b;
	c->says = arena_calloc(b->arena, b->inv->class_count * c->section_count + 1, sizeof *c->says);
	for (size_t i = 0; i < b->inv->class_count; i++)
		for (size_t k = 0; k < c->section_count; k++)
			c->says[i * c->section_count + k] =
			    read_choice(c->b, conf_find(b->class_values[i], c->sections[k]->name));
}

void build_modules(struct build *b, const struct conf_value *value)
{
	struct inventory *inv = b->inv;
	struct module_list list = {0};
	struct choosing c = {.b = b, .list = &list, .sections = inv->sections};
	size_t count = 0, shared = 0, names = 0;
	while (c.sections[c.section_count])
		c.section_count++;
	const char **known = arena_calloc(b->arena, c.section_count + 2, sizeof *known);
	const char **enabled = arena_calloc(b->arena, c.section_count + 2, sizeof *enabled);
	const char **common = arena_calloc(b->arena, c.section_count + 2, sizeof *common);
	void **made = arena_calloc(b->arena, c.section_count + 1, sizeof *made);
	c.enabled = arena_calloc(b->arena, c.section_count + 1, sizeof *c.enabled);
	c.common = arena_calloc(b->arena, c.section_count + 1, sizeof *c.common);
	if (inv->base)
		known[names++] = enabled[count++] = common[shared++] = inv->base;
	for (size_t i = 0; i < c.section_count; i++)
		known[names++] = c.sections[i]->name;
	if (value)
		read_modules(b, value, known, &list);
	read_choices(&c);
	for (size_t i = 0; i < c.section_count; i++) {
		const char *name = c.sections[i]->name;
		const struct conf_pair *section = conf_find(b->root, name);
		c.common[i] = list.given ? is_listed(&list, list.count, name) : section != NULL;
		c.enabled[i] = c.common[i] || some_class_wants(&c, i);
		if (c.common[i])
			common[shared++] = name;
		else if (section)
			diag_warning(b->diags, INV_MODULE_OFF_CODE, section->at,
				     "add it to 'modules', or remove the section",
				     "'%s' has no effect: the module is not among 'modules'", name);
		if (c.enabled[i])
			enabled[count++] = name;
		if (c.enabled[i] || section)
			made[i] = parse(b, c.sections[i], c.enabled[i], NULL, body_of(b, name));
	}
	for (size_t i = 0; i < inv->class_count; i++)
		choose(&c, i, made);
	inv->modules = enabled;
	inv->common_modules = common;
	inv->section_values = made;
}
