/*
 * software: what users run, in versions side by side.
 *
 *	software:
 *	  prefix: /mnt/nfs/apps			# NAME/VERSION[/ARCH] lie below it; made once where hosts share it
 *	  files: downloads			# looked in before any URL; beside cluster.yaml
 *	  openmpi:				# a recipe's name is enough
 *	  golang: { version: "1.23.0" }		# another version of a recipe
 *	  tools: { version: "2.1", archive: "https://example.org/tools-{version}.tar.gz", sha256: "..." }
 *	  gcc: { apt: [gcc-12] }			# on the hosts, by the distribution
 *
 * An entry is one version, or a list of them. What it does not say, its recipe does (recipes/): both have the same
 * keys. Everything that is not a package of the distribution is fetched, unpacked and built by the account SOFTWARE_USER and never by
 * root, by one host: where hosts share the prefix the first controller unpacks for all, and a compute host of each architecture builds.
 * Why it is so: docs/adr/0067-products.md and 0068-software.md.
 */
#ifndef REEVE_MODULES_SOFTWARE_SOFTWARE_H
#define REEVE_MODULES_SOFTWARE_SOFTWARE_H

#include "modules/module.h"

enum software_code {
	SOFTWARE_KIND_CODE = 1201,   /* an entry does not say where it comes from, or says it twice */
	SOFTWARE_RECIPE_CODE = 1202, /* a recipe does not exist, or something is wrong in it */
	SOFTWARE_URL_CODE = 1203,    /* not a URL, or {x} in it that stands for nothing */
	SOFTWARE_SUM_CODE = 1204,    /* no SHA-256, or not one */
	SOFTWARE_FILE_CODE = 1205,   /* a file or directory of the operator's is not there */
	SOFTWARE_NAME_CODE = 1206,  /* the name of an entry or a package, a version, or a variable that cannot be one */
	SOFTWARE_TWICE_CODE = 1207, /* a version is there twice, or two are the default */
	SOFTWARE_CLASS_CODE = 1208, /* a class has software of its own */
};

#define SOFTWARE_USER "software"

enum {
	SOFTWARE_UID =
	    59900, /* the account's number unless `uid` says another: the same on all hosts that share the prefix */
	SOFTWARE_ARCHS = 2,
	SOFTWARE_MOST = 1000, /* versions in all */
};

struct software_arch {
	const char *name, *deb; /* "x86_64", "amd64" */
};

extern const struct software_arch software_archs[SOFTWARE_ARCHS];

enum software_kind {
	SOFTWARE_APT,       /* packages of the distribution, and nothing else */
	SOFTWARE_DEB,       /* a package from somewhere else */
	SOFTWARE_ARCHIVE,   /* unpacked as it is */
	SOFTWARE_INSTALLER, /* a program that installs */
	SOFTWARE_SOURCE,    /* unpacked and built */
	SOFTWARE_IMAGE,     /* of a container, one file */
	SOFTWARE_KINDS
};

/* The file that it is made of, for one architecture. */
struct software_file {
	const char *name;        /* its last component; NULL: there is none for this architecture */
	const char *const *urls; /* NULL-terminated, the first is to be tried first */
	const char *local;       /* the same, on the operator's machine; NULL: not there */
	struct digest digest;
};

/* One version. */
struct software_item {
	const char *name;         /* "golang": letters, digits and ._+- */
	const char *version;      /* likewise; NULL with SOFTWARE_APT */
	const char *about, *home; /* of its recipe; NULL: not known */
	enum software_kind kind;
	bool by_arch; /* there is one for each architecture */
	struct software_file files[SOFTWARE_ARCHS];
	const char *const *packages;       /* of the distribution, on every host that has it, NULL-terminated */
	const char *const *build_packages; /* where it is built */
	unsigned strip;                    /* leading directories that unpacking drops */
	const char *steps;                 /* sh(1); NULL: none */
	bool job;                          /* the steps are a job of Slurm's */
	unsigned timeout_s;                /* of the steps */
	const char *check;                 /* a command whose output has the version in it; NULL: none */
	struct installed_module module;
	struct inv_choice on; /* both NULL: all hosts with a role */
	bool absent;          /* it is to be removed */
	bool is_default;      /* of its name */
	struct span at;
};

struct software {
	const char *prefix;
	bool shared; /* the prefix is one directory for all hosts */
	unsigned uid;
	const struct software_item *items;
	size_t count;
	struct span at; /* line 0: no section was written */
};

extern const struct module software_module;
extern const struct inv_section software_section;

/* read.c, entry.c, recipe.c */
void *software_parse(struct inv_reader *r, const struct conf_value *value);

/* The recipes that the program brings, by name; NULL-terminated. */
struct software_recipe {
	const char *name, *text;
};
extern const struct software_recipe software_recipes[];

/* NULL: it is not enabled. */
const struct software *software_of(const struct cluster *cluster);

/* Is it to be there on this host? */
bool software_is_on(const struct cluster *cluster, size_t host, const struct software_item *item);

/* The index of the host's architecture in software_archs; -1: not known, or another. */
int software_arch_of(const struct cluster *cluster, size_t host);

/* Where it is for people: PREFIX/NAME/VERSION[/ARCH]. Of something that is made (not of packages). */
const char *software_link(const struct software *s, const struct software_item *item, size_t arch, struct arena *arena);

/* The host that makes it for this architecture; SIZE_MAX: none can. Where the prefix is not shared, each is its own. */
size_t software_maker(const struct cluster *cluster, const struct software_item *item, size_t arch);

/* For cluster_first_at(): the host that makes the prefix where it is shared. */
bool software_can_make_prefix(const struct cluster *cluster, size_t host, const void *about);

bool software_is_made(const struct software_item *item); /* below the prefix: all but packages */

/* The version that the host has or will have when this run ends: of a package what is installed or apt would install. NULL: not
 * known. */
const char *software_version(const struct cluster *cluster, size_t host, const struct software_item *item);

/* Can it be the name of a directory below the prefix, and of a module? [A-Za-z0-9._+~-], at most 64 bytes, the first a letter, a digit
 * or '_'. */
bool software_is_name(const char *text);

/* put.c */
void software_compile(const struct cluster *cluster, size_t host, struct catalog *catalog);

/* there.c: what hosts have. */
void software_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void software_ask_more(const struct inventory *inv, const struct inv_host *host, const json_t *answers, json_t *items);
void *software_take(const json_t *items, struct arena *arena, struct err *err);
void software_settle(struct cluster *cluster);
bool software_is_used(const struct cluster *cluster, const struct software_item *item);

/* guide.c */
void software_guide(const struct inventory *inv, struct strbuf *out);

/* verify.c */
void software_verify(const struct verify_context *context, struct checks *checks);
void software_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

#endif
