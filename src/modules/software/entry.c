#include "modules/software/entry.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"

enum { STEPS_MAX = 32 << 10, TIMEOUT_S = 7200, TIMEOUT_MOST_S = 86400, STRIP_MOST = 9 };

static const struct conf_key keys[ENTRY_KEYS + 1] = {
    ENTRY_COMMON_KEYS,           [ENTRY_RECIPE] = {"recipe"},   [ENTRY_ON] = {"on"},
    [ENTRY_ABSENT] = {"absent"}, [ENTRY_DEFAULT] = {"default"},
};

const enum entry_key entry_kind_keys[SOFTWARE_KINDS] = {
    [SOFTWARE_APT] = ENTRY_APT,         [SOFTWARE_DEB] = ENTRY_DEB,
    [SOFTWARE_ARCHIVE] = ENTRY_ARCHIVE, [SOFTWARE_INSTALLER] = ENTRY_INSTALLER,
    [SOFTWARE_SOURCE] = ENTRY_SOURCE,   [SOFTWARE_IMAGE] = ENTRY_IMAGE,
};

const char *entry_key_name(enum entry_key key)
{
	return keys[key].name;
}

struct entry_value entry_value(const struct entry *e, enum entry_key key)
{
	if (e->own[key])
		return (struct entry_value){e->own[key], e->x->r->diags};
	if (key < ENTRY_COMMON && e->recipe)
		return (struct entry_value){e->recipe->values[key], &e->recipe->diags};
	return (struct entry_value){NULL, e->x->r->diags};
}

const char *entry_what(const struct entry *e, const char *key)
{
	return arena_printf(e->x->r->arena, "'%s' of %s", key, e->what);
}

const char *const *entry_texts(const struct entry *e, struct entry_value v, const char *what)
{
	VEC(const char *) texts = {0};
	size_t count = v.value && v.value->kind == CONF_LIST ? v.value->count : v.value ? 1 : 0;
	for (size_t i = 0; i < count; i++) {
		const struct conf_value *one = v.value->kind == CONF_LIST ? v.value->items[i] : v.value;
		if (one->kind == CONF_SCALAR && !strpbrk(one->text, "\n\r\"\\"))
			*vec_push_in(e->x->r->arena, &texts) = one->text;
		else
			diag_error(v.diags, CONF_TYPE_CODE, one->at, NULL,
				   "%s should be a text on one line without quotes and backslashes, or a list of such",
				   what);
	}
	*vec_push_in(e->x->r->arena, &texts) = NULL;
	return texts.items;
}

/* Debian Policy, 5.6.7; with room for "gcc:arm64". */
static bool is_package(const char *text)
{
	return *text && !strchr("-.+:", *text) && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.+:-")];
}

static const char *const *read_packages(const struct entry *e, enum entry_key key)
{
	struct entry_value v = entry_value(e, key);
	const char *const *names = entry_texts(e, v, entry_what(e, keys[key].name));
	for (const char *const *name = names; v.value && *name; name++)
		if (!is_package(*name))
			diag_error(v.diags, SOFTWARE_NAME_CODE, v.value->at, NULL,
				   "%s: '%.100s' is not the name of a package", entry_what(e, keys[key].name), *name);
	return names;
}

/* Where it comes from: one key of its own, or its recipe's. */
static int read_kind(const struct entry *e)
{
	size_t own = 0, all = 0;
	for (int mine = 1; mine >= 0 && !all; mine--)
		for (size_t k = 0; k < SOFTWARE_KINDS; k++) {
			struct entry_value v = entry_value(e, entry_kind_keys[k]);
			if (!v.value || (mine && !e->own[entry_kind_keys[k]]))
				continue;
			all++;
			own += mine != 0;
			e->item->kind = (enum software_kind)k;
		}
	if (all == 1)
		return 0;
	if (all > 1 && !own)
		diag_error(&e->recipe->diags, SOFTWARE_KIND_CODE, e->recipe->values[RECIPE_NAME]->at, NULL,
			   "it says more than once where it comes from");
	else if (all > 1)
		diag_error(
		    e->x->r->diags, SOFTWARE_KIND_CODE, e->item->at, NULL,
		    "%s says more than once where it comes from: one of apt, deb, archive, installer, source and image",
		    e->what);
	else
		diag_error(
		    e->x->r->diags, SOFTWARE_KIND_CODE, e->item->at,
		    "one of apt, deb, archive, installer, source and image; or recipe: NAME, one of those in recipes/",
		    "%s: nothing says where it comes from, and there is no recipe of this name", e->what);
	return -1;
}

static int read_version(const struct entry *e)
{
	struct entry_value v = entry_value(e, ENTRY_VERSION);
	if (v.value) {
		if (conf_version(v.value, entry_what(e, "version"), &e->item->version, v.diags) < 0)
			return -1;
		if (software_is_name(e->item->version))
			return 0;
		diag_error(v.diags, SOFTWARE_NAME_CODE, v.value->at, NULL,
			   "%s: '%.100s' cannot be the name of a directory", entry_what(e, "version"),
			   e->item->version);
		return -1;
	}
	if (e->item->kind == SOFTWARE_APT)
		return 0;
	diag_error(e->x->r->diags, CONF_MISSING_KEY_CODE, e->item->at, NULL, "%s has no 'version'", e->what);
	return -1;
}

static void read_steps(const struct entry *e)
{
	struct entry_value v = entry_value(e, ENTRY_STEPS);
	bool wanted = e->item->kind == SOFTWARE_SOURCE || e->item->kind == SOFTWARE_INSTALLER;
	bool made = software_is_made(e->item);
	if (!v.value && !wanted)
		return;
	if (v.value && v.value->kind == CONF_SCALAR && *v.value->text && v.value->len <= STEPS_MAX && made)
		e->item->steps = v.value->text;
	else if (!v.value)
		diag_error(e->x->r->diags, CONF_MISSING_KEY_CODE, e->item->at, NULL, "%s has no 'steps'", e->what);
	else
		diag_error(v.diags, CONF_TYPE_CODE, v.value->at, NULL,
			   made ? "%s: the text of a shell script, at most 32 KiB"
				: "%s: a package of the nodes has none",
			   entry_what(e, "steps"));
}

static void read_numbers(const struct entry *e)
{
	struct entry_value strip = entry_value(e, ENTRY_STRIP), timeout = entry_value(e, ENTRY_TIMEOUT);
	struct entry_value job = entry_value(e, ENTRY_JOB);
	uint64_t number;
	e->item->timeout_s = TIMEOUT_S;
	if (strip.value && conf_int(strip.value, entry_what(e, "strip"), 0, STRIP_MOST, &number, strip.diags) == 0)
		e->item->strip = (unsigned)number;
	if (timeout.value &&
	    conf_int(timeout.value, entry_what(e, "timeout"), 1, TIMEOUT_MOST_S, &number, timeout.diags) == 0)
		e->item->timeout_s = (unsigned)number;
	if (job.value)
		conf_bool(job.value, entry_what(e, "job"), &e->item->job, job.diags);
}

static void read_texts(const struct entry *e)
{
	struct entry_value check = entry_value(e, ENTRY_CHECK);
	if (check.value)
		conf_text(check.value, entry_what(e, "check"), &e->item->check, check.diags);
	if (!e->recipe)
		return;
	e->item->about =
	    *entry_texts(e, (struct entry_value){e->recipe->values[RECIPE_ABOUT], &e->recipe->diags}, "'about'");
	e->item->home =
	    *entry_texts(e, (struct entry_value){e->recipe->values[RECIPE_HOME], &e->recipe->diags}, "'home'");
}

static void read_own(const struct entry *e)
{
	struct diags *diags = e->x->r->diags;
	if (e->own[ENTRY_ON])
		inventory_read_choice(e->x->r, e->own[ENTRY_ON], entry_what(e, "on"), &e->item->on);
	if (e->own[ENTRY_ABSENT])
		conf_bool(e->own[ENTRY_ABSENT], entry_what(e, "absent"), &e->item->absent, diags);
	if (e->own[ENTRY_DEFAULT])
		conf_bool(e->own[ENTRY_DEFAULT], entry_what(e, "default"), &e->item->is_default, diags);
}

/* The recipe that it names; else that of its own name, unless it comes from elsewhere. */
static int find_recipe(struct entry *e)
{
	const struct conf_value *said = e->own[ENTRY_RECIPE];
	const char *name = e->item->name;
	if (said && (conf_text(said, entry_what(e, "recipe"), &name, e->x->r->diags) < 0 || !software_is_name(name)))
		return -1;
	e->recipe = recipe_find(e->x, name);
	if (!e->recipe && said) {
		const char *near = str_nearest(name, recipe_names(e->x->r->arena));
		diag_error(e->x->r->diags, SOFTWARE_RECIPE_CODE, said->at,
			   near ? diags_text(e->x->r->diags, "did you mean '%s'?", near) : NULL,
			   "there is no recipe '%.100s'", name);
		return -1;
	}
	for (size_t k = 0; e->recipe && !said && k < SOFTWARE_KINDS; k++)
		if (e->own[entry_kind_keys[k]] && !e->recipe->values[entry_kind_keys[k]]) {
			recipe_free(e->recipe);
			e->recipe = NULL;
		}
	return 0;
}

static int read_all(struct entry *e)
{
	if (read_kind(e) < 0 || read_version(e) < 0)
		return -1;
	read_own(e);
	read_steps(e);
	read_numbers(e);
	read_texts(e);
	e->item->packages = read_packages(e, e->item->kind == SOFTWARE_APT ? ENTRY_APT : ENTRY_PACKAGES);
	e->item->build_packages = read_packages(e, ENTRY_BUILD_PACKAGES);
	entry_read_module(e);
	return e->item->kind == SOFTWARE_APT ? 0 : entry_read_files(e);
}

int entry_read(const struct software_reading *x, const struct conf_value *value, struct software_item *item)
{
	struct entry e = {.x = x, .item = item, .what = item->name};
	size_t before = x->r->diags->errors;
	if (value && value->kind == CONF_SCALAR && value->plain && strpbrk(value->text, "0123456789")) {
		diag_error(x->r->diags, CONF_TYPE_CODE, value->at,
			   diags_text(x->r->diags, "%s: { version: \"%.60s\" }", item->name, value->text),
			   "'%s' should be a map", item->name);
		return -1;
	}
	if (value && value->kind != CONF_NULL && conf_walk(value, item->name, keys, e.own, x->r->diags) < 0)
		return -1;
	if (find_recipe(&e) < 0)
		return -1;
	int rc = e.recipe && recipe_fault(e.recipe, x->r->arena) ? -1 : read_all(&e);
	const char *fault = e.recipe ? recipe_fault(e.recipe, x->r->arena) : NULL;
	if (fault)
		diag_error(x->r->diags, SOFTWARE_RECIPE_CODE, item->at, NULL, "the recipe of %s: %s", item->name,
			   fault);
	recipe_free(e.recipe);
	return rc < 0 || x->r->diags->errors > before ? -1 : 0;
}
