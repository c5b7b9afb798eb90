/*
 * module: a part of what reeve deploys. One directory under src/modules/, one line in modules.c.
 *
 * A module owns its section of cluster.yaml, compiles the cluster to resources for each host, and says what must hold
 * when all is done. All of it is pure: what it wants done are values, and judging an answer is a function of that
 * answer.
 */
#ifndef REEVE_MODULES_MODULE_H
#define REEVE_MODULES_MODULE_H

#include "catalog/catalog.h"
#include "inventory/inventory.h"
#include "model/cluster.h"

/*
 * Something that must hold when all is done: a command on one host, and a judge of how it ended. Tried again until it
 * holds or `wait_ms` have passed.
 */
struct check {
	const char *id;    /* "core:registered" */
	const char *title; /* "every node registered as configured" */
	const char *module;
	size_t host;             /* index: where the command runs */
	const char *const *argv; /* NULL-terminated */
	const char *input;       /* NULL: none */
	unsigned timeout_ms;     /* of one try */
	unsigned wait_ms;        /* of all tries; 0: one try */
	const void *about;       /* the judge's own */
	/* NULL where it holds, else why not, for a person. `status` is the exit status, -1 where it was killed or timed
	 * out. */
	const char *(*judge)(const struct check *check, int status, const char *out, const char *errors,
			     struct arena *arena);
	struct span origin; /* line of cluster.yaml that wants it */
};

struct checks {
	struct check *items;
	size_t len, cap;
	struct arena *arena; /* borrowed */
};

/* What the run knows when it is time to verify. */
struct verify_context {
	const struct cluster *cluster;
	size_t controller;   /* index of the host whose slurmctld answers */
	const bool *present; /* by host index: it is still in the run */
	const bool *idle;    /* by host index: its node runs no job and can take one; NULL: jobs are not to be run */
};

/* Idle nodes with a module that a partition and a part of the network (cluster_host.part) have in common: a job can run on
 * all of them at once. Each such node is in exactly one set. */
struct job_set {
	const struct inv_partition *partition;
	const char *label;        /* "long", or "long in b1" */
	const char *const *names; /* NULL-terminated */
	const char *hostlist;
	size_t count; /* at least 1 */
};

/* The sets, in `arena`; 0 where no node is idle. */
size_t verify_job_sets(const struct verify_context *context, const char *module, struct arena *arena,
		       struct job_set **ret);

struct module {
	const char *name;
	const struct inv_section *section; /* of cluster.yaml; NULL: it has none of its own */
	/* Adds the resources of one host. */
	void (*compile)(const struct cluster *cluster, size_t host, struct catalog *catalog);
	/* Adds the checks; NULL: none beyond its resources being in place. */
	void (*verify)(const struct verify_context *context, struct checks *checks);
};

extern const struct module *const modules[];              /* NULL-terminated, core first */
extern const struct inv_section *const module_sections[]; /* theirs, NULL-terminated, for inventory_load */

enum { MODULES_MAX = 16 }; /* a bound for tables by module */

const struct module *module_named(const char *name); /* NULL: none */
size_t module_index(const char *name);               /* its place in the table; MODULES_MAX: none */

/* Does the host get the module? One that does not serve gets what core wants of it, and no more. */
bool modules_has(const struct cluster *cluster, size_t host, const char *module);

/* The catalog of one host: everything that the enabled modules want there. Lives in `arena`. */
struct catalog *modules_compile(const struct cluster *cluster, size_t host, struct arena *arena);

struct check *checks_add(struct checks *checks, const char *module, const char *id, const char *title, size_t host);

#endif
