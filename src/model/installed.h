/*
 * installed: software that a host will have when a run has come to its end, promised by the module that brings it, for those that make
 * something of it. Values; borrowed from the inventory or in the cluster's arena.
 */
#ifndef REEVE_MODEL_INSTALLED_H
#define REEVE_MODEL_INSTALLED_H

#include <stdbool.h>

#include "base/diag.h"

/* NAME=VALUE of a module file: a list of directories to search, or a plain variable. Relative to where it is installed. */
struct installed_variable {
	const char *name;
	const char *const *values; /* NULL-terminated, at least one */
};

/* What a module file is to say beside name and version. */
struct installed_module {
	const char *name; /* "OpenMPI" */
	const struct installed_variable *paths, *env;
	size_t path_count, env_count;
	const char *family; /* NULL: none */
	const char
	    *under; /* a module, "NAME" or "NAME/VERSION", that opens the tree in which this one is; NULL: none */
	const char *const *conflicts, *const *prerequisites; /* names of modules, NULL-terminated */
};

struct installed {
	const char *name, *version;
	const char *root;         /* the directory that it is in; NULL: packages of the distribution */
	const char *about, *home; /* a line on what it is, and its URL; NULL: not known */
	const struct installed_module *module;
	const char *needs; /* the id of the resource that brings it, on its host or on another; NULL: not known */
	bool is_default;   /* of several versions */
	struct span at;
};

#endif
