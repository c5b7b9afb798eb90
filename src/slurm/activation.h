/*
 * activation: what has to be done so that a new slurm.conf is in force where an old one is.
 *
 * Pure: two trees and a release in, a verdict with its reasons out. It compares values as Slurm reads them: keys
 * without case, the last of repetitions, node lines expanded and with their defaults. A file whose bytes differ while
 * nothing here does (comments, order) still wants a reconfigure: daemons compare a hash of the bytes. That is for the
 * caller, who has the bytes. Sources: each parameter's text in slurm.conf(5) of the release; Slurm's FAQ
 * (doc/html/faq.shtml) on adding nodes; scontrol(1) "reconfigure", which from 23.11 on leaves listening ports and
 * authentication to a restart.
 *
 * A reason also says what has to hold of jobs (enum slurm_condition); whoever acts on it enforces that.
 */
#ifndef REEVE_SLURM_ACTIVATION_H
#define REEVE_SLURM_ACTIVATION_H

#include <stdbool.h>

#include "base/err.h"
#include "base/names.h"
#include "slurm/conf.h"
#include "slurm/param.h"

/* From little to much. */
enum slurm_need {
	SLURM_NEED_NOTHING,
	SLURM_NEED_RECONFIGURE,    /* scontrol reconfigure; backups signalled for themselves */
	SLURM_NEED_RESTART_SLURMD, /* slurmds only */
	SLURM_NEED_RESTART_CTLD,   /* slurmctlds only */
	SLURM_NEED_RESTART_BOTH,   /* slurmctlds, then slurmds */
	SLURM_NEED_NODES,          /* stop slurmctld, file in force everywhere, restart slurmds, start slurmctld */
	SLURM_NEED_STOP_ALL,       /* stop every daemon, start every daemon; running jobs must be gone first */
	SLURM_NEED_START,          /* nothing runs yet: start everything */
};

/* What has to hold of jobs while a change is made, so that none is lost to it. From little to much. */
enum slurm_condition {
	SLURM_WITH_JOBS,  /* nothing: they live through it */
	SLURM_IDLE_NODES, /* no job holds one of the nodes concerned */
	SLURM_NO_JOBS,    /* there is no job, running or pending */
};

/* What a change of one parameter means. */
struct slurm_effect {
	enum slurm_need need;
	enum slurm_condition condition;
	bool slurmd;     /* slurmd is one that reads it, and may not come up with it */
	bool apart;      /* a daemon with the old value and one with the new do not understand each other */
	const char *why; /* static */
};

struct slurm_reason {
	enum slurm_need need;
	enum slurm_condition condition;
	bool slurmd, apart;        /* as in slurm_effect */
	const struct names *nodes; /* that it concerns; NULL: all */
	const char *key;           /* of a parameter or a node: "MaxJobCount", "RealMemory"; else the subject */
	const char *subject;   /* "MaxJobCount", "node n[1-3]", "node n[1-3] RealMemory", "partition debug MaxTime" */
	const char *old_value; /* NULL: was not there */
	const char *new_value; /* NULL: is not there any more */
	const char *why;       /* "slurm.conf(5): takes effect when slurmctld is restarted" */
};

struct slurm_activation {
	enum slurm_need need; /* the most of all reasons; RESTART_SLURMD and RESTART_CTLD together are RESTART_BOTH */
	struct slurm_reason *reasons;
	size_t len;
	struct names nodes_added, nodes_removed;
	struct names nodes_idle;    /* that have to be idle for a key of their own: cores in all, Gres, ... */
	struct names nodes_changed; /* any key, those among them */
	struct names partitions_added, partitions_removed, partitions_changed;
};

/* `old` NULL: nothing runs yet. The result lives in `arena`; it may point into both trees. ERR_INPUT where node lines
 * cannot be expanded. */
int slurm_activation_of(unsigned release, const struct slurm_conf *old, const struct slurm_conf *new_conf,
			struct arena *arena, struct slurm_activation **ret, struct err *err);

/*
 * The table (activation-table.c): what it means in `release` that a global parameter, a key of a NodeName line or one of
 * cgroup.conf comes, goes or changes. Values may be NULL: not there. Unknown ones: SLURM_NEED_RECONFIGURE.
 */
struct slurm_effect slurm_effect_of_param(unsigned release, const char *name, const char *old_value,
					  const char *new_value);
struct slurm_effect slurm_effect_of_node_key(unsigned release, const char *name);
struct slurm_effect slurm_effect_of_cgroup_key(unsigned release, const char *name);

/* The names that the table has rows for, by what they are keys of: SLURM_GLOBAL, SLURM_NODE, SLURM_CGROUP. The i-th;
 * NULL behind the last. A name may come twice. */
const char *slurm_effect_name(enum slurm_section section, size_t i);

enum slurm_need slurm_need_join(enum slurm_need a, enum slurm_need b);

/* A word for JSON ("reconfigure", "restart-slurmctld", ...) and what it means for a person ("restart slurmctld"). Never
 * NULL. */
const char *slurm_need_name(enum slurm_need need);
const char *slurm_need_text(enum slurm_need need);

#endif
