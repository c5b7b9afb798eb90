/*
 * dpkg: what the package manager's own database says (/var/lib/dpkg), read without asking a program, and who holds its
 * lock.
 */
#ifndef REEVE_AGENT_DPKG_H
#define REEVE_AGENT_DPKG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/root.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalog/catalog.h"

enum dpkg_state { DPKG_NOT_INSTALLED, DPKG_INSTALLED, DPKG_HALF };

struct dpkg_package {
	enum dpkg_state state;
	const char *status;  /* dpkg's word: "half-configured" */
	const char *version; /* as installed; NULL unless DPKG_INSTALLED */
	bool held;
};

struct dpkg {
	struct dpkg_package *packages; /* as asked for, in the same order */
	const char *broken;            /* any package of the host that is half done; NULL: none */
	bool interrupted; /* a dpkg was killed, or one is at work right now: /var/lib/dpkg/updates has entries */
};

/* Where the database is not there at all nothing is installed. */
int dpkg_read(const struct root *root, const struct package *wanted, size_t len, struct arena *arena, struct dpkg *ret,
	      struct err *err);

/* The process that holds dpkg's or apt's lock and its command ("1234 (apt-get install x)"), or NULL: nobody. */
const char *dpkg_lock_holder(const struct root *root, struct arena *arena);

#endif
