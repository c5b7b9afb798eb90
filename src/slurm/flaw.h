/*
 * flaw: releases of Slurm that are known to do badly what a change of its configuration has them do: a slurmctld that can
 * hang or crash when it reads its configuration again, or stops. Each row says what can happen and where it was mended.
 *
 * Source: Slurm's own changelog (CHANGELOG/slurm-YY.MM.md in its sources), which names the patch level that has the mend. A
 * distribution may have it earlier: its version does not say.
 */
#ifndef REEVE_SLURM_FLAW_H
#define REEVE_SLURM_FLAW_H

#include <stdbool.h>

#include "slurm/conf.h"
#include "slurm/version.h"

/* What daemons are made to do, as bits. */
enum slurm_act {
	SLURM_ACT_RECONFIGURE = 1, /* scontrol reconfigure, or SIGHUP */
	SLURM_ACT_STOP = 2,        /* also before a start */
};

struct slurm_flaw {
	unsigned release, from, until; /* of 24.11: from 24.11.`from` on, mended in 24.11.`until` */
	unsigned acts;                 /* those that it takes */
	bool slurmd;                   /* of slurmd; otherwise of slurmctld */
	bool cgroup_v2;                /* only with the control groups of a host that has version 2 alone */
	bool gres;                     /* only where gres.conf or a node's Gres changes */
	bool backup;                   /* only with more than one controller */
	const char *key, *word; /* only where the configuration has this parameter, with this word in it; NULL: any */
	const char *what;       /* behind "Slurm 24.11.5: " */
	const char *fix;        /* what to do meanwhile */
};

/* Everything that decides. */
struct slurm_flaw_case {
	struct slurm_version version;
	unsigned acts;
	bool slurmd, cgroup_v2, gres, backup;
	const struct slurm_conf *conf; /* in force; NULL: not known, and what asks for a parameter does not fit */
};

/* The rows that fit, one after the other: `*at` is 0 at first. NULL: no more. */
const struct slurm_flaw *slurm_flaw_next(const struct slurm_flaw_case *c, size_t *at);

/* The whole table, ended by release 0. */
const struct slurm_flaw *slurm_flaw_table(void);

#endif
