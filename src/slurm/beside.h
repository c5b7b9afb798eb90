/*
 * beside: what stands beside slurm.conf and is read or run by its daemons: programs, files, plugins' libraries. One table by
 * parameter of what it names and who needs it there (slurm.conf(5); job_submit_plugins.html, cli_filter_plugins.html,
 * jwt.html of Slurm's documentation). Pure.
 */
#ifndef REEVE_SLURM_BESIDE_H
#define REEVE_SLURM_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum slurm_beside_kind {
	BESIDE_PROGRAM, /* run by a daemon: a regular file, executable */
	BESIDE_SCRIPT,  /* run as the job's user: executable for everybody */
	BESIDE_FILE,    /* read by a daemon */
	BESIDE_PLUGIN,  /* `path` is the name of a library in Slurm's directory of plugins */
};

enum slurm_beside_reader { BESIDE_CONTROLLERS = 1, BESIDE_NODES = 2, BESIDE_BOTH = 3 };

struct slurm_beside {
	const char *param; /* as slurm.conf(5) writes it */
	const char *path;
	enum slurm_beside_kind kind;
	unsigned readers; /* enum slurm_beside_reader */
	bool soft;        /* nothing fails for want of it but what it does itself */
};

struct slurm_besides {
	struct slurm_beside *items;
	size_t len, cap;
};

/* Adds what `param` with this value names; nothing for parameters that name nothing, and for what only the daemon can tell
 * (patterns, relative paths). In `arena`. */
void slurm_beside(const char *param, const char *value, struct arena *arena, struct slurm_besides *out);

/* The package of Debian's that has a plugin which is not in the basic ones; NULL: it is no such. */
const char *slurm_beside_package(const char *library);

#endif
