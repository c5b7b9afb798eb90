/* entry: one version of a piece of software as it is written, by an entry of cluster.yaml and by its recipe. */
#ifndef REEVE_MODULES_SOFTWARE_ENTRY_H
#define REEVE_MODULES_SOFTWARE_ENTRY_H

#include "modules/software/software.h"

/* Keys that both have, those of an entry, and those of a recipe. */
enum entry_key {
	ENTRY_VERSION,
	ENTRY_APT, /* the kinds, in the order of enum software_kind */
	ENTRY_DEB,
	ENTRY_ARCHIVE,
	ENTRY_INSTALLER,
	ENTRY_SOURCE,
	ENTRY_IMAGE,
	ENTRY_MIRRORS,
	ENTRY_ARCHS,
	ENTRY_SHA256,
	ENTRY_STRIP,
	ENTRY_STEPS,
	ENTRY_BUILD_PACKAGES,
	ENTRY_PACKAGES,
	ENTRY_JOB,
	ENTRY_TIMEOUT,
	ENTRY_CHECK,
	ENTRY_MODULE,
	ENTRY_COMMON,
	ENTRY_RECIPE = ENTRY_COMMON,
	ENTRY_ON,
	ENTRY_ABSENT,
	ENTRY_DEFAULT,
	ENTRY_KEYS,
	RECIPE_NAME = ENTRY_COMMON,
	RECIPE_ABOUT,
	RECIPE_HOME,
	RECIPE_SEEN,
	RECIPE_NOTE,
	RECIPE_KEYS,
};

/* Their rows in both tables of keys. */
/* clang-format off */
#define ENTRY_COMMON_KEYS \
	[ENTRY_VERSION] = {"version"}, \
	[ENTRY_APT] = {"apt"}, \
	[ENTRY_DEB] = {"deb"}, \
	[ENTRY_ARCHIVE] = {"archive"}, \
	[ENTRY_INSTALLER] = {"installer"}, \
	[ENTRY_SOURCE] = {"source"}, \
	[ENTRY_IMAGE] = {"image"}, \
	[ENTRY_MIRRORS] = {"mirrors"}, \
	[ENTRY_ARCHS] = {"archs"}, \
	[ENTRY_SHA256] = {"sha256"}, \
	[ENTRY_STRIP] = {"strip"}, \
	[ENTRY_STEPS] = {"steps"}, \
	[ENTRY_BUILD_PACKAGES] = {"build_packages"}, \
	[ENTRY_PACKAGES] = {"packages"}, \
	[ENTRY_JOB] = {"job"}, \
	[ENTRY_TIMEOUT] = {"timeout"}, \
	[ENTRY_CHECK] = {"check"}, \
	[ENTRY_MODULE] = {"module"}
/* clang-format on */

struct recipe {
	const char *name;
	struct diags diags; /* what is wrong in it, by its own file and lines */
	const struct conf_value *values[RECIPE_KEYS];
};

/* What one section is read with. */
struct software_reading {
	struct inv_reader *r;
	const char *files;   /* the directory of the operator's downloads; NULL: none */
	const char *recipes; /* the directory of his own recipes; NULL: none */
};

/* recipe.c: his own first, then the program's. NULL: there is none of this name. What it returns is freed with recipe_free. */
struct recipe *recipe_find(const struct software_reading *x, const char *name);
void recipe_free(struct recipe *recipe);
const char *const *recipe_names(struct arena *arena); /* the program's, NULL-terminated */

/* The first thing that is wrong in it, as "FILE:LINE:COLUMN: TEXT", in the arena; NULL: nothing. */
const char *recipe_fault(const struct recipe *recipe, struct arena *arena);

/*
 * entry.c: reads one version, `value` NULL or CONF_NULL where nothing is written. -1 with findings. `item->name` and `at` are set by
 * the caller. What it is made of may have to be read from the disk.
 */
int entry_read(const struct software_reading *x, const struct conf_value *value, struct software_item *item);

/* One key of it: whose value it is. */
struct entry_value {
	const struct conf_value *value; /* NULL: nobody's */
	struct diags *diags;            /* for what is wrong with it */
};

struct entry {
	const struct software_reading *x;
	struct software_item *item;
	const char *what; /* "golang" */
	const struct conf_value *own[ENTRY_KEYS];
	struct recipe *recipe; /* NULL: none */
};

struct entry_value entry_value(const struct entry *e, enum entry_key key);
extern const enum entry_key entry_kind_keys[SOFTWARE_KINDS];    /* which key says the kind */
const char *entry_key_name(enum entry_key key);                 /* of an entry: "archive" */
const char *entry_what(const struct entry *e, const char *key); /* "'KEY' of golang" */

/* module-keys.c: what stands under `module`. */
void entry_read_module(const struct entry *e);
/* files.c: the files that it is made of, and their sums. */
int entry_read_files(const struct entry *e);

/* Texts, also empty ones: a text or a list; NULL-terminated, in the reader's arena. With findings; never NULL. */
const char *const *entry_texts(const struct entry *e, struct entry_value value, const char *what);

#endif
