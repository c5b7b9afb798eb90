/*
 * modulefiles: a module file for all software that other modules install, on each host for what is there.
 *
 *	modulefiles:		# nothing to be said: names, paths and versions are theirs
 *
 * Files lie on the host itself, in a tree that Lmod searches anyway (MODULEFILES_TREE): root's files, for the host's own
 * architecture and the versions that it has. What is built against another module (`under`) has a tree of its own, which that module
 * adds. Each host has a list of those that it was given (MODULEFILES_LIST): what is on it and not wanted any more goes, and nothing else.
 */
#ifndef REEVE_MODULES_MODULEFILES_MODULEFILES_H
#define REEVE_MODULES_MODULEFILES_MODULEFILES_H

#include "modules/module.h"

#define MODULEFILES_TREE "/etc/lmod/modules"
#define MODULEFILES_UNDER "/etc/lmod/under" /* NAME[/VERSION] below it is a tree of what that module opens */
#define MODULEFILES_LIST "/var/lib/reeve/modulefiles"

/* One module of one host. */
struct modulefile {
	const struct installed *of;
	const char *path; /* of the file */
};

struct modulefiles {
	struct modulefile *items;
	size_t len, cap;
};

extern const struct module modulefiles_module;
extern const struct inv_section modulefiles_section;

void *modulefiles_parse(struct inv_reader *r, const struct conf_value *value);

/* Those that the host is to have, in the order of the file, in `arena`. */
struct modulefiles modulefiles_of(const struct cluster *cluster, size_t host, struct arena *arena);

/* lua.c: what the file says. */
const char *modulefile_text(const struct modulefiles *all, const struct modulefile *one, struct arena *arena);

/* put.c */
void modulefiles_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *modulefiles_take(const json_t *items, struct arena *arena, struct err *err);
void modulefiles_compile(const struct cluster *cluster, size_t host, struct catalog *catalog);

/* verify.c */
void modulefiles_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

#endif
