/*
 * lmod: environment modules for everybody, in their plain form: Lmod from the distribution, MODULEPATH on trees of the
 * operator's choice, the module StdEnv loaded at login.
 *
 *	lmod:
 *	  modulepath: [/mnt/nfs/modules]	# looked through in this order; made by the operator, not by reeve
 *
 * A class can leave it out for its hosts (`lmod: false`), or give them other trees (`lmod: { modulepath: ... }`).
 *
 * Login shells read /etc/profile.d; they export BASH_ENV, so that bash scripts of batch jobs know `module` too (Lmod's
 * init/profile).
 */
#ifndef REEVE_MODULES_LMOD_LMOD_H
#define REEVE_MODULES_LMOD_LMOD_H

#include "modules/module.h"

struct lmod {
	const char *const *modulepath; /* absolute paths, NULL-terminated */
	struct span at;                /* line 0: no section was written */
};

extern const struct module lmod_module;
extern const struct inv_section lmod_section;

#endif
