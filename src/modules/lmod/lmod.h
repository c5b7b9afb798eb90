/*
 * lmod: environment modules for everybody: Lmod from the distribution, MODULEPATH on trees of the operator's choice, in
 * every shell that there is, the module StdEnv loaded at login, and one spider cache for all hosts.
 *
 *	lmod:
 *	  modulepath: [/mnt/nfs/modules, "/mnt/nfs/modules/{arch}"]	# in this order; made by the operator, not by reeve
 *	  load: [gcc, OpenMPI]			# what StdEnv loads
 *	  cache: /mnt/nfs/lmod-cache		# a directory of all hosts; one of them builds it
 *
 * A class can leave it out for its hosts (`lmod: false`), or give them other trees (`lmod: { modulepath: ... }`).
 *
 * Which file each shell reads: docs/adr/0066-shells.md. A script that begins with #!/bin/sh reads none of them.
 */
#ifndef REEVE_MODULES_LMOD_LMOD_H
#define REEVE_MODULES_LMOD_LMOD_H

#include "modules/module.h"

enum lmod_code {
	LMOD_LOAD_CODE = 1101, /* no name of a module */
};

#define LMOD_CACHE_UNIT "reeve-lmod-cache.service"
#define LMOD_CACHE_TIMER "reeve-lmod-cache.timer"
#define LMOD_CACHE_TREES "trees" /* in the cache: what it is of; cache.sh writes it */
#define LMOD_UNITS "/etc/systemd/system/"

struct lmod {
	const char *const *modulepath; /* absolute paths, NULL-terminated; {arch} and {deb_arch} are the host's */
	const char *const *load;       /* names of modules, NULL-terminated */
	const char *cache;             /* NULL: none */
	struct span at;                /* line 0: no section was written */
};

/* What a host says of itself. */
struct lmod_there {
	bool builds; /* it has the timer of whoever builds the cache */
	bool made;   /* the directory of the cache is that of a builder, by what lies in it, and by nobody else */
};

extern const struct module lmod_module;
extern const struct inv_section lmod_section;

/* read.c; a path with a host's architecture ("x86_64") in it, in `arena`. */
void *lmod_parse(struct inv_reader *r, const struct conf_value *value);
const char *lmod_path(const char *path, const char *arch, struct arena *arena);

void lmod_ask(const struct inventory *inv, const struct inv_host *host, json_t *items);
void *lmod_take(const json_t *items, struct arena *arena, struct err *err);
void lmod_settle(struct cluster *cluster);

/* The host that builds the cache, a controller before others: SIZE_MAX: none does. Known when all promises are made. */
size_t lmod_builder(const struct cluster *cluster);

/* put.c */
void lmod_compile(const struct cluster *cluster, size_t host, struct catalog *catalog);

/* guide.c */
void lmod_guide(const struct inventory *inv, struct strbuf *out);

/* verify.c */
void lmod_verify(const struct verify_context *context, struct checks *checks);
void lmod_prove(const struct verify_context *context, const struct job_set *set, struct checks *checks);

#endif
