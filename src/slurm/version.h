/*
 * version: Slurm's releases, their order and which of them talk to each other. A release is written as a number, 2205
 * for 22.05, so that releases compare as numbers; 0 stands for "any" where a function says so.
 *
 * Sources: "Upgrades" of Slurm's documentation (doc/html/upgrades.shtml) for the windows; packages' versions as Debian
 * makes them (deb-version(7)).
 */
#ifndef REEVE_SLURM_VERSION_H
#define REEVE_SLURM_VERSION_H

#include <stdbool.h>

#include "base/err.h"

#define SLURM_RELEASE_FIRST 2205 /* the oldest whose parameters are known here */
#define SLURM_RELEASE_LAST 2605  /* the newest */

struct slurm_version {
	unsigned release; /* 2205 */
	unsigned micro;   /* 8 in 22.05.8; 0 where the text has none */
};

/*
 * Reads "22.05", "22.05.8", Debian's "22.05.8-4+deb12u3" (an epoch before ':' is skipped) and what daemons print with
 * -V: "slurm 24.11.5", "slurm-wlm 22.05.8". The release must look like one (two digits, point, 02 05 08 or 11); it need
 * not be known here. ERR_INPUT otherwise.
 */
int slurm_version_parse(const char *text, struct slurm_version *ret, struct err *err);

/* One whose parameters are known here? */
bool slurm_release_known(unsigned release);

/* That, or a newer one, of which the newest known one is the best guess? */
bool slurm_release_usable(unsigned release);

/* "22.05" into `out`, which is also returned. */
const char *slurm_release_print(unsigned release, char out[8]);

/*
 * Whether a slurmctld of release `server` accepts a slurmd (or command) of release `client`: the same release or the
 * two before it, three from 24.11 on; never a newer one. The same holds between slurmdbd and slurmctld. Releases that
 * were never made are accepted by nobody. One that is newer than all that are known stands where the next one will.
 */
bool slurm_release_accepts(unsigned server, unsigned client);

/* The oldest release that `server` accepts; 0 for one that is not usable. */
unsigned slurm_release_oldest_accepted(unsigned server);

#endif
